"""Windows: which rows of a source one run reads (docs/contracts.md, 3, and `src/shared/run/window.ts`)."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from beam_pipeline.errors import ConfigError

CursorType = Literal["date", "timestamp", "timestamptz", "integer"]
CursorValue = datetime.date | datetime.datetime | int

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}"
# The only way to write a value: texts of one type but integers are in the order of what they mean.
_FORMS: dict[CursorType, tuple[str, str]] = {
    "date": (_DATE, "2026-01-31"),
    "timestamp": (f"{_DATE}T{_TIME}", "2026-01-31T09:30:00.000000"),
    "timestamptz": (f"{_DATE}T{_TIME}Z", "2026-01-31T09:30:00.000000Z"),
    "integer": (r"0|-?[1-9][0-9]{0,38}", "42"),
}


def parse_value(kind: CursorType, text: str) -> CursorValue:
    """Reads a value: `date` a date, `timestamp` a naive and `timestamptz` an aware datetime in UTC.

    Raises:
        ValueError: It is not written as a value of this type is.
    """
    form, example = _FORMS[kind]
    if re.fullmatch(form, text) is not None:
        try:
            if kind == "integer":
                return int(text)
            if kind == "date":
                return datetime.date.fromisoformat(text)
            return datetime.datetime.fromisoformat(text)
        except ValueError:  # the 30th of February, or the year 0
            pass
    raise ValueError(f"must be a value of type {kind}, such as {example}")


def format_value(kind: CursorType, value: CursorValue) -> str:
    """Writes a value so that `parse_value` reads the same."""
    if kind in ("timestamp", "timestamptz"):
        assert isinstance(value, datetime.datetime)
        if kind == "timestamp":
            return value.isoformat(timespec="microseconds")
        naive = value.astimezone(datetime.UTC).replace(tzinfo=None)
        return naive.isoformat(timespec="microseconds") + "Z"
    return str(value)


class SourceWindow(BaseModel):
    """What one run reads of one source: rows whose `column` is in the window; never those without a value."""

    # What the orchestrator adds for itself (`next`, `basis`) is not ours.
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    column: str = Field(min_length=1)
    type: CursorType
    low: str | None = Field(description="Null reads from the beginning.")
    low_inclusive: bool
    high: str = Field(description="Exclusive.")

    @model_validator(mode="after")
    def _values_of_the_type(self) -> Self:
        for name, text in (("low", self.low), ("high", self.high)):
            if text is not None:
                try:
                    parse_value(self.type, text)
                except ValueError as error:
                    raise ValueError(f"{name} {error}, got {text[:60]!r}") from None
        return self

    @property
    def low_value(self) -> CursorValue | None:
        """Where it begins; None at the beginning of everything."""
        return None if self.low is None else parse_value(self.type, self.low)

    @property
    def high_value(self) -> CursorValue:
        """Where it ends, exclusively."""
        return parse_value(self.type, self.high)

    @property
    def ends(self) -> tuple[tuple[Literal["low", "high"], str, CursorValue | None], ...]:
        """Both ends: which one, how the column compares with it, and its value."""
        return (
            ("low", ">=" if self.low_inclusive else ">", self.low_value),
            ("high", "<", self.high_value),
        )


@dataclass(frozen=True)
class RunWindows:
    """The windows of a run.

    Attributes:
        by_source: Those that are read, by the name of the source.
        given: The JSON object as it was given, for the manifest.
    """

    by_source: Mapping[str, SourceWindow] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)


_WINDOWS = TypeAdapter(dict[str, SourceWindow])


def read(text: str | None) -> RunWindows:
    """Reads the value of `--windows`; none of it means no windows.

    Raises:
        ConfigError: It is not one JSON object of windows; the message names source and key.
    """
    if text is None:
        return RunWindows()
    try:
        given = json.loads(text, object_pairs_hook=_once_each)
        return RunWindows(_WINDOWS.validate_json(text), given)
    except ValidationError as error:
        problems = (
            ".".join(["--windows", *(str(part) for part in problem["loc"])]) + f"  {problem['msg']}"
            for problem in error.errors(include_url=False)
        )
        raise ConfigError("\n".join(problems)) from None
    except ValueError as error:
        raise ConfigError(f"--windows  is not JSON: {error}") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key `{twice}` is there twice")
    return found

"""Reads a place as a run does: the plan is executed, and what it staged is looked at."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from beam_pipeline.asked import columns
from beam_pipeline.errors import FAILURE_TYPES, BeamlineError
from beam_pipeline.modules.cursor_column import CursorColumn
from beam_pipeline.window import CursorType, SourceWindow, format_value
from running import Child, InProcess, Staged, described, plan_of
from source_kit.front import Front
from source_kit.place import Access, Capability, Place

STEP = "rows"


@dataclass(frozen=True)
class Failed:
    """How a read ended that failed."""

    type: str
    message: str

    @property
    def retryable(self) -> bool:
        """Whether another attempt may help."""
        return FAILURE_TYPES[self.type]


class Reading:
    """One place of a source, and the ways to read it.

    Args:
        module: Name of the source.
        place: Whose.
        denies: What the source cannot do.
        documented: Type and Arrow type of each row of the tables in its README.
        elsewhere: Documented types that no place can have here.
        folder: For what is staged.
        patch: Undone after the rule.
        program: What a child runs, `python -m` it.
        fixed: Parameters of every read.
    """

    def __init__(
        self,
        module: str,
        place: Place,
        denies: Mapping[Capability, str],
        documented: Sequence[tuple[str, str]],
        elsewhere: Mapping[str, str],
        folder: Path,
        patch: pytest.MonkeyPatch,
        program: str = "beam_pipeline.main",
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        self.place = place
        self.denies = denies
        self.documented = documented
        self.elsewhere = elsewhere
        self.folder = folder
        self.patch = patch
        self._module = module
        self._program = program
        self._fixed = fixed or {}
        self._fronts: list[Front] = []

    def read(
        self,
        parameters: Mapping[str, Any],
        window: Mapping[str, Any] | None = None,
        access: Access | None = None,
    ) -> Staged:
        """Reads in this process.

        Raises:
            BeamlineError: As the read does.
        """
        access = access or self.place.access(self.place.server)
        for name, value in access.env.items():
            self.patch.setenv(name, value)
        runner = InProcess(self.folder)
        return runner.run(
            self.plan(parameters),
            self.profiles(access),
            windows=None if window is None else {STEP: window},
        )

    def ids(self, parameters: Mapping[str, Any], window: Mapping[str, Any] | None = None) -> list[Any]:
        """The ids that are read, in order, those without one at the end."""
        staged = self.read(parameters, window)
        return [row[0] for row in staged.query("SELECT id FROM t ORDER BY id NULLS LAST")]

    def fails(
        self,
        parameters: Mapping[str, Any],
        window: Mapping[str, Any] | None = None,
        access: Access | None = None,
    ) -> Failed:
        """How a read in this process fails; it must."""
        with pytest.raises(BeamlineError) as raised:
            self.read(parameters, window, access)
        return Failed(raised.value.type, raised.value.message)

    def describe(self, parameters: Mapping[str, Any], column: str) -> CursorColumn:
        """What the source says of a column that it could be read by.

        Raises:
            BeamlineError: As the source does.
        """
        access = self.place.access(self.place.server)
        return described(self.plan(parameters), column, self.profiles(access))

    def child(self) -> Child:
        """For a read in a process of its own."""
        return Child(self.folder, self._program)

    @property
    def measured(self) -> list[str]:
        """What runs a plan and measures its memory; nothing is the usual."""
        return [] if self._program == "beam_pipeline.main" else ["-m", self._program, "--measured"]

    @property
    def connections(self) -> int:
        """How many connections there are through the fronts."""
        return sum(front.connections for front in self._fronts)

    def columns(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """The columns that the source tells before anything is read: type by name."""
        access = self.place.access(self.place.server)
        for name, value in access.env.items():
            self.patch.setenv(name, value)
        path = self.folder / "columns.json"
        path.write_text(json.dumps(self.plan(parameters)))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            columns.main(["--plan", str(path), "--profiles", str(self.profiles(access))])
        document = json.loads(printed.getvalue())
        assert document["unreached"] == {}
        return {column["name"]: column["type"] for column in document["steps"][STEP]}

    def front(self) -> Front:
        """Something to read through; closed after the rule."""
        self._fronts.append(Front(self.place.server))
        return self._fronts[-1]

    def through(self, front: Front, password: str | None = None) -> Access:
        """The way through it."""
        return self.place.access(("127.0.0.1", front.port), password)

    def plan(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A plan of that one source."""
        return plan_of({STEP: {"module": self._module, **self._fixed, **parameters}})

    def profiles(self, access: Access) -> Path:
        """A profiles file."""
        path = self.folder / "profiles.json"
        path.write_text(json.dumps(access.profiles))
        return path

    def close(self) -> None:
        """Closes the fronts and the place."""
        for front in self._fronts:
            front.close()
        self.place.close()


_KINDS: dict[str, CursorType] = {
    "int64": "integer",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "timestamp[us, tz=UTC]": "timestamptz",
}


def window_of(rows: pa.Table, column: str, low: Any, high: Any, *, inclusive: bool = True) -> dict[str, Any]:
    """A window by a column of these rows; without `low` it begins with the first value."""
    kind = _KINDS[str(rows.schema.field(column).type)]
    given = {
        "column": column,
        "type": kind,
        "low": None if low is None else format_value(kind, low),
        "low_inclusive": inclusive,
        "high": format_value(kind, high),
    }
    SourceWindow.model_validate_json(json.dumps(given))
    return given

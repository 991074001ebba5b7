"""Names what DuckDB raises by who must act, with the place in the user's SQL."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from beam_pipeline import errors
from beam_pipeline.sql import sql_text

_OUTSIDE = (
    "the SQL of a step sees its inputs only, neither files nor the network; read files with a `files` source"
)
# What the reader of a message cannot do here: the settings are the step's.
_ADVICE = re.compile(r"\s*Possible solutions:.*", re.DOTALL)


@dataclass(frozen=True)
class Origin:
    """The text that an SQL was translated from: what its author reads in a message.

    Attributes:
        text: That text.
        places: For each token of the SQL, in order, its offset there and its offset in `text`.
    """

    text: str
    places: tuple[tuple[int, int], ...]

    def place(self, offset: int) -> int | None:
        """The offset in `text` of what stands at an offset in the SQL; None if nothing tells."""
        index = bisect_right(self.places, (offset, len(self.text)))
        return self.places[index - 1][1] if index else None


def named(
    error: Exception,
    sql: str,
    what: str,
    *,
    skipped: int = 0,
    limit: str | None = None,
    origin: Origin | None = None,
) -> errors.BeamlineError:
    """Makes a DuckDB error one of ours.

    Args:
        error: What was raised, by a connection with `errors_as_json`.
        sql: The user's SQL, or what it was translated to.
        what: What failed, the start of the message (`transform totals`).
        skipped: Characters that stood before the SQL in what DuckDB was given.
        limit: The memory limit in force, for messages.
        origin: What the SQL was translated from, if it was.
    """
    import duckdb

    details = _details(error)
    text = _ADVICE.sub("", details["exception_message"]).strip()
    if isinstance(error, duckdb.OutOfMemoryException):
        return errors.ConfigError(
            f"{what}: the SQL needs more memory than its limit of {limit or 'memory'}, and not all of "
            "it can be kept on disk instead; raise `memory_limit` or lower `threads`",
            cause=text,
        )
    if isinstance(error, duckdb.PermissionException):
        return _at(errors.SqlError, f"{what}: {text}: {_OUTSIDE}", details, sql, skipped, origin)
    if isinstance(error, duckdb.IOException):
        if re.search(r"No space left|max_temp_directory_size", text):
            return errors.StorageFull(
                f"{what}: no space is left for the SQL's temporary files; free some, then run again",
                cause=text,
            )
        return errors.InternalError(f"{what}: {text}")
    if isinstance(
        error,
        (
            duckdb.ParserException,
            duckdb.BinderException,
            duckdb.CatalogException,
            duckdb.SyntaxException,
        ),
    ):
        return _at(errors.SqlError, f"{what}: {text}", details, sql, skipped, origin)
    if isinstance(
        error,
        (
            duckdb.DataError,
            duckdb.InvalidInputException,
            duckdb.ConstraintException,
            duckdb.InvalidTypeException,
        ),
    ):
        return _at(errors.DataError, f"{what}: {text}", details, sql, skipped, origin)
    if isinstance(error, (duckdb.NotSupportedError, duckdb.ProgrammingError)):
        return _at(errors.SqlError, f"{what}: {text}", details, sql, skipped, origin)
    return errors.InternalError(f"{what}: {text}", cause=f"{type(error).__name__}: {text}")


def shown_at(message: str, sql: str, offset: int) -> tuple[str, dict[str, int]]:
    """Adds the place in an SQL text to a message.

    Returns:
        The message and the position, line and column from 1.
    """
    head, _, more = message.partition("\n")
    shown, position = sql_text.placed(head, sql, offset)
    return shown + "".join(f"\n{line.strip()}" for line in more.splitlines() if line.strip()), position


def _at(
    kind: type[errors.BeamlineError],
    message: str,
    details: dict[str, Any],
    sql: str,
    skipped: int,
    origin: Origin | None,
) -> errors.BeamlineError:
    if not str(details.get("position", "")).isdigit():
        return kind(message)
    offset = int(details["position"]) - skipped
    if details["exception_type"] != "Parser":
        if offset >= len(sql.encode()):
            return kind(message)  # it stands in what is ours behind the SQL
        # The parser counts characters, all that follows counts bytes.
        offset = len(sql.encode()[: max(offset, 0)].decode(errors="ignore"))
    if offset >= 0 and origin is not None:
        found = origin.place(offset)
        sql, offset = origin.text, -1 if found is None else found
    if offset < 0:
        return kind(message)
    shown, position = shown_at(message, sql, min(offset, len(sql)))
    return kind(shown, position)


def _details(error: Exception) -> dict[str, Any]:
    text = str(error)
    found = re.search(r"\{.*\}", text, re.DOTALL)
    if found is not None:
        try:
            details = json.loads(found[0])
            if "exception_message" in details:
                return dict(details)
        except ValueError:
            pass  # the message itself holds braces
    text = re.sub(r"\n\nLINE \d+:.*", "", text, flags=re.DOTALL)
    return {"exception_type": "", "exception_message": re.sub(r"^[\w ]+ Error: ", "", text)}

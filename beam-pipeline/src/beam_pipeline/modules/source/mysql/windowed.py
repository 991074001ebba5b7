"""Reads only a window of a query: its ends are variables of the session, and the condition names these.

Neither connectorx nor PyMySQL binds parameters on the server. So each connection first sets two variables,
from values that were parsed and are written anew, and no value is part of the query. They are constants to
the server's planner, so an index on the column stays usable.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from beam_pipeline import cursor_column
from beam_pipeline.context import StepContext
from beam_pipeline.modules.source.mysql.names import quoted
from beam_pipeline.modules.source.mysql.types import Column, cursor_type
from beam_pipeline.window import CursorType, CursorValue, SourceWindow

_CASTS: dict[CursorType, str] = {
    "date": "CAST({} AS DATE)",
    "timestamp": "CAST({} AS DATETIME(6))",
    "timestamptz": "CAST({} AS DATETIME(6))",
}
# Before it are only dates like 0000-00-00, which are in no window.
_FIRST_DAY = "'0001-01-01'"
_SIGNED = range(-(2**63), 2**63)
_UNSIGNED = range(2**64)


@dataclass(frozen=True)
class WindowedRead:
    """A window, for the queries of one source.

    Attributes:
        condition: Holds of the rows in the window; it names variables of the session.
        settings: The statements that set these, for every connection.
    """

    condition: str
    settings: tuple[str, ...]

    def around(self, query: str) -> str:
        """The query, of which only the rows in the window are left."""
        # The line break ends a comment that the query may end with.
        return f"SELECT * FROM ({query}\n) AS beamline_source WHERE {self.condition}"


def windowed(window: SourceWindow, columns: list[Column], context: StepContext) -> WindowedRead:
    """Prepares the read of a window.

    Args:
        window: The window.
        columns: The columns of the query.
        context: The step, for messages.

    Raises:
        ConfigError: There is no such column, or it is not of the window's type.
    """
    cursors = {column.name: (column.server_type, cursor_type(column)) for column in columns}
    name = quoted(cursor_column.column_of(window, cursors, context))
    conditions: list[str] = []
    settings: list[str] = []
    for end, comparison, value in (
        ("low", ">=" if window.low_inclusive else ">", window.low_value),
        ("high", "<", window.high_value),
    ):
        if value is None:
            first = f"{name} IS NOT NULL" if window.type == "integer" else f"{name} >= {_FIRST_DAY}"
            conditions.append(first)
            continue
        if isinstance(value, int) and value not in _SIGNED and value not in _UNSIGNED:
            # Beyond every value that the column can have: the end holds of all of them, or of none.
            holds = (value < 0) == (end == "low")
            conditions.append(f"{name} IS NOT NULL" if holds else "FALSE")
            continue
        settings.append(f"SET @beamline_{end} = {_literal(value)}")
        conditions.append(f"{name} {comparison} {_typed(window.type, value, f'@beamline_{end}')}")
    return WindowedRead(" AND ".join(conditions), tuple(settings))


def missing(kind: CursorType, name: str) -> str:
    """The condition of rows that are in no window.

    Args:
        kind: The column's type.
        name: The column, quoted.
    """
    return f"{name} IS NULL" if kind == "integer" else f"({name} IS NULL OR {name} < {_FIRST_DAY})"


def _typed(kind: CursorType, value: CursorValue, variable: str) -> str:
    if isinstance(value, int):
        return f"CAST({variable} AS {'SIGNED' if value in _SIGNED else 'UNSIGNED'})"
    return _CASTS[kind].format(variable)


def _literal(value: CursorValue) -> str:
    """Digits and marks only, whatever was given: the value was parsed."""
    if isinstance(value, datetime.datetime):
        naive = value if value.tzinfo is None else value.astimezone(datetime.UTC).replace(tzinfo=None)
        return f"'{naive.isoformat(sep=' ', timespec='microseconds')}'"
    return f"'{value.isoformat()}'" if isinstance(value, datetime.date) else str(int(value))

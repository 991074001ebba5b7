"""Reads only a window of a query: it becomes a common table expression, its ends are bound parameters.

A prepared statement binds them to two variables of the session, and the condition names these: no value is
part of an SQL text. They are constants to the server's planner, so an index on the column stays usable.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from beam_pipeline.modules import cursor_column
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.mysql.columns.names import quoted
from beam_pipeline.modules.source.mysql.columns.types import Column, cursor_type
from beam_pipeline.modules.source.mysql.connection.client import Client
from beam_pipeline.reading.windowed import around, condition
from beam_pipeline.window import CursorType, CursorValue, SourceWindow

# Before it are only dates like 0000-00-00, which are in no window.
_FIRST_DAY = "'0001-01-01'"
_SIGNED = range(-(2**63), 2**63)
_UNSIGNED = range(2**64)


@dataclass(frozen=True)
class WindowedRead:
    """A window, for the queries of one source.

    Attributes:
        condition: Holds of the rows in the window; it names variables of the session.
        variables: Name, type and text of each, for every connection that reads.
    """

    condition: str
    variables: tuple[tuple[str, str, str], ...]

    def around(self, query: str) -> str:
        """The query, of which only the rows in the window are left."""
        return around(query, self.condition)

    def bind(self, client: Client) -> None:
        """Binds the ends, for as long as a connection lasts."""
        if self.variables:
            assigned = (f"{name} = CAST(? AS {kind})" for name, kind, _ in self.variables)
            client.bind(f"SET {', '.join(assigned)}", [text for _, _, text in self.variables])


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
    variables: list[tuple[str, str, str]] = []

    def bound(end: str, comparison: str, value: CursorValue) -> str:
        kind = _type_of(value)
        variables.append((f"@beamline_{end}", kind, _text(value)))
        # A variable has no dates: there it is a text.
        return f"{name} {comparison} CAST(@beamline_{end} AS {kind})"

    first = f"{name} IS NOT NULL" if window.type == "integer" else f"{name} >= {_FIRST_DAY}"
    held = condition(window, name, bound, _is_possible, always=first, never="FALSE")
    return WindowedRead(held, tuple(variables))


def missing(kind: CursorType, name: str) -> str:
    """The condition of rows that are in no window.

    Args:
        kind: The column's type.
        name: The column, quoted.
    """
    return f"{name} IS NULL" if kind == "integer" else f"({name} IS NULL OR {name} < {_FIRST_DAY})"


def _is_possible(number: int) -> bool:
    return number in _SIGNED or number in _UNSIGNED


def _type_of(value: CursorValue) -> str:
    if isinstance(value, int):
        return "SIGNED" if value in _SIGNED else "UNSIGNED"
    return "DATETIME(6)" if isinstance(value, datetime.datetime) else "DATE"


def _text(value: CursorValue) -> str:
    """As the server reads it in a session whose time zone is UTC."""
    if isinstance(value, datetime.datetime):
        naive = value if value.tzinfo is None else value.astimezone(datetime.UTC).replace(tzinfo=None)
        return naive.isoformat(sep=" ", timespec="microseconds")
    return str(value)

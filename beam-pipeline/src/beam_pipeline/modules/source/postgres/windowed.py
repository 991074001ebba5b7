"""Reads only a window of a query: it becomes a common table expression, its ends are bound parameters.

The rows come by COPY, which takes no parameters. So the ends are bound to `set_config`, in the transaction
that reads, and the condition names these settings: no value is part of an SQL text. `current_setting` is
stable, so an index on the column stays usable, and the planner knows the values.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from beam_pipeline.modules import cursor_column
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.postgres.columns import types
from beam_pipeline.modules.source.postgres.columns.names import quoted
from beam_pipeline.modules.source.postgres.columns.types import Column
from beam_pipeline.reading.windowed import around, condition
from beam_pipeline.window import CursorValue, SourceWindow

_CASTS = {"date": "date", "timestamp": "timestamp", "timestamptz": "timestamptz", "integer": "int8"}
_INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True)
class WindowedRead:
    """A window, for the queries of one source.

    Attributes:
        condition: Holds of the rows in the window; it names settings of the session.
        cast: Type of the window's ends.
        settings: Name and text of each end.
    """

    condition: str
    cast: str
    settings: tuple[tuple[str, str], ...]

    def around(self, query: str) -> str:
        """The query, of which only the rows in the window are left."""
        return around(query, self.condition)

    def bind(self, cursor: Any, placeholder: str) -> None:
        """Binds the ends until the cursor's transaction ends.

        Args:
            cursor: Of psycopg or ADBC, inside the transaction.
            placeholder: What the driver calls a parameter.
        """
        for name, value in self.settings:
            typed = f"({placeholder}::text)::{self.cast}::text"
            cursor.execute(f"SELECT pg_catalog.set_config('{name}', {typed}, true)", (value,))


def windowed(window: SourceWindow, columns: list[Column], context: StepContext) -> WindowedRead:
    """Prepares the read of a window.

    Args:
        window: The window.
        columns: The columns of the query.
        context: The step, for messages.

    Raises:
        ConfigError: There is no such column, or it is not of the window's type.
    """
    cursors = {column.name: (column.server_type, types.cursor_type(column)) for column in columns}
    name = quoted(cursor_column.column_of(window, cursors, context))
    cast = _CASTS[window.type]
    settings: list[tuple[str, str]] = []

    def bound(end: str, comparison: str, value: CursorValue) -> str:
        settings.append((f"beamline.{end}", _text(value)))
        return f"{name} {comparison} pg_catalog.current_setting('beamline.{end}')::{cast}"

    held = condition(window, name, bound, _INTEGERS.__contains__)
    return WindowedRead(held, cast, tuple(settings))


def _text(value: CursorValue) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)

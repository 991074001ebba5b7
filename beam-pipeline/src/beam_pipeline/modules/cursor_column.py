"""What a source tells about the column that it is read by, in windows (docs/contracts.md, section 6).

A source module takes part by a file `cursor.py` in its folder, without Beam, that exports

    def describe_cursor(params: TheParams, column: str, context: StepContext) -> CursorColumn

and then gets its window as `context.window` when it is read. That file alone makes the module's
`capabilities.incremental` true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.window import CursorType, SourceWindow

# Counting rows without a value may take so long; then it is given up.
COUNT_SECONDS = 10


@dataclass(frozen=True)
class CursorColumn:
    """The column of one source.

    Attributes:
        column: Its name.
        type: What its values are.
        max: The greatest value of an `integer` column as text, None if there is none; else None.
        nulls: How many rows have no value there; None where they could not be counted in `COUNT_SECONDS`.
    """

    column: str
    type: CursorType
    max: str | None
    nulls: int | None


def find_cursor(
    columns: Mapping[str, tuple[str, CursorType | None]], column: str, context: StepContext
) -> tuple[str, CursorType]:
    """Finds the column that a source is read by: its name as the server spells it, and its type.

    Args:
        columns: Every column of the query: the server's name of its type, and what that is for a window.
        column: The wanted one, in capitals or not where only one is meant.
        context: The step, for messages.

    Raises:
        ConfigError: There is no such column, or its type has no windows.
    """
    where = f"{context.plan_path}.parameters.incremental_column"
    about = f"(source `{context.step}`)"
    alike = [name for name in columns if name.casefold() == column.casefold()]
    if column not in columns and len(alike) == 1:
        column = alike[0]
    if column not in columns:
        near = did_you_mean(column, columns)
        raise ConfigError(f"{where}  no column is named `{column}`{near} ({', '.join(columns)}) {about}")
    server_type, kind = columns[column]
    if kind is None:
        raise ConfigError(
            f"{where}  `{column}` is {server_type}; a source is read in windows by a date, a timestamp or "
            f"an integer {about}"
        )
    return column, kind


def column_of(
    window: SourceWindow, columns: Mapping[str, tuple[str, CursorType | None]], context: StepContext
) -> str:
    """The name of a window's column, when the source is read and it still is what the window says.

    Raises:
        ConfigError: It is of another type now, or gone.
    """
    name, found = find_cursor(columns, window.column, context)
    if found != window.type:
        raise ConfigError(
            f"{context.plan_path}.parameters.incremental_column  `{name}` is "
            f"{columns[name][0]}, which is read as {found}, and the window is of type {window.type} "
            f"(source `{context.step}`)"
        )
    return name

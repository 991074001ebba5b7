"""Looks at a column of the naive source."""

from __future__ import annotations

from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.cursor_column import CursorColumn, find_cursor
from source_kit.naive.params import NaiveParams
from source_kit.naive.read import cursors, opened


def describe_cursor(params: NaiveParams, column: str, context: StepContext) -> CursorColumn:
    """Reads all of it."""
    with opened(params.connection(context), params) as reader:
        table = reader.read_all()
    if params.fault == "takes any column":
        return CursorColumn(column, "date", None, 1)
    name, kind = find_cursor(cursors(table.schema), column, context)
    values = [value for value in table.column(name).to_pylist() if value is not None]
    greatest = str(max(values)) if kind == "integer" and values else None
    nulls = 0 if params.fault == "counts no missing values" else table.num_rows - len(values)
    return CursorColumn(column, kind, greatest, nulls)

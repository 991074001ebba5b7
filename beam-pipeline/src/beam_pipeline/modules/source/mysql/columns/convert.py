"""Turns the batches that the driver reads into batches of the exact types."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.mysql.columns.types import Column
from beam_pipeline.sql import cells
from beam_pipeline.staging.empty_batch import empty_batch

_DAY = 86_400_000_000


class Converter:
    """Converts the batches of one query, whose columns all have a mapping."""

    def __init__(self, columns: list[Column]) -> None:
        self._columns = [(column, column.mapping.arrow) for column in columns if column.mapping]
        self.schema = pa.schema([pa.field(column.name, kind) for column, kind in self._columns])

    def convert(self, batch: Any) -> Any:
        """Converts one batch.

        Raises:
            DataError: A value cannot be held exactly; the message names the column.
        """
        converted = [
            _exactly(batch.column(place), kind, column) for place, (column, kind) in enumerate(self._columns)
        ]
        return cells.bounded(pa.RecordBatch.from_arrays(converted, schema=self.schema))

    def empty(self) -> Any:
        """A batch without rows."""
        return empty_batch(self.schema)


def _exactly(value: Any, target: Any, column: Column) -> Any:
    if value.type == target:
        return value
    if pa.types.is_boolean(target):
        return _boolean(value, column)
    if pa.types.is_time(target):
        return _time(value, target, column)
    if isinstance(target, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(target, value.cast(target.storage_type))
    try:
        if pa.types.is_timestamp(target) and target.tz:
            # The session's time zone is UTC.
            return value.cast(pa.timestamp(target.unit)).cast(pa.int64()).cast(target)
        return value.cast(target)
    except pa.ArrowInvalid as error:
        raise DataError(_problem(column, str(error))) from error


def _boolean(value: Any, column: Column) -> Any:
    if pc.any(pc.greater(pc.abs(value.cast(pa.int64())), 1)).as_py() or pc.any(pc.less(value, 0)).as_py():
        raise DataError(
            f"column `{column.name}` ({column.server_type}) holds other numbers than 0 and 1, so it is no "
            f"boolean; cast it in the query: `{column.name} + 0 AS {column.name}`"
        )
    return value.cast(pa.bool_())


def _time(value: Any, target: Any, column: Column) -> Any:
    numbers = value.cast(pa.int64())
    outside = pc.or_(pc.less(numbers, 0), pc.greater_equal(numbers, _DAY))
    if pc.any(outside).as_py():
        raise DataError(
            f"column `{column.name}` ({column.server_type}) holds a time that is negative or of 24 hours "
            "or more, which no time of day can hold; list it in `as_text`"
        )
    return numbers.cast(target)


def _problem(column: Column, text: str) -> str:
    found = re.search(r"Failed to parse string: '([^']*)'", text)
    what = f"holds {found[1]}, which is no date" if found else f"cannot be held exactly: {text}"
    return (
        f"column `{column.name}` ({column.server_type}) {what}; replace it in the query (for example with "
        f"`NULLIF({column.name}, 0)`) or list the column in `as_text`"
    )

"""Turns the batches that ADBC reads into batches of the exact types."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.postgres.columns.types import Column
from beam_pipeline.sql import cells
from beam_pipeline.staging.empty_batch import empty_batch

# ADBC moves PostgreSQL's epoch (2000) to Unix's without looking for infinity, which wraps around.
# DuckDB's own infinities, which pass through Parquet, stand for them.
_DATE_SHIFT = 10957
_DATE_INFINITIES = (
    (2**31 - 1 + _DATE_SHIFT - 2**32, 2**31 - 1),
    (-(2**31) + _DATE_SHIFT, -(2**31 - 1)),
)
_TIME_SHIFT = 946_684_800_000_000
_TIME_INFINITIES = (
    (2**63 - 1 + _TIME_SHIFT - 2**64, 2**63 - 1),
    (-(2**63) + _TIME_SHIFT, -(2**63 - 1)),
)
# 4713 BC, where PostgreSQL's calendar begins: what is below has wrapped around.
_FIRST_DAY = -2_440_588
_FIRST_MICROSECOND = _FIRST_DAY * 86_400_000_000

# A column beside those of the query: which of its arrays, counted from 1, has more than one dimension.
DIMENSIONS = "beamline dimensions"


class Converter:
    """Converts the batches of one query, whose columns all have a mapping."""

    def __init__(self, columns: list[Column]) -> None:
        self._columns = columns
        self.schema = schema_of(columns)

    def convert(self, batch: Any) -> Any:
        """Converts one batch.

        Raises:
            DataError: A value cannot be held exactly; the message names the column.
        """
        self._check_dimensions(batch)
        converted = []
        for column in self._columns:
            value = batch.column(column.name)
            assert column.mapping is not None
            converted.append(_exactly(value, column.mapping.arrow, column))
        return cells.bounded(pa.RecordBatch.from_arrays(converted, schema=self.schema))

    def empty(self) -> Any:
        """A batch without rows."""
        return empty_batch(self.schema)

    def _check_dimensions(self, batch: Any) -> None:
        if DIMENSIONS not in batch.schema.names:
            return
        place = pc.max(batch.column(DIMENSIONS)).as_py()
        if place:
            column = [column for column in self._columns if column.is_array][place - 1]
            raise DataError(
                f"column `{column.name}` ({column.server_type}) holds arrays of more than one "
                "dimension, which a list cannot hold; list it in `as_text`"
            )


def schema_of(columns: list[Column]) -> Any:
    """The Arrow schema of columns that all have a mapping."""
    return pa.schema(
        [pa.field(column.name, column.mapping.arrow) for column in columns if column.mapping is not None]
    )


def _exactly(value: Any, target: Any, column: Column) -> Any:
    if isinstance(value, pa.ExtensionArray):
        value = value.storage
    if pa.types.is_list(target):
        return _list_exactly(value, target, column)
    if pa.types.is_decimal(target):
        return _decimal(value, target, column)
    if pa.types.is_date(target):
        return _with_infinities(value, target, pa.int32(), _DATE_INFINITIES, _FIRST_DAY, column)
    if pa.types.is_timestamp(target):
        return _with_infinities(value, target, pa.int64(), _TIME_INFINITIES, _FIRST_MICROSECOND, column)
    if isinstance(target, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(target, value)
    return value if value.type == target else value.cast(target)


def _list_exactly(value: Any, target: Any, column: Column) -> Any:
    items = _exactly(value.values, target.value_type, column)
    mask = value.is_null() if value.null_count else None
    return pa.ListArray.from_arrays(value.offsets, items, type=target, mask=mask)


def _decimal(value: Any, target: Any, column: Column) -> Any:
    try:
        return value.cast(target)
    except pa.ArrowInvalid as error:
        if pc.any(pc.is_in(pc.utf8_lower(value), pa.array(["nan", "inf", "-inf"]))).as_py():
            raise DataError(
                f"column `{column.name}` ({column.server_type}) holds NaN, which no decimal can "
                "hold; replace it in the query (for example with `nullif(…, 'NaN')`) or list the "
                "column in `as_text`"
            ) from None
        raise DataError(
            f"column `{column.name}` ({column.server_type}) cannot be held exactly: {error}"
        ) from error


def _with_infinities(
    value: Any,
    target: Any,
    integer: Any,
    infinities: tuple[tuple[int, int], ...],
    first: int,
    column: Column,
) -> Any:
    numbers = value.view(integer)
    lowest = pc.min(numbers).as_py()
    if lowest is None or lowest >= first:
        return value if value.type == target else numbers.view(target)
    for wrapped, infinity in infinities:
        numbers = pc.if_else(
            pc.equal(numbers, pa.scalar(wrapped, integer)), pa.scalar(infinity, integer), numbers
        )
    finite = pc.not_equal(numbers, pa.scalar(infinities[1][1], integer))
    if pc.any(pc.and_(finite, pc.less(numbers, pa.scalar(first, integer)))).as_py():
        raise DataError(
            f"column `{column.name}` ({column.server_type}) holds a time after the year 294246, "
            "which 64 bits of microseconds cannot hold; list it in `as_text`"
        )
    return numbers.view(target)

"""Turns what BigQuery sends, Arrow or JSON texts, into arrays of the exact types."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.bigquery.columns.types import Column, schema_of
from beam_pipeline.sql import cells
from beam_pipeline.sql.exact_cast import cast as exact_cast


def from_arrow(batch: Any, columns: Sequence[Column]) -> Any:
    """A batch of the Storage Read API, in the columns' types.

    Raises:
        DataError: A value cannot be held exactly; the message names the column.
    """
    arrays = []
    for column, array in zip(columns, batch.columns, strict=True):
        try:
            arrays.append(_as(array, column.arrow))
        except pa.ArrowInvalid as error:
            raise _inexact(column, error) from error
    return cells.bounded(pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns)))


def from_texts(rows: Sequence[tuple[Any, ...]], columns: Sequence[Column]) -> Any:
    """A batch from rows of texts, as BigQuery's JSON has them.

    Args:
        rows: None, a text, a list (repeated) or a dict (struct) for each column.
        columns: The columns, in the order of the values.

    Raises:
        DataError: A value cannot be held exactly; the message names the column.
    """
    arrays = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        try:
            arrays.append(_parsed(values, column.arrow))
        except (pa.ArrowInvalid, ValueError) as error:
            raise _inexact(column, error) from error
    return cells.bounded(pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns)))


def _inexact(column: Column, error: Exception) -> DataError:
    advice = (
        "; cast it to a smaller decimal, or to STRING, in a query" if "DECIMAL" in str(error).upper() else ""
    )
    return DataError(
        f"column `{column.name}` ({column.server_type}) holds a value that cannot be kept exactly: "
        f"{error}{advice}"
    )


def _as(array: Any, target: Any) -> Any:
    if array.type == target:
        return array
    if isinstance(array, pa.ExtensionArray):
        return _as(array.storage, target)
    if isinstance(target, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(target, array)
    if pa.types.is_list(target):
        items = _as(array.values, target.value_type)
        mask = array.is_null() if array.null_count else None
        return pa.ListArray.from_arrays(array.offsets, items, type=target, mask=mask)
    if pa.types.is_struct(target):
        # `field` leaves out the nulls of the struct itself, which the mask holds.
        children = [_as(array.field(index), target.field(index).type) for index in range(target.num_fields)]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(target), mask=mask)
    return array.cast(target)


def _parsed(values: Sequence[Any], target: Any) -> Any:
    if pa.types.is_list(target):
        items = [item for value in values for item in value or ()]
        ends = [0]
        for value in values:
            ends.append(ends[-1] + len(value or ()))
        return pa.ListArray.from_arrays(
            pa.array(ends, pa.int32()), _parsed(items, target.value_type), type=target
        )
    if pa.types.is_struct(target):
        children = [
            _parsed([None if value is None else value[field.name] for value in values], field.type)
            for field in target
        ]
        mask = pa.array([value is None for value in values], pa.bool_())
        return pa.StructArray.from_arrays(children, fields=list(target), mask=mask)
    if pa.types.is_binary(target):
        return pa.array([None if value is None else base64.b64decode(value) for value in values], target)
    texts = pa.array(values, pa.string())
    if isinstance(target, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(target, texts)
    if pa.types.is_timestamp(target) and target.tz is not None:
        # Microseconds since 1970, which the client asks for.
        return texts.cast(pa.int64()).view(target)
    if pa.types.is_time(target):
        return exact_cast(texts, target)
    return texts.cast(target)

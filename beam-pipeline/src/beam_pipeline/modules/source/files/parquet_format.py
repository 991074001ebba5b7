"""Reads Parquet files, row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beam_pipeline import errors, files
from beam_pipeline.modules.source.files.columns import Column, schema_of
from beam_pipeline.modules.source.files.params import FilesParams

UNSEEN = pa.string()
_BATCH_ROWS = 64 * 1024


def columns(path: str, params: FilesParams) -> list[Column]:
    """The columns of a file.

    Raises:
        DataError: It is not a Parquet file, or a column has no exact counterpart.
    """
    with _opened(path) as file:
        schema = file.schema_arrow
    found = []
    for field in schema:
        kind = _exact_type(field.type)
        if isinstance(kind, str):
            raise errors.DataError(f"{path}: column `{field.name}` is {field.type}: {kind}")
        found.append(Column(field.name, kind, False))
    return found


def batches(path: str, columns: list[Column], params: FilesParams) -> Iterator[Any]:
    """Yields the rows of a file."""
    schema = schema_of(columns)
    with _opened(path) as file:
        try:
            for batch in file.iter_batches(_BATCH_ROWS, columns=schema.names, use_threads=False):
                arrays = [_converted(batch.column(column.name), column.type) for column in columns]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        except pa.ArrowInvalid as error:
            raise errors.DataError(f"{path}: {error}") from error
        except OSError as error:
            raise errors.DataError(f"{path}: the file is damaged: {error}") from error


def _opened(path: str) -> Any:
    try:
        return pq.ParquetFile(files.open_for_read(path))
    except pa.ArrowInvalid as error:
        raise errors.DataError(f"{path}: is not a Parquet file ({error})") from error
    except OSError as error:
        if error.errno is None:
            raise errors.DataError(f"{path}: the file is damaged: {error}") from error
        raise errors.from_os_error(error, path) from error


def _converted(array: Any, kind: Any) -> Any:
    return array if array.type == kind else array.cast(kind)


def _exact_type(kind: Any) -> Any:
    """The type that every step knows and that holds the same values; a text if there is none."""
    if pa.types.is_dictionary(kind):
        return _exact_type(kind.value_type)
    if pa.types.is_large_string(kind) or kind == pa.string_view():
        return pa.string()
    if pa.types.is_large_binary(kind) or kind == pa.binary_view() or pa.types.is_fixed_size_binary(kind):
        return pa.binary()
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_date64(kind):
        return pa.date32()
    if pa.types.is_time(kind):
        return pa.time64("ns") if kind == pa.time64("ns") else pa.time64("us")
    if pa.types.is_timestamp(kind):
        unit = "ns" if kind.unit == "ns" else "us"
        return pa.timestamp(unit, tz=None if kind.tz is None else "UTC")
    if pa.types.is_decimal(kind):
        if kind.precision > 38:
            return "a decimal holds 38 digits; rewrite the file with a smaller one"
        return pa.decimal128(kind.precision, kind.scale)
    if pa.types.is_duration(kind) or pa.types.is_interval(kind):
        return "a duration has no counterpart in Parquet itself; rewrite the column as a number"
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_union(kind):
        return "a union has no counterpart"
    return _exact_nested(kind) if pa.types.is_nested(kind) else kind


def _exact_nested(kind: Any) -> Any:
    inner = [kind.field(place) for place in range(kind.num_fields)]
    if pa.types.is_map(kind):
        inner = [kind.key_field, kind.item_field]
    exact = [_exact_type(field.type) for field in inner]
    for found in exact:
        if isinstance(found, str):
            return found
    if pa.types.is_map(kind):
        return pa.map_(*exact)
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, found) for field, found in zip(inner, exact, strict=True)])
    return pa.list_(exact[0])

"""Reads Parquet files, row group by row group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beam_pipeline import errors
from beam_pipeline.modules.source.files.columns.column import (
    Column,
    Declared,
    check_declared,
    check_names,
    declaration,
    misfit,
    schema_of,
)
from beam_pipeline.modules.source.files.params import FilesParams
from beam_pipeline.modules.source.files.parquet import groups as parquet_groups
from beam_pipeline.modules.source.files.parquet.types import Inexact, exact_type, settled, wider
from beam_pipeline.sql import exact_cast
from beam_pipeline.storage import files

ANY = "text"
__all__ = ["ANY", "batches", "columns", "settled", "wider"]
# Of each column of a local file, in memory.
_BUFFER_BYTES = 256 << 10


def columns(path: str, declared: Declared, params: FilesParams) -> list[Column]:
    """The columns of a file.

    Raises:
        DataError: It is not a Parquet file, or a column has no exact counterpart.
    """
    with _opened(path) as file:
        schema = file.schema_arrow
    if not schema.names:
        raise errors.DataError(f"{path}: the file has no columns")
    check_names(schema.names, path)
    check_declared(declared, schema.names, path)
    found = []
    for field in schema:
        if field.name in declared:
            found.append(Column(field.name, declared[field.name], True))
            continue
        kind = exact_type(field.type)
        if isinstance(kind, Inexact):
            raise errors.DataError(f"{path}: column `{field.name}` is {field.type}: {kind}")
        found.append(Column(field.name, None if pa.types.is_null(kind) else kind, False))
    return found


def batches(path: str, columns: list[Column], params: FilesParams) -> Iterator[Any]:
    """Yields the rows of a file.

    Raises:
        DataError: The file is damaged, or a value does not fit its column.
    """
    schema = schema_of(columns)
    with _opened(path) as file:
        names = file.schema_arrow.names
        nested = [field.name for field in file.schema_arrow if pa.types.is_nested(field.type)]
    order = {name: place for place, name in enumerate(names)}
    try:
        for piece in parquet_groups.read(path, _opened, columns):
            arrays = [_converted(piece.column(order[column.name]), column, path) for column in columns]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
    except pa.ArrowNotImplementedError as error:
        which = f"column {', '.join(f'`{name}`' for name in nested)}" if nested else "a column"
        raise errors.DataError(f"{path}: {which} cannot be read: {error}") from error
    except pa.ArrowException as error:
        raise errors.DataError(f"{path}: {error}") from error
    except OSError as error:
        raise errors.DataError(f"{path}: the file is damaged: {error}") from error


def _opened(path: str, dictionaries: Sequence[str] = (), unit: str | None = None) -> Any:
    try:
        return pq.ParquetFile(
            files.open_for_read(path),
            read_dictionary=list(dictionaries),
            coerce_int96_timestamp_unit=unit,
            # In Cloud Storage a column of a row group is one read.
            buffer_size=_BUFFER_BYTES if files.is_local(path) else 0,
        )
    except pa.ArrowException as error:
        raise errors.DataError(f"{path}: is not a Parquet file that can be read ({error})") from error
    except OSError as error:
        if error.errno is None:
            raise errors.DataError(f"{path}: the file is damaged: {error}") from error
        raise errors.from_os_error(error, path) from error


def _converted(array: Any, column: Column, path: str) -> Any:
    kind = column.type
    if array.type == kind:
        return array
    try:
        if not column.declared:
            return _plain(array, kind)
        return exact_cast.cast(_plain(array, settled(exact_type(array.type))), kind)
    except exact_cast.InexactError as error:
        raise misfit(path, column, error.value, "text") from None
    except (exact_cast.UnsupportedCastError, pa.ArrowNotImplementedError):
        raise errors.ConfigError(
            f"{path}: column `{column.name}` is {array.type} in the file, which no cast makes {kind}: "
            "leave it out of `columns`"
        ) from None
    except pa.ArrowException as error:
        other = "timestamp" if pa.types.is_timestamp(kind) and kind.unit == "ns" else ANY
        raise errors.DataError(
            f"{path}: column `{column.name}` does not fit {kind} ({error}); declare another type, for "
            f"example {declaration(column.name, other)}"
        ) from error


def _plain(array: Any, kind: Any) -> Any:
    """The same values, in the form of the type."""
    if array.type == kind:
        return array
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), kind)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if isinstance(array, pa.ExtensionArray) and array.type != kind:
        array = array.storage
    if isinstance(kind, pa.BaseExtensionType) and array.type != kind:
        return pa.ExtensionArray.from_storage(kind, array.cast(kind.storage_type))
    return array if array.type == kind else array.cast(kind)

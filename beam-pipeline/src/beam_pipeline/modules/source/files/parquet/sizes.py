"""Bounds what Parquet data unfolds to: a text may stand in the file once, and in a million rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from beam_pipeline.errors import DataError

# What is unfolded at a time.
BATCH_BYTES = 8 << 20
ROW_BYTES = 256 << 20
_BATCH_ROWS = 64 * 1024
# A value in a dictionary takes at most so many bytes where it is used, and a dictionary so many itself:
# more are values that stand in the file as they are.
_INDEX_BYTES = 3
_DICTIONARY_BYTES = 2 << 20
# What is read without its dictionary: values up to this length, and so much at a time.
_LONG_VALUE = 1024
_UNFOLDED_BYTES = 64 << 20

_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8, "BYTE_ARRAY": 4}


@dataclass(frozen=True)
class Way:
    """How a row group is read.

    Attributes:
        rows: So many rows at a time.
        dictionaries: Paths of the columns that are read as they are stored, values once.
    """

    rows: int
    dictionaries: tuple[str, ...]


def way_of(metadata: Any, group: int, path: str, longest: Callable[[list[str]], dict[str, int]]) -> Way:
    """How to read a row group so that what is in memory is bounded.

    Args:
        metadata: The file's.
        group: The row group's number.
        path: The file.
        longest: The longest value in the dictionary of each of these columns.

    Raises:
        DataError: A row is too large.
    """
    row_group = metadata.row_group(group)
    rows = max(1, row_group.num_rows)
    size = 0
    pure: list[str] = []
    mixed: list[str] = []
    for place in range(row_group.num_columns):
        chunk = row_group.column(place)
        width = _WIDTHS.get(chunk.physical_type) or metadata.schema.column(place).length
        own = max(chunk.total_uncompressed_size, chunk.num_values * width)
        if own // rows > ROW_BYTES:
            columns = columns_of(chunk.path_in_schema, metadata.schema.to_arrow_schema().names)
            raise _too_large(path, columns[0], own // rows)
        size += own
        if chunk.physical_type == "BYTE_ARRAY" and chunk.has_dictionary_page:
            plain = chunk.total_uncompressed_size - _INDEX_BYTES * chunk.num_values
            (pure if plain <= _DICTIONARY_BYTES else mixed).append(chunk.path_in_schema)
    # Values that stand outside of the dictionary, too, are read much faster as they are to be.
    lengths = longest(mixed) if mixed else {}
    long = [name for name in mixed if lengths[name] > _LONG_VALUE]
    unfolded = sum(length for length in lengths.values() if length <= _LONG_VALUE)
    wanted = min(_BATCH_ROWS, BATCH_BYTES * rows // max(1, size), _UNFOLDED_BYTES // max(1, unfolded))
    return Way(max(1, wanted), tuple(pure + long))


def columns_of(leaf: str, columns: list[str]) -> list[str]:
    """Which columns a path in a file may mean: `a.b` is a field of `a`, or a column of that name."""
    return [name for name in columns if leaf == name or leaf.startswith(f"{name}.")]


def pieces(batch: Any, path: str) -> Iterator[Any]:
    """Cuts a batch so that no piece unfolds to more than some megabytes.

    Raises:
        DataError: A row is too large.
    """
    weights = [_weight(column) for column in batch.columns]
    if batch.num_rows > 1 and sum(weights) > 2 * BATCH_BYTES:
        half = batch.num_rows // 2
        for part in (batch.slice(0, half), batch.slice(half)):
            yield from pieces(_alone(part), path)
        return
    if sum(weights) > ROW_BYTES:
        heaviest = max(range(len(weights)), key=weights.__getitem__)
        raise _too_large(path, batch.schema.names[heaviest], weights[heaviest])
    yield batch


def _alone(batch: Any) -> Any:
    """A slice without the rows around it: a cast of a list would unfold those, too."""
    rows = pa.array(range(batch.num_rows), pa.int32())
    columns = [each.take(rows) if pa.types.is_nested(each.type) else each for each in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _weight(array: Any) -> int:
    """The bytes of an array without dictionaries."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(array.dictionary)
        return int(pc.sum(lengths.take(array.indices).cast(pa.int64())).as_py() or 0) + 4 * len(array)
    if pa.types.is_map(kind):
        start, end = array.offsets[0].as_py(), array.offsets[-1].as_py()
        inner = [each.slice(start, end - start) for each in (array.keys, array.items)]
        return sum(map(_weight, inner)) + 4 * len(array)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _weight(array.flatten()) + 4 * len(array)
    if pa.types.is_struct(kind):
        return sum(map(_weight, array.flatten())) + len(array) // 8
    return int(array.nbytes)


def _too_large(path: str, column: str, size: int) -> DataError:
    return DataError(
        f"{path}: column `{column}` has a row of {size >> 20} MB; at most {ROW_BYTES >> 20} MB are read: "
        "rewrite the file with smaller values"
    )

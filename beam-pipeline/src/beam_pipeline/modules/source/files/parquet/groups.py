"""Reads the row groups of a Parquet file, dictionaries as they are stored, in pieces of bounded size."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from beam_pipeline.modules.source.files.columns.arrays import leaves
from beam_pipeline.modules.source.files.columns.column import Column
from beam_pipeline.modules.source.files.parquet import int96 as parquet_int96
from beam_pipeline.modules.source.files.parquet import sizes as parquet_sizes


class Open(Protocol):
    """Opens a Parquet file."""

    def __call__(self, path: str, dictionaries: tuple[str, ...] = ..., unit: str | None = ...) -> Any:
        """With columns to read as dictionaries, and a unit for INT96 times."""


def read(path: str, opened: Open, columns: list[Column]) -> Iterator[Any]:
    """Yields the rows in the order and with the types of the file, its dictionaries included.

    Raises:
        DataError: A row is too large, or a time is not of its column's type.
    """
    with ExitStack() as stack:
        file = stack.enter_context(opened(path))
        metadata = file.metadata
        old_times = parquet_int96.paths(file)
        coarse = stack.enter_context(opened(path, unit="us")) if old_times else None
        read_as: tuple[str, ...] = ()
        for group in range(metadata.num_row_groups):
            longest = functools.partial(_longest, path, opened, group)
            way = parquet_sizes.way_of(metadata, group, path, longest)
            if way.dictionaries != read_as:
                file, read_as = stack.enter_context(opened(path, way.dictionaries)), way.dictionaries
            batches = file.iter_batches(way.rows, row_groups=[group], use_threads=False)
            if coarse is not None:
                also = coarse.iter_batches(way.rows, row_groups=[group], columns=old_times, use_threads=False)
                batches = (
                    parquet_int96.checked(batch, micros, columns, path)
                    for batch, micros in zip(batches, also, strict=True)
                )
            for batch in batches:
                yield from parquet_sizes.pieces(batch, path)


def _longest(path: str, opened: Open, group: int, names: list[str]) -> dict[str, int]:
    """The longest value in the dictionary of each of these columns: its first row brings it along."""
    with opened(path, tuple(names)) as file:
        first = next(file.iter_batches(1, row_groups=[group], columns=names, use_threads=False))
    found = {}
    for name in names:
        arrays = [first.column(column) for column in parquet_sizes.columns_of(name, first.schema.names)]
        lengths = [
            _length(leaf) for array in arrays for leaf in leaves(array) if pa.types.is_dictionary(leaf.type)
        ]
        found[name] = max(lengths, default=0)
    return found


def _length(array: Any) -> int:
    return int(pc.max(pc.binary_length(array.dictionary)).as_py() or 0)

"""Times of the old kind INT96, which reach further than nanoseconds do in 64 bits, and wrap in silence."""

from __future__ import annotations

from typing import Any

import numpy
import pyarrow as pa

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files.columns.arrays import leaves
from beam_pipeline.modules.source.files.columns.column import Column, declaration

# Of nanoseconds in 64 bits: the years from 1677 to 2262.
_MOST_MICROSECONDS = (2**63 - 1) // 1000


def paths(file: Any) -> list[str]:
    """The columns of a Parquet file that hold such times."""
    found = [file.schema.column(place) for place in range(len(file.schema))]
    return [column.path for column in found if column.physical_type == "INT96"]


def checked(batch: Any, micros: Any, columns: list[Column], path: str) -> Any:
    """The batch with its times as declared: in nanoseconds, or in microseconds where the config says so.

    Args:
        batch: Rows, read with nanoseconds.
        micros: The same rows' times, read with microseconds.
        columns: The columns as they are to be.
        path: The file.

    Raises:
        DataError: A time is out of its type's range, or finer than its unit.
    """
    kinds = {column.name: column.type for column in columns}
    for name in micros.schema.names:
        kind = kinds[name]
        is_coarse = pa.types.is_timestamp(kind) and kind.unit != "ns"
        for fine, coarse in zip(leaves(batch.column(name)), leaves(micros.column(name)), strict=True):
            if not pa.types.is_timestamp(fine.type):
                continue
            moments = coarse.cast(pa.int64()).fill_null(0).to_numpy()
            parts = fine.cast(pa.int64()).fill_null(0).to_numpy() - moments * 1000
            if not is_coarse and (numpy.abs(moments) > _MOST_MICROSECONDS).any():
                raise DataError(
                    f"{path}: column `{name}` holds a time before 1677 or after 2262, more than nanoseconds "
                    f"reach; declare {declaration(name, 'timestamp')}"
                )
            if is_coarse and parts.any():
                raise DataError(
                    f"{path}: column `{name}` holds a time with nanoseconds; declare "
                    f"{declaration(name, 'timestamp_ns')}"
                )
        if is_coarse:
            batch = batch.set_column(batch.schema.get_field_index(name), name, micros.column(name))
    return batch

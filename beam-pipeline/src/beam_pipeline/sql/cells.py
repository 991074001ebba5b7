"""The longest value that a source reads: whoever holds a batch holds at least one whole value."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from beam_pipeline.errors import DataError

MAX_CELL_BYTES = 64 << 20


def bounded(batch: Any) -> Any:
    """The batch itself.

    Raises:
        DataError: A text or binary value is longer than `MAX_CELL_BYTES`; the message names its column.
    """
    for field, column in zip(batch.schema, batch.columns, strict=True):
        # No value of a small column is long, so hardly any column is looked at.
        if column.nbytes > MAX_CELL_BYTES:
            longest = _longest(column)
            if longest > MAX_CELL_BYTES:
                raise DataError(
                    f"column `{field.name}` holds a value of {longest:,} bytes, and the longest that is read "
                    f"has {MAX_CELL_BYTES:,}; shorten it in the query, or leave the column out"
                )
    return batch


def _longest(column: Any) -> int:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_struct(column.type) or pa.types.is_list(column.type):
        parts = column.flatten()
        return max((_longest(part) for part in (parts if isinstance(parts, list) else [parts])), default=0)
    if not _has_lengths(column.type):
        return 0
    return int(pc.max(pc.binary_length(column)).as_py() or 0)


def _has_lengths(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_string(kind))

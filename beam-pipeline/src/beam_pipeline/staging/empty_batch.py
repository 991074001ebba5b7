"""Makes record batches without rows: for no rows, a step emits one that carries its columns."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def empty_batch(schema: Any) -> Any:
    """A batch without rows; Arrow's own ways fail for an extension type inside a list."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def schema_after(change: Any, schema: Any) -> Any:
    """The columns that a DoFn which makes one batch of each makes of these."""
    try:
        change.setup()
        (batch,) = change.process(empty_batch(schema))
        return batch.schema
    finally:
        change.teardown()

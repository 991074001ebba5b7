"""Elements are Arrow record batches, and travel as Arrow IPC.

Beam's default pickles them: a slice of 1,000 rows of a large table becomes the whole table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

MAX_ROWS = 128 * 1024
MAX_BYTES = 16 * 1024 * 1024


class RecordBatchCoder(beam.coders.Coder):
    """Encodes a `pyarrow.RecordBatch` as one Arrow IPC stream."""

    def encode(self, value: Any) -> bytes:
        """Returns the batch, and only its own rows, with its schema."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as stream:
            stream.write_batch(value)
        return bytes(sink.getvalue().to_pybytes())

    def decode(self, encoded: bytes) -> Any:
        """Returns the batch; its columns lie inside `encoded`, uncopied."""
        return pa.ipc.open_stream(pa.py_buffer(encoded)).read_next_batch()

    def is_deterministic(self) -> bool:
        """Equal batches have equal bytes."""
        return True

    def estimate_size(self, value: Any) -> int:
        """The batch's bytes in memory: encoding a batch to measure it would cost more than a read."""
        return int(value.nbytes)

    def to_type_hint(self) -> Any:
        """The type that this coder is registered for."""
        return pa.RecordBatch


def register() -> None:
    """Makes Beam use this coder for record batches."""
    beam.coders.registry.register_coder(pa.RecordBatch, RecordBatchCoder)


def cut(batch: Any) -> Iterator[Any]:
    """Cuts a batch into ones of at most 128k rows and 16 MB, if a row is no larger, without copying."""
    rows = batch.num_rows
    if rows <= 1 or (rows <= MAX_ROWS and batch.nbytes <= MAX_BYTES):
        yield batch
        return
    # By bytes in halves, not equal parts: the large rows may stand together.
    step = -(-rows // max(2, -(-rows // MAX_ROWS)))
    for start in range(0, rows, step):
        yield from cut(batch.slice(start, step))


register()

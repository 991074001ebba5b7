"""The `sizing` transform."""

from typing import Any

import apache_beam as beam
import pyarrow as pa


class MeasureBatches(beam.PTransform):
    """Measures batches."""

    def __init__(self, params: Any, context: Any) -> None:
        super().__init__()

    def expand(self, batches: Any) -> Any:
        """Returns a PCollection of record batches."""
        return batches | beam.Map(_measure)


def _measure(batch: Any) -> Any:
    return pa.RecordBatch.from_pylist([{"rows": batch.num_rows, "bytes": batch.nbytes}])

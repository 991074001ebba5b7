"""The `counting` source."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
from beam_pipeline.modules.source.counting.params import CountingParams

from beam_pipeline.modules.context import StepContext
from beam_pipeline.telling.progress import progress


class ReadNumbers(beam.PTransform):
    """Emits numbers."""

    def __init__(self, params: CountingParams, context: StepContext) -> None:
        super().__init__()
        self._params = params
        self._context = context

    def expand(self, pbegin: Any) -> Any:
        """Returns a PCollection of record batches."""
        parts = list(range(self._params.parts))
        count = beam.ParDo(_Count(self._params, self._context.step))
        return pbegin | beam.Create(parts) | beam.Reshuffle() | "count" >> count


class _Count(beam.DoFn):
    def __init__(self, params: CountingParams, step: str) -> None:
        self._params = params
        self._step = step

    def process(self, part: int) -> Iterator[Any]:
        given = self._params
        if given.nothing:
            return
        if given.noisy:
            print("noise from print")
            os.write(1, b"noise from the system\n")
        progress.expect(self._step, parts=given.parts)
        kind = pa.int32() if given.mixed and part % 2 else pa.int64()
        for batch in range(given.batches):
            time.sleep(given.seconds)
            first = (part * given.batches + batch) * given.rows
            numbers = pa.array(range(first, first + given.rows), kind)
            emitted = pa.RecordBatch.from_arrays([numbers], names=["n"])
            if given.moments:
                emitted = emitted.append_column("local", numbers.cast(pa.int64()).view(pa.timestamp("us")))
            yield emitted
        if given.crash is not None and part == 0:
            left = int(Path(given.crash).read_text())
            Path(given.crash).write_text(str(left - 1))
            if left > 0:
                raise RuntimeError(given.message)
        progress.part_done(self._step)

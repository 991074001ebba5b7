"""A read that is planned once, and whose parts are then read side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

import apache_beam as beam
import pyarrow as pa

from beam_pipeline.telling.progress import progress

T = TypeVar("T")


class Reader(Protocol[T]):
    """What a source says of its read; it travels inside the pipeline, and holds no secret."""

    def plan(self) -> Iterator[T]:
        """Says how much there is (`progress.expect`), and yields the parts: one at least."""

    def batches(self, part: T) -> Iterator[Any]:
        """The rows of a part, as record batches."""

    def empty(self, part: T) -> Any:
        """A batch without rows, for a part without rows."""


class RangedRead(beam.PTransform):
    """The PTransform of a source.

    Args:
        step: The step's name.
        reader: What is read.
    """

    def __init__(self, step: str, reader: Reader[Any]) -> None:
        super().__init__()
        self.plan = _Plan(reader)
        self.read = _Read(step, reader)

    def expand(self, pbegin: Any) -> Any:
        """Returns a PCollection of `pyarrow.RecordBatch`."""
        return (
            pbegin
            | beam.Impulse()
            | "plan" >> beam.ParDo(self.plan)
            | "spread" >> beam.Reshuffle()
            | "read" >> beam.ParDo(self.read).with_output_types(pa.RecordBatch)
        )


class _Plan(beam.DoFn):
    def __init__(self, reader: Reader[Any]) -> None:
        self._reader = reader

    def process(self, _: bytes) -> Iterator[Any]:
        yield from self._reader.plan()


class _Read(beam.DoFn):
    def __init__(self, step: str, reader: Reader[Any]) -> None:
        self._step = step
        self._reader = reader

    def process(self, part: Any) -> Iterator[Any]:
        rows = 0
        for batch in self._reader.batches(part):
            rows += batch.num_rows
            yield batch
        if rows == 0:
            yield self._reader.empty(part)
        progress.part_done(self._step)

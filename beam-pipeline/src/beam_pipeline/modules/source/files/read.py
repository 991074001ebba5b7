"""The `files` source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_pipeline import files
from beam_pipeline.context import StepContext
from beam_pipeline.empty_batch import empty_batch
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.source.files import csv_format, jsonl_format, parquet_format
from beam_pipeline.modules.source.files.columns import Column, agreed, schema_of
from beam_pipeline.modules.source.files.params import FilesParams
from beam_pipeline.prefetch import prefetched
from beam_pipeline.progress import progress

_FORMATS: dict[str, Any] = {"csv": csv_format, "jsonl": jsonl_format, "parquet": parquet_format}


class ReadFromFiles(beam.PTransform):
    """Looks at the beginning of each file, then reads the files side by side."""

    def __init__(self, params: FilesParams, context: StepContext) -> None:
        super().__init__()
        self._params = params
        self._context = context

    def expand(self, pbegin: Any) -> Any:
        """Returns a PCollection of `pyarrow.RecordBatch`."""
        return (
            pbegin
            | beam.Impulse()
            | "plan" >> beam.ParDo(_Plan(self._params, self._context))
            | "spread" >> beam.Reshuffle()
            | "read" >> beam.ParDo(_Read(self._params, self._context)).with_output_types(pa.RecordBatch)
        )


class _Plan(beam.DoFn):
    def __init__(self, params: FilesParams, context: StepContext) -> None:
        self._params = params
        self._context = context

    def process(self, _: bytes) -> Iterator[tuple[str, list[Column]]]:
        pattern = files.resolve(self._params.path, self._context.root)
        found = files.match(pattern)
        if not found:
            looked = "" if pattern == self._params.path else f" ({pattern})"
            raise ConfigError(
                f"{self._context.plan_path}.parameters.path  no file matches `{self._params.path}`{looked}; "
                "a relative path begins at the project's folder"
            )
        progress.expect(self._context.step, parts=len(found))
        look = _FORMATS[self._params.file_format]
        columns = agreed([(path, look.columns(path, self._params)) for path in found], look.UNSEEN)
        for path in found:
            yield path, columns


class _Read(beam.DoFn):
    def __init__(self, params: FilesParams, context: StepContext) -> None:
        self._params = params
        self._context = context

    def process(self, planned: tuple[str, list[Column]]) -> Iterator[Any]:
        path, columns = planned
        read = _FORMATS[self._params.file_format].batches
        rows = 0
        for batch in prefetched(read(path, columns, self._params)):
            rows += batch.num_rows
            if batch.num_rows:
                yield batch
        if rows == 0:
            yield empty_batch(schema_of(columns))
        progress.part_done(self._context.step)

"""The `bigquery` source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_pipeline import bigquery
from beam_pipeline.context import StepContext
from beam_pipeline.empty_batch import empty_batch
from beam_pipeline.modules.source.bigquery import convert, failures, pages, streams
from beam_pipeline.modules.source.bigquery.params import BigqueryParams
from beam_pipeline.modules.source.bigquery.plan import PlannedRead, Planner
from beam_pipeline.modules.source.bigquery.types import schema_of
from beam_pipeline.progress import progress
from beam_pipeline.reading.prefetch import prefetched


class ReadFromBigquery(beam.PTransform):
    """Runs the query once, then reads parts of its result side by side."""

    # A query sees one moment, and so does a session of the Storage Read API.
    consistency = "snapshot"

    def __init__(self, params: BigqueryParams, context: StepContext) -> None:
        super().__init__()
        self._params = params
        self._context = context

    def schema(self) -> Any:
        """Asks BigQuery for the columns, which bills nothing."""
        columns = Planner(self._params, self._context).columns()
        return None if columns is None else schema_of(columns)

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
    def __init__(self, params: BigqueryParams, context: StepContext) -> None:
        self._planner = Planner(params, context)

    def process(self, _: bytes) -> Iterator[PlannedRead]:
        yield from self._planner.plan()


class _Read(beam.DoFn):
    def __init__(self, params: BigqueryParams, context: StepContext) -> None:
        self._params = params
        self._context = context

    def process(self, planned: PlannedRead) -> Iterator[Any]:
        rows = 0
        for batch in prefetched(self._batches(planned)):
            rows += batch.num_rows
            yield batch
        if rows == 0:
            yield empty_batch(schema_of(planned.columns))
        progress.part_done(self._context.step)

    def _batches(self, planned: PlannedRead) -> Iterator[Any]:
        project = self._params.project
        if isinstance(planned.part, streams.Stream):
            for batch in streams.batches(project, planned.part):
                yield convert.from_arrow(batch, planned.columns)
        elif isinstance(planned.part, pages.Range):
            with failures.named(project):
                client = bigquery.open_client(project, self._params.location)
            yield from pages.batches(client, planned.part, planned.columns)

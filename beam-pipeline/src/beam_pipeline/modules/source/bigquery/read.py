"""The `bigquery` source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.bigquery import pages, streams
from beam_pipeline.modules.source.bigquery.columns import convert
from beam_pipeline.modules.source.bigquery.columns.types import schema_of
from beam_pipeline.modules.source.bigquery.connection import failures
from beam_pipeline.modules.source.bigquery.params import BigqueryParams
from beam_pipeline.modules.source.bigquery.plan import PlannedRead, Planner
from beam_pipeline.reading.prefetch import prefetched
from beam_pipeline.reading.ranged import RangedRead
from beam_pipeline.staging.empty_batch import empty_batch
from beam_pipeline.storage import bigquery


class ReadFromBigquery(RangedRead):
    """Runs the query once, then reads parts of its result side by side."""

    # A query sees one moment, and so does a session of the Storage Read API.
    consistency = "snapshot"

    def __init__(self, params: BigqueryParams, context: StepContext) -> None:
        super().__init__(context.step, _Reader(params, context))
        self._params = params
        self._context = context

    def schema(self) -> Any:
        """Asks BigQuery for the columns, which bills nothing."""
        columns = Planner(self._params, self._context).columns()
        return None if columns is None else schema_of(columns)


class _Reader:
    def __init__(self, params: BigqueryParams, context: StepContext) -> None:
        self._planner = Planner(params, context)
        self._params = params

    def plan(self) -> Iterator[PlannedRead]:
        return self._planner.plan()

    def batches(self, part: PlannedRead) -> Iterator[Any]:
        return prefetched(self._batches(part))

    def empty(self, part: PlannedRead) -> Any:
        return empty_batch(schema_of(part.columns))

    def _batches(self, planned: PlannedRead) -> Iterator[Any]:
        project = self._params.project
        if isinstance(planned.part, streams.Stream):
            for batch in streams.batches(project, planned.part):
                yield convert.from_arrow(batch, planned.columns)
        elif isinstance(planned.part, pages.Range):
            with failures.named(project):
                client = bigquery.open_client(project, self._params.location)
            yield from pages.batches(client, planned.part, planned.columns)

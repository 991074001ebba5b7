"""The `postgres` source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_pipeline import alone, sql_text
from beam_pipeline.alone import Alone, Estimate
from beam_pipeline.connections import ConnectionReference
from beam_pipeline.context import StepContext
from beam_pipeline.modules.source.postgres import session
from beam_pipeline.modules.source.postgres.convert import Converter
from beam_pipeline.modules.source.postgres.params import PostgresParams
from beam_pipeline.modules.source.postgres.ranges import PlannedRead, Planner, release
from beam_pipeline.progress import progress
from beam_pipeline.reading.prefetch import prefetched


class ReadFromPostgres(beam.PTransform):
    """Plans the ranges of a read, then reads them side by side."""

    def __init__(self, params: PostgresParams, context: StepContext) -> None:
        super().__init__()
        self._params = params
        self._context = context
        self._connection = params.connection(context)
        self.consistency = _consistency(params, context)

    def schema(self) -> Any:
        """Asks the server for the columns."""
        planner = Planner(self._params, self._context, self._connection)
        return Converter(planner.columns()).empty().schema

    def alone(self) -> Alone | None:
        """Where it is one statement, or several as of one moment, which machines cannot share."""
        params = self._params
        return alone.of_statements(params.query, params.consistency, params.partition)

    def estimate(self) -> Estimate:
        """What the server's planner says of whole tables."""
        planner = Planner(self._params, self._context, self._connection)
        return Estimate(rows=planner.expected_rows())

    def expand(self, pbegin: Any) -> Any:
        """Returns a PCollection of `pyarrow.RecordBatch`."""
        return (
            pbegin
            | beam.Impulse()
            | "plan" >> beam.ParDo(_Plan(self._params, self._context, self._connection))
            | "spread" >> beam.Reshuffle()
            | "read" >> beam.ParDo(_Read(self._context, self._connection)).with_output_types(pa.RecordBatch)
        )


def _consistency(params: PostgresParams, context: StepContext) -> str:
    if params.consistency is not None or context.in_process:
        return params.consistency or "snapshot"
    # Nobody stays connected to hold a snapshot for others; one statement is one snapshot.
    several = params.partition is not None or sql_text.SEPARATOR in (params.query or "")
    return "per_range" if several else "snapshot"


class _Plan(beam.DoFn):
    def __init__(self, params: PostgresParams, context: StepContext, connection: ConnectionReference) -> None:
        self._planner = Planner(params, context, connection)

    def process(self, _: bytes) -> Iterator[PlannedRead]:
        yield from self._planner.plan()


class _Read(beam.DoFn):
    def __init__(self, context: StepContext, connection: ConnectionReference) -> None:
        self._context = context
        self._connection = connection

    def process(self, planned: PlannedRead) -> Iterator[Any]:
        converter = Converter(planned.columns)
        application = f"beamline {self._context.pipeline}/{self._context.step}"
        rows = 0
        with session.open_stream(self._connection.resolve(), application, planned.snapshot) as cursor:
            if planned.window is not None:
                planned.window.bind(cursor, "$1")
            for query in planned.queries:
                read = session.batches(cursor, query)
                for batch in prefetched(map(converter.convert, read)):
                    rows += batch.num_rows
                    yield batch
        if rows == 0:
            yield converter.empty()
        progress.part_done(self._context.step)
        release(planned)

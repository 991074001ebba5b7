"""The `mysql` source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_pipeline import alone, sql_text
from beam_pipeline.alone import Alone
from beam_pipeline.connections import ConnectionReference
from beam_pipeline.context import StepContext
from beam_pipeline.modules.source.mysql import stream
from beam_pipeline.modules.source.mysql.convert import Converter
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.plan import PlannedRead, Planner
from beam_pipeline.progress import progress


class ReadFromMysql(beam.PTransform):
    """Plans the ranges of a read, then reads them side by side."""

    def __init__(self, params: MysqlParams, context: StepContext) -> None:
        super().__init__()
        self._params = params
        self._context = context
        self._connection = params.connection(context)
        # MySQL cannot share a snapshot between connections; one statement is one snapshot.
        several = params.partition is not None or sql_text.SEPARATOR in (params.query or "")
        self.consistency = params.consistency or ("per_range" if several else "snapshot")

    def schema(self) -> Any:
        """Asks the server for the columns."""
        planner = Planner(self._params, self._context, self._connection)
        return Converter(planner.columns()).schema

    def alone(self) -> Alone | None:
        """Where it is one statement, or several as of one moment, which connections cannot share."""
        params = self._params
        return alone.of_statements(params.query, params.consistency, params.partition)

    def expand(self, pbegin: Any) -> Any:
        """Returns a PCollection of `pyarrow.RecordBatch`."""
        return (
            pbegin
            | beam.Impulse()
            | "plan" >> beam.ParDo(_Plan(self._params, self._context, self._connection))
            | "spread" >> beam.Reshuffle()
            | "read" >> beam.ParDo(_Read(self._context, self._connection)).with_output_types(pa.RecordBatch)
        )


class _Plan(beam.DoFn):
    def __init__(self, params: MysqlParams, context: StepContext, connection: ConnectionReference) -> None:
        self._planner = Planner(params, context, connection)

    def process(self, _: bytes) -> Iterator[PlannedRead]:
        yield from self._planner.plan()


class _Read(beam.DoFn):
    def __init__(self, context: StepContext, connection: ConnectionReference) -> None:
        self._context = context
        self._connection = connection

    def process(self, planned: PlannedRead) -> Iterator[Any]:
        converter = Converter(planned.columns)
        connection = self._connection.resolve()
        rows = 0
        for batch in stream.batches(
            connection, planned.window, planned.query, planned.columns, converter.convert
        ):
            rows += batch.num_rows
            yield batch
        if rows == 0:
            yield converter.empty()
        progress.part_done(self._context.step)

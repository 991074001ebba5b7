"""The `postgres` source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from beam_pipeline.connect.connections import ConnectionReference
from beam_pipeline.modules import alone
from beam_pipeline.modules.alone import Alone, Estimate
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.postgres.columns.convert import Converter
from beam_pipeline.modules.source.postgres.connection import session
from beam_pipeline.modules.source.postgres.params import PostgresParams
from beam_pipeline.modules.source.postgres.plan import PlannedRead, Planner, release
from beam_pipeline.reading.prefetch import prefetched
from beam_pipeline.reading.ranged import RangedRead
from beam_pipeline.sql import sql_text


class ReadFromPostgres(RangedRead):
    """Plans the ranges of a read, then reads them side by side."""

    def __init__(self, params: PostgresParams, context: StepContext) -> None:
        self._connection = params.connection(context)
        super().__init__(context.step, _Reader(params, context, self._connection))
        self._params = params
        self._context = context
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


def _consistency(params: PostgresParams, context: StepContext) -> str:
    if params.consistency is not None or context.in_process:
        return params.consistency or "snapshot"
    # Nobody stays connected to hold a snapshot for others; one statement is one snapshot.
    several = params.partition is not None or sql_text.SEPARATOR in (params.query or "")
    return "per_range" if several else "snapshot"


class _Reader:
    def __init__(self, params: PostgresParams, context: StepContext, connection: ConnectionReference) -> None:
        self._planner = Planner(params, context, connection)
        self._context = context
        self._connection = connection

    def plan(self) -> Iterator[PlannedRead]:
        return self._planner.plan()

    def batches(self, part: PlannedRead) -> Iterator[Any]:
        converter = Converter(part.columns)
        application = f"beamline {self._context.pipeline}/{self._context.step}"
        with session.open_stream(self._connection.resolve(), application, part.snapshot) as cursor:
            if part.window is not None:
                part.window.bind(cursor, "$1")
            for query in part.queries:
                yield from prefetched(map(converter.convert, session.batches(cursor, query)))
        release(part)

    def empty(self, part: PlannedRead) -> Any:
        return Converter(part.columns).empty()

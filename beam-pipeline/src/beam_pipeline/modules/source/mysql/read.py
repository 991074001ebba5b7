"""The `mysql` source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from beam_pipeline.connect.connections import ConnectionReference
from beam_pipeline.modules import alone
from beam_pipeline.modules.alone import Alone
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.mysql import stream
from beam_pipeline.modules.source.mysql.columns.convert import Converter
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.plan import PlannedRead, Planner
from beam_pipeline.reading.ranged import RangedRead
from beam_pipeline.sql import sql_text


class ReadFromMysql(RangedRead):
    """Plans the ranges of a read, then reads them side by side."""

    def __init__(self, params: MysqlParams, context: StepContext) -> None:
        self._connection = params.connection(context)
        super().__init__(context.step, _Reader(params, context, self._connection))
        self._params = params
        self._context = context
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


class _Reader:
    def __init__(self, params: MysqlParams, context: StepContext, connection: ConnectionReference) -> None:
        self._planner = Planner(params, context, connection)
        self._connection = connection

    def plan(self) -> Iterator[PlannedRead]:
        return self._planner.plan()

    def batches(self, part: PlannedRead) -> Iterator[Any]:
        convert = Converter(part.columns).convert
        return stream.batches(self._connection.resolve(), part.window, part.query, part.columns, convert)

    def empty(self, part: PlannedRead) -> Any:
        return Converter(part.columns).empty()

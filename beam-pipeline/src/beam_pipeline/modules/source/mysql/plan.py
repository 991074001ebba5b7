"""Plans a read: which statements are run, side by side."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from beam_pipeline.connections import Connection, ConnectionReference
from beam_pipeline.context import StepContext
from beam_pipeline.modules.source.mysql import failures, session
from beam_pipeline.modules.source.mysql.client import Client
from beam_pipeline.modules.source.mysql.names import quoted
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.queries import describe, queries_of
from beam_pipeline.modules.source.mysql.types import Column, Mapping
from beam_pipeline.modules.source.mysql.windowed import WindowedRead, windowed
from beam_pipeline.progress import progress
from beam_pipeline.reading import columns as reading
from beam_pipeline.reading.agreement import check_agreement

_EPOCH = datetime.datetime(1970, 1, 1)
# Of a key without gaps.
_RANGE_ROWS = 200_000
_MOST_RANGES = 500
_ENDS = {
    "integer": "MIN({0}), MAX({0})",
    # Dates like 0000-00-00 are before all others, so the first range has them.
    "time": (
        "TIMESTAMPDIFF(SECOND, '1970-01-01', MIN(CASE WHEN {0} >= '0001-01-01' THEN {0} END)), "
        "TIMESTAMPDIFF(SECOND, '1970-01-01', MAX({0}))"
    ),
}


@dataclass(frozen=True)
class PlannedRead:
    """One statement that one connection runs.

    Attributes:
        query: The statement.
        columns: The columns that it returns.
        window: What to bind first, where only a window is read.
    """

    query: str
    columns: list[Column]
    window: WindowedRead | None


class Planner:
    """Plans the reads of one `mysql` source."""

    def __init__(self, params: MysqlParams, context: StepContext, connection: ConnectionReference) -> None:
        self._params = params
        self._context = context
        self._connection = connection

    def plan(self) -> Iterator[PlannedRead]:
        """Describes the queries, splits them, and yields the reads.

        Raises:
            BeamlineError: The config, the SQL, the data's types or the connection is at fault.
        """
        connection = self._connection.resolve()
        client = session.open_client(connection)
        try:
            queries = queries_of(self._params, self._context, client, connection)
            served, columns = self._described(client, connection, queries)
            window = self._windowed(served)
            with failures.named(connection):
                if window is not None:
                    window.bind(client)
                    queries = [window.around(query) for query in queries]
                wheres = [self._wheres(client, query, served) for query in queries]
        finally:
            client.close()
        statements = [
            _statement(query, columns, where)
            for query, pieces in zip(queries, wheres, strict=True)
            for where in pieces
        ]
        if self._params.consistency == "snapshot":
            # One statement sees one moment.
            statements = [" UNION ALL ".join(statements)]
        progress.expect(self._context.step, parts=len(statements))
        for statement in statements:
            yield PlannedRead(statement, columns, window)

    def columns(self) -> list[Column]:
        """Describes the queries, and reads nothing.

        Raises:
            BeamlineError: The config, the SQL, the data's types or the connection is at fault.
        """
        connection = self._connection.resolve()
        client = session.open_client(connection)
        try:
            queries = queries_of(self._params, self._context, client, connection)
            return self._described(client, connection, queries)[1]
        finally:
            client.close()

    def _described(
        self, client: Client, connection: Connection, queries: list[str]
    ) -> tuple[list[Column], list[Column]]:
        """The columns as the server has them, and as they are read."""
        described = [describe(client, connection, query) for query in queries]
        check_agreement(described, f"{self._context.plan_path}.parameters.query")
        return described[0], _with_text(described[0], self._params.as_text)

    def _windowed(self, columns: list[Column]) -> WindowedRead | None:
        window = self._context.window
        return None if window is None else windowed(window, columns, self._context)

    def _wheres(self, client: Client, query: str, columns: list[Column]) -> list[str]:
        """The conditions that split a query; an empty condition is the whole of it."""
        partition = self._params.partition
        if partition is None or self._params.consistency == "snapshot":
            return [""]
        path, allowed = self._context.plan_path, "an integer, a date, a datetime or a timestamp"
        column = reading.split_column(columns, partition.column, path, _kind, allowed)
        kind = _kind(column)
        name = quoted(column.name)
        ((low, high),) = client.ask(
            f"SELECT {_ENDS[kind or ''].format(name)} FROM ({query}\n) AS beamline_query"
        )
        if low is None or high is None:
            return [""]
        low, high = int(low), int(high)
        few = self._context.workers * 4
        wanted = max(few, min((high - low) // _RANGE_ROWS, _MOST_RANGES)) if kind == "integer" else few
        parts = min(partition.parts or wanted, high - low + 1)
        numbers = sorted({low + (high - low + 1) * part // parts for part in range(1, parts)})
        bounds = [
            str(number) if kind == "integer" else f"'{_EPOCH + datetime.timedelta(seconds=number)}'"
            for number in numbers
        ]
        return reading.conditions(name, bounds)


def _with_text(columns: list[Column], as_text: list[str]) -> list[Column]:
    return reading.with_text(
        columns, as_text, lambda column: replace(column, mapping=Mapping(pa.string(), column.as_text))
    )


def _statement(query: str, columns: list[Column], where: str) -> str:
    shown = []
    for column in columns:
        name = quoted(column.name)
        assert column.mapping is not None
        expression = column.mapping.expression
        shown.append(name if expression == "{}" else f"{expression.format(name)} AS {name}")
    condition = f" WHERE {where}" if where else ""
    return f"SELECT {', '.join(shown)} FROM ({query}\n) AS beamline_query{condition}"


def _kind(column: Column) -> str | None:
    kind = None if column.mapping is None else column.mapping.arrow
    if kind is not None and pa.types.is_integer(kind):
        return "integer"
    return "time" if kind is not None and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)) else None

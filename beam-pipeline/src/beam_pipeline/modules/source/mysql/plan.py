"""Plans a read: which statements are run, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from beam_pipeline.connect.connections import Connection, ConnectionReference
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.mysql import split
from beam_pipeline.modules.source.mysql.columns import describe
from beam_pipeline.modules.source.mysql.columns.names import quoted
from beam_pipeline.modules.source.mysql.columns.types import Column
from beam_pipeline.modules.source.mysql.connection import failures, session
from beam_pipeline.modules.source.mysql.connection.client import Client
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.queries import queries_of
from beam_pipeline.modules.source.mysql.windowed import WindowedRead, windowed
from beam_pipeline.reading.agreement import check_agreement
from beam_pipeline.telling.progress import progress


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
        described = [describe.columns_of(client, connection, query) for query in queries]
        check_agreement(described, f"{self._context.plan_path}.parameters.query")
        return described[0], describe.with_text(described[0], self._params.as_text)

    def _windowed(self, columns: list[Column]) -> WindowedRead | None:
        window = self._context.window
        return None if window is None else windowed(window, columns, self._context)

    def _wheres(self, client: Client, query: str, columns: list[Column]) -> list[str]:
        """The conditions that split a query; an empty condition is the whole of it."""
        partition = self._params.partition
        if partition is None or self._params.consistency == "snapshot":
            return [""]
        column = split.column_of(columns, partition.column, self._context.plan_path)
        return split.by_column(client, query, column, partition.parts, self._context.workers)


def _statement(query: str, columns: list[Column], where: str) -> str:
    shown = []
    for column in columns:
        name = quoted(column.name)
        assert column.mapping is not None
        expression = column.mapping.expression
        shown.append(name if expression == "{}" else f"{expression.format(name)} AS {name}")
    condition = f" WHERE {where}" if where else ""
    return f"SELECT {', '.join(shown)} FROM ({query}\n) AS beamline_query{condition}"

"""Looks at the column by which a `mysql` source is read in windows."""

from __future__ import annotations

from asyncmy.errors import MySQLError

from beam_pipeline.modules import cursor_column
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.cursor_column import CursorColumn
from beam_pipeline.modules.source.mysql.columns import describe
from beam_pipeline.modules.source.mysql.columns.names import quoted
from beam_pipeline.modules.source.mysql.columns.types import cursor_type
from beam_pipeline.modules.source.mysql.connection import failures, session
from beam_pipeline.modules.source.mysql.connection.client import Client
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.queries import queries_of
from beam_pipeline.modules.source.mysql.windowed import missing
from beam_pipeline.reading.agreement import check_agreement

_ENDED_BY_TIMEOUT = (1969, 3024)  # of MariaDB, of MySQL


def describe_cursor(params: MysqlParams, column: str, context: StepContext) -> CursorColumn:
    """Describes the column; the query is not run as a whole.

    Raises:
        BeamlineError: The config, the SQL, the column or the connection is at fault.
    """
    connection = params.connection(context).resolve()
    client = session.open_client(connection)
    try:
        queries = queries_of(params, context, client, connection)
        described = [describe.columns_of(client, connection, query) for query in queries]
        check_agreement(described, f"{context.plan_path}.parameters.query")
        cursors = {found.name: (found.server_type, cursor_type(found)) for found in described[0]}
        found, kind = cursor_column.find_cursor(cursors, column, context)
        name = quoted(found)
        with failures.named(connection):
            greatest = None
            if kind == "integer":
                ends = (_number(client, f"MAX({name})", query) for query in queries)
                greatest = max((number for number in ends if number is not None), default=None)
            nulls = _nulls(client, queries, missing(kind, name))
    finally:
        client.close()
    return CursorColumn(column, kind, None if greatest is None else str(greatest), nulls)


def _nulls(client: Client, queries: list[str], condition: str) -> int | None:
    try:
        _limit(client)
        return sum(_number(client, "COUNT(*)", query, f" WHERE {condition}") or 0 for query in queries)
    except MySQLError as error:
        if error.args and error.args[0] in _ENDED_BY_TIMEOUT:
            return None
        raise


def _limit(client: Client) -> None:
    """MariaDB counts the seconds of a statement, MySQL its milliseconds."""
    try:
        client.ask(f"SET SESSION max_statement_time = {cursor_column.COUNT_SECONDS}")
    except MySQLError:
        client.ask(f"SET SESSION max_execution_time = {cursor_column.COUNT_SECONDS * 1000}")


def _number(client: Client, what: str, query: str, where: str = "") -> int | None:
    ((number,),) = client.ask(f"SELECT {what} FROM ({query}\n) AS beamline_query{where}")
    return None if number is None else int(number)

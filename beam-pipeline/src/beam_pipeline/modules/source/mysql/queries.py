"""What a source is to read: its queries, as their author wrote them, or its table."""

from __future__ import annotations

from beam_pipeline.connect.connections import Connection
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.mysql.columns.names import quoted
from beam_pipeline.modules.source.mysql.connection import failures
from beam_pipeline.modules.source.mysql.connection.client import Client
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.sql import query_text, sql_text


def queries_of(
    params: MysqlParams, context: StepContext, client: Client, connection: Connection
) -> list[str]:
    """The queries.

    Raises:
        ConfigError: A text is empty, or holds more than one statement.
        BeamlineError: The table or the connection is at fault.
    """
    if params.table is not None:
        return [_all_of(_table(params.table), client, connection)]
    where = f"{context.plan_path}.parameters.query"
    text = query_text.read(params.query or "", where)
    with failures.named(connection):
        ((mode,),) = client.ask("SELECT @@SESSION.sql_mode")
    dialect = sql_text.MYSQL if "NO_BACKSLASH_ESCAPES" not in str(mode) else sql_text.MYSQL_WITHOUT_BACKSLASH
    return sql_text.split_queries(text, where, dialect)


def _all_of(table: str, client: Client, connection: Connection) -> str:
    """Every column, also those that `SELECT *` leaves out because they are invisible."""
    query = f"SELECT * FROM {table}"
    with failures.named(connection, query):
        columns = client.ask(f"SHOW COLUMNS FROM {table}")
    if not any("INVISIBLE" in str(column[-1]).upper() for column in columns):
        return query
    return f"SELECT {', '.join(quoted(str(column[0])) for column in columns)} FROM {table}"


def _table(name: str) -> str:
    if "`" in name:
        return name
    return ".".join(quoted(part) for part in name.split("."))

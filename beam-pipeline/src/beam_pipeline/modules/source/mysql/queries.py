"""What a source is to read: its queries, as their author wrote them, or its table."""

from __future__ import annotations

from typing import Any

from beam_pipeline import files, sql_text
from beam_pipeline.connections import Connection
from beam_pipeline.context import StepContext
from beam_pipeline.modules.source.mysql import failures
from beam_pipeline.modules.source.mysql.names import quoted
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.types import Column, column_of


def queries_of(params: MysqlParams, context: StepContext) -> list[str]:
    """The queries.

    Raises:
        ConfigError: A text is empty, or holds more than one statement.
    """
    if params.table is not None:
        return [f"SELECT * FROM {_table(params.table)}"]
    text = params.query or ""
    if text.strip().endswith(".sql") and len(text.split()) == 1:
        text = files.read_bytes(text.strip()).decode()
    return sql_text.split_queries(text, f"{context.plan_path}.parameters.query")


def describe(cursor: Any, connection: Connection, query: str) -> list[Column]:
    """The columns of a query, which is not run.

    Raises:
        BeamlineError: The SQL or the connection is at fault.
    """
    with failures.named(connection, query):
        # Only checks the text as it was written, so that the place of an error is right.
        cursor.execute("SET @beamline_query = %s", [query])
        cursor.execute("PREPARE beamline_statement FROM @beamline_query")
        cursor.execute("DEALLOCATE PREPARE beamline_statement")
    with failures.named(connection, query):
        cursor.execute(f"SELECT * FROM ({query}\n) AS beamline_query LIMIT 0")
    return [column_of(field) for field in cursor._result.fields]


def _table(name: str) -> str:
    if "`" in name:
        return name
    return ".".join(quoted(part) for part in name.split("."))

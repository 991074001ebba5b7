"""What a source is to read: its queries, as their author wrote them, or its table."""

from __future__ import annotations

from typing import Any

import psycopg

from beam_pipeline.connect.connections import Connection
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.postgres import tables
from beam_pipeline.modules.source.postgres.connection import failures
from beam_pipeline.modules.source.postgres.params import PostgresParams
from beam_pipeline.sql import query_text, sql_text


def queries_of(
    params: PostgresParams, context: StepContext, control: psycopg.Connection[Any], connection: Connection
) -> tuple[str | None, list[str]]:
    """The table, if it is one, and the queries.

    Raises:
        ConfigError: A text is empty, or holds more than one statement, or the name is none.
        SqlError: There is no such table.
    """
    if params.table is not None:
        with failures.named(connection):
            table = tables.find(control, params.table, context.plan_path)
        return table, [f"SELECT * FROM {table}"]
    where = f"{context.plan_path}.parameters.query"
    return None, sql_text.split_queries(query_text.read(params.query or "", where), where, sql_text.POSTGRES)

"""Looks at the column by which a `postgres` source is read in windows."""

from __future__ import annotations

from typing import Any

import psycopg

from beam_pipeline.modules import cursor_column
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.cursor_column import CursorColumn
from beam_pipeline.modules.source.postgres import tables
from beam_pipeline.modules.source.postgres.columns import describe, types
from beam_pipeline.modules.source.postgres.columns.names import quoted
from beam_pipeline.modules.source.postgres.connection import failures, session
from beam_pipeline.modules.source.postgres.params import PostgresParams
from beam_pipeline.modules.source.postgres.queries import queries_of
from beam_pipeline.reading.agreement import check_agreement


def describe_cursor(params: PostgresParams, column: str, context: StepContext) -> CursorColumn:
    """Describes the column; the query is not run as a whole.

    Raises:
        BeamlineError: The config, the SQL, the column or the connection is at fault.
    """
    connection = params.connection(context).resolve()
    control = session.open_control(connection, f"beamline {context.pipeline}/{context.step}")
    try:
        table, queries = queries_of(params, context, control, connection)
        described = [describe.columns_of(control, connection, query) for query in queries]
        check_agreement(described, f"{context.plan_path}.parameters.query")
        cursors = {found.name: (found.server_type, types.cursor_type(found)) for found in described[0]}
        name, kind = cursor_column.find_cursor(cursors, column, context)
        with failures.named(connection):
            greatest = _greatest(control, queries, quoted(name)) if kind == "integer" else None
            if table is not None and tables.is_never_null(control, table, name):
                nulls: int | None = 0
            else:
                nulls = _nulls(control, queries, quoted(name))
    finally:
        control.close()
    return CursorColumn(column, kind, None if greatest is None else str(greatest), nulls)


def _greatest(control: psycopg.Connection[Any], queries: list[str], name: str) -> int | None:
    found = [_number(control, f"SELECT max({name}) FROM ({query}\n) AS beamline_query") for query in queries]
    return max((number for number in found if number is not None), default=None)


def _nulls(control: psycopg.Connection[Any], queries: list[str], name: str) -> int | None:
    """Ends the transaction where it takes too long: nothing may follow."""
    control.execute(f"SET LOCAL statement_timeout TO '{cursor_column.COUNT_SECONDS}s'")
    try:
        return sum(
            _number(control, f"SELECT count(*) FROM ({query}\n) AS beamline_query WHERE {name} IS NULL") or 0
            for query in queries
        )
    except psycopg.errors.QueryCanceled:
        return None


def _number(control: psycopg.Connection[Any], question: str) -> int | None:
    row = control.execute(question).fetchone()
    assert row is not None
    return None if row[0] is None else int(row[0])

"""Tells about the column by which a source is read in windows."""

from __future__ import annotations

from typing import Any

from beam_pipeline.errors import ConnectionLost, SqlError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.cursor_column import COUNT_SECONDS, CursorColumn, find_cursor
from beam_pipeline.modules.source.bigquery.columns.types import cursor_types
from beam_pipeline.modules.source.bigquery.connection import failures, job
from beam_pipeline.modules.source.bigquery.connection.statement import Statement, quoted
from beam_pipeline.modules.source.bigquery.params import BigqueryParams
from beam_pipeline.modules.source.bigquery.plan import statement_of
from beam_pipeline.storage import bigquery

# BigQuery bills by what it reads, and a count is only a courtesy.
_COUNT_BYTES = 1 << 30


def describe_cursor(params: BigqueryParams, column: str, context: StepContext) -> CursorColumn:
    """Asks for the type of a column, its greatest value if it is an integer, and how many rows lack one.

    They are counted where that reads at most 1 GiB.

    Raises:
        BeamlineError: The config, the SQL or a right is at fault.
    """
    with failures.named(params.project):
        client = bigquery.open_client(params.project, params.location)
    whole = statement_of(params, context)
    _, kind = find_cursor(cursor_types(_schema(client, whole, column, context)), column, context)
    greatest = None
    if kind == "integer":
        greatest = job.ask(client, whole.selecting(f"MAX({quoted(column)})"))
    missing = whole.selecting("COUNT(*)", f"{quoted(column)} IS NULL")
    return CursorColumn(
        column, kind, None if greatest is None else str(greatest), _count(client, missing, context)
    )


def _schema(client: Any, whole: Statement, column: str, context: StepContext) -> list[Any]:
    where = f"{context.plan_path}.parameters.query"
    try:
        return job.describe(client, whole, where).schema
    except SqlError as error:
        if not failures.wants_filter(error):
            raise
    return job.describe(client, whole.selecting("*", f"{quoted(column)} IS NULL"), where).schema


def _count(client: Any, missing: Statement, context: StepContext) -> int | None:
    where = f"{context.plan_path}.parameters.query"
    if job.describe(client, missing, where).bytes_to_read > _COUNT_BYTES:
        return None
    try:
        return int(job.ask(client, missing, COUNT_SECONDS))
    except ConnectionLost:
        return None

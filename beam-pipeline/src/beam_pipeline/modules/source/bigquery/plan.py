"""Plans a read: what is run, once, and which parts of the result are read side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from beam_pipeline.errors import SqlError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.cursor_column import column_of
from beam_pipeline.modules.source.bigquery import pages, streams
from beam_pipeline.modules.source.bigquery.columns.types import Column, columns_of, cursor_types
from beam_pipeline.modules.source.bigquery.connection import failures, job, statement
from beam_pipeline.modules.source.bigquery.connection.statement import Statement
from beam_pipeline.modules.source.bigquery.params import BigqueryParams
from beam_pipeline.sql import query_text
from beam_pipeline.storage import bigquery
from beam_pipeline.telling.progress import progress

_TABLE = re.compile(r"(?:(.+)[.:])?([^.:]+)\.([^.:]+)")


@dataclass(frozen=True)
class PlannedRead:
    """One part of the rows, and the columns that all parts have.

    Attributes:
        part: None where there are no rows.
    """

    columns: list[Column]
    part: streams.Stream | pages.Range | None


class Planner:
    """Plans the reads of one `bigquery` source."""

    def __init__(self, params: BigqueryParams, context: StepContext) -> None:
        self._params = params
        self._context = context

    def plan(self) -> Iterator[PlannedRead]:
        """Runs the query, or looks at the table, and yields the reads.

        Raises:
            BeamlineError: The config, the SQL, the data's types or a right is at fault.
        """
        params = self._params
        client = self._client()
        if params.table is not None:
            yield from self._table(client, table_of(params.table, params.project))
        else:
            yield from self._query(client, statement_of(params, self._context), self._where("query"))

    def columns(self) -> list[Column] | None:
        """Describes the query or the table, and reads nothing.

        Returns:
            None where only the query of a window could be described.

        Raises:
            BeamlineError: The config, the SQL, the data's types or a right is at fault.
        """
        params = self._params
        client = self._client()
        if params.table is not None:
            return columns_of(_look_at(client, table_of(params.table, params.project)).schema)
        asked = self._windowed(statement_of(params, self._context))
        try:
            return columns_of(job.describe(client, asked, self._where("query")).schema)
        except SqlError as error:
            if self._context.window is not None or not failures.wants_filter(error):
                raise
            return None

    def _client(self) -> Any:
        with failures.named(self._params.project):
            return bigquery.open_client(self._params.project, self._params.location)

    def _where(self, parameter: str) -> str:
        return f"{self._context.plan_path}.parameters.{parameter}"

    def _windowed(self, whole: Statement) -> Statement:
        window = self._context.window
        return whole if window is None else whole.within(window)

    def _table(self, client: Any, reference: Any) -> Iterator[PlannedRead]:
        table = _look_at(client, reference)
        columns = columns_of(table.schema)
        if self._context.window is None and table.table_type in streams.READABLE:
            opened = streams.open_streams(client.project, reference, self._most)
            if opened is not None:
                yield from self._reads(columns, opened, table.num_rows)
                return
        yield from self._query(client, statement.of_table(reference), self._where("table"), columns)

    def _query(
        self, client: Any, whole: Statement, where: str, known: list[Column] | None = None
    ) -> Iterator[PlannedRead]:
        context = self._context
        asked = self._windowed(whole)
        try:
            described = job.describe(client, asked, where)
        except SqlError:
            self._check_column(client, whole, where)
            raise
        columns_of(described.schema)
        if context.window is not None:
            column_of(context.window, cursor_types(described.schema), context)
        result = job.run(client, asked, context, described.location)
        # A table says more of a column than a query of it: the precision of a NUMERIC.
        columns = known or columns_of(result.schema)
        opened = streams.open_streams(client.project, result.table, self._most)
        parts = (
            pages.ranges_of(result.table, result.schema, result.rows, context.workers)
            if opened is None
            else opened
        )
        yield from self._reads(columns, parts, result.rows)

    def _check_column(self, client: Any, whole: Statement, where: str) -> None:
        """Whether the column of the window is what BigQuery does not take: it says so less clearly."""
        if self._context.window is None:
            return
        try:
            schema = job.describe(client, whole, where).schema
        except SqlError:
            return
        column_of(self._context.window, cursor_types(schema), self._context)

    def _reads(
        self, columns: list[Column], parts: list[streams.Stream] | list[pages.Range], rows: int | None
    ) -> Iterator[PlannedRead]:
        progress.expect(self._context.step, rows=rows, parts=max(len(parts), 1))
        for part in parts or [None]:
            yield PlannedRead(columns, part)

    @property
    def _most(self) -> int:
        return self._context.workers * 4


def _look_at(client: Any, reference: Any) -> Any:
    with failures.named(client.project):
        return client.get_table(reference, retry=bigquery.retry(), timeout=bigquery.CALL_SECONDS)


def statement_of(params: BigqueryParams, context: StepContext) -> Statement:
    """The statement of a source, whole.

    Raises:
        ConfigError: The query is empty or more than one.
    """
    if params.table is not None:
        return statement.of_table(table_of(params.table, params.project))
    where = f"{context.plan_path}.parameters.query"
    return statement.of_query(query_text.read(params.query or "", where), where)


def table_of(name: str, project: str) -> Any:
    """The `TableReference` of a table by its name, in `project` if it names none."""
    from google.cloud.bigquery import DatasetReference

    found = _TABLE.fullmatch(name)
    assert found is not None
    return DatasetReference(found[1] or project, found[2]).table(found[3])

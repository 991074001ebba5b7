"""Plans a read: which statements are run, side by side, as of which snapshot."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from beam_pipeline.connect.connections import Connection, ConnectionReference
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.postgres import split, tables
from beam_pipeline.modules.source.postgres.columns import describe
from beam_pipeline.modules.source.postgres.columns.convert import DIMENSIONS
from beam_pipeline.modules.source.postgres.columns.names import quoted
from beam_pipeline.modules.source.postgres.columns.types import Column
from beam_pipeline.modules.source.postgres.connection import failures, session
from beam_pipeline.modules.source.postgres.params import PostgresParams
from beam_pipeline.modules.source.postgres.queries import queries_of
from beam_pipeline.modules.source.postgres.windowed import WindowedRead, windowed
from beam_pipeline.reading.agreement import check_agreement
from beam_pipeline.telling.progress import progress


@dataclass(frozen=True)
class PlannedRead:
    """Statements that one connection runs, one after the other, in one transaction.

    Attributes:
        queries: The statements; all return the same columns.
        columns: Those columns.
        window: What to bind first, where only a window is read.
        snapshot: The exported snapshot to read as of, if several reads share one.
        holder: Key of the connection that holds the snapshot.
        key: This read's own key.
    """

    queries: tuple[str, ...]
    columns: list[Column]
    window: WindowedRead | None
    snapshot: str | None
    holder: str | None
    key: int


@dataclass
class _Holder:
    control: psycopg.Connection[Any]
    waiting: set[int]


# Connections that hold an exported snapshot while the threads of this process read as of it.
_holders: dict[str, _Holder] = {}
_lock = threading.Lock()


class Planner:
    """Plans the reads of one `postgres` source."""

    def __init__(self, params: PostgresParams, context: StepContext, connection: ConnectionReference) -> None:
        self._params = params
        self._context = context
        self._connection = connection

    def plan(self) -> Iterator[PlannedRead]:
        """Describes the queries, splits them, and yields the reads.

        Raises:
            BeamlineError: The config, the SQL, the data's types or the connection is at fault.
        """
        connection = self._connection.resolve()
        step = self._context.step
        control = session.open_control(connection, f"beamline {self._context.pipeline}/{step}")
        held = False
        try:
            table, queries = queries_of(self._params, self._context, control, connection)
            served, columns = self._described(control, connection, queries)
            window = self._windowed(served)
            with failures.named(connection):
                read = queries
                if window is not None:
                    window.bind(control, "%s")
                    read = [window.around(query) for query in queries]
                wheres = self._wheres(control, table, read, served)
                rows = tables.expected_rows(control, read)
            statements = [
                _statement(query, table, columns, where, window)
                for query, pieces in zip(queries, wheres, strict=True)
                for where in pieces
            ]
            in_one = not self._context.in_process and self._params.consistency == "snapshot"
            groups = [tuple(statements)] if in_one else [(text,) for text in statements]
            progress.expect(step, rows=rows, parts=len(groups))
            snapshot = holder = None
            if len(groups) > 1 and self._shares_snapshot:
                with failures.named(connection):
                    snapshot = _export(control)
                holder = _hold(control, len(groups))
                held = True
            for key, group in enumerate(groups):
                yield PlannedRead(group, columns, window, snapshot, holder, key)
        finally:
            if not held:
                control.close()

    def columns(self) -> list[Column]:
        """Describes the queries, and reads nothing.

        Raises:
            BeamlineError: The config, the SQL, the data's types or the connection is at fault.
        """
        with self._asked() as (control, connection, queries):
            return self._described(control, connection, queries)[1]

    def expected_rows(self) -> int | None:
        """How many rows there are, about, as far as the server knows without reading them.

        Raises:
            BeamlineError: The config, the SQL or the connection is at fault.
        """
        with self._asked() as (control, connection, queries), failures.named(connection):
            return tables.expected_rows(control, queries)

    @contextlib.contextmanager
    def _asked(self) -> Iterator[tuple[psycopg.Connection[Any], Connection, list[str]]]:
        """A connection for questions that read nothing, and the queries that they are about."""
        connection = self._connection.resolve()
        control = session.open_control(connection, f"beamline {self._context.pipeline}/{self._context.step}")
        try:
            _, queries = queries_of(self._params, self._context, control, connection)
            yield control, connection, queries
        finally:
            control.close()

    def _described(
        self, control: psycopg.Connection[Any], connection: Connection, queries: list[str]
    ) -> tuple[list[Column], list[Column]]:
        """The columns as the server has them, and as they are read."""
        described = [describe.columns_of(control, connection, query) for query in queries]
        columns = describe.with_text(described[0], self._params.as_text)
        check_agreement(described, f"{self._context.plan_path}.parameters.query")
        return described[0], columns

    @property
    def _shares_snapshot(self) -> bool:
        return self._context.in_process and self._params.consistency != "per_range"

    def _windowed(self, columns: list[Column]) -> WindowedRead | None:
        window = self._context.window
        return None if window is None else windowed(window, columns, self._context)

    def _wheres(
        self,
        control: psycopg.Connection[Any],
        table: str | None,
        queries: list[str],
        columns: list[Column],
    ) -> list[list[str]]:
        """For each query, the conditions that split it; an empty condition is the whole of it."""
        partition = self._params.partition
        whole = [[""] for _ in queries]
        if not self._context.in_process and self._params.consistency == "snapshot":
            return whole
        if partition is not None and partition.column is not None:
            parts = partition.parts or self._context.workers * 4
            by = split.column_of(columns, partition.column, self._context.plan_path)
            return [split.by_column(control, query, by, parts) for query in queries]
        if partition is not None and not self._shares_snapshot:
            raise ConfigError(
                f"{self._context.plan_path}.parameters.partition  needs a `column` here: rows "
                "change places between ranges that share no snapshot"
            )
        if table is None or not self._shares_snapshot:
            return whole
        window = self._context.window
        if window is not None and window.low is not None:
            # Only a first load is most of the table; else its rows are found by an index, if there is one.
            return whole
        wanted = partition.parts if partition is not None else None
        return [split.by_place(control, table, wanted, self._context.workers)]


def release(read: PlannedRead) -> None:
    """Says that a read is complete; after the last one the snapshot's holder disconnects."""
    if read.holder is None:
        return
    with _lock:
        holder = _holders.get(read.holder)
        if holder is None:
            return
        holder.waiting.discard(read.key)
        if holder.waiting:
            return
        del _holders[read.holder]
    holder.control.close()


def _export(control: psycopg.Connection[Any]) -> str:
    row = control.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
    assert row is not None
    return str(row[0])


def _hold(control: psycopg.Connection[Any], reads: int) -> str:
    key = uuid.uuid4().hex
    with _lock:
        _holders[key] = _Holder(control, set(range(reads)))
    return key


def _statement(
    query: str, table: str | None, columns: list[Column], where: str, window: WindowedRead | None
) -> str:
    """Wraps a query where a column needs a cast or a condition; else it stays as it was written.

    A table is named itself: its rows have a place (ctid), those of a subquery have none.
    """
    if window is not None:
        if table is not None:
            query, table, where = f"SELECT * FROM {table}{_where(where)}", None, ""
        query = window.around(query)
    shown = []
    for column in columns:
        name = quoted(column.name)
        shown.append(name if column.mapping is None else column.mapping.selected(name))
    arrays = [quoted(column.name) for column in columns if column.is_array]
    if arrays:
        # One column for all of them: a result has at most 1,664.
        cases = (f"WHEN pg_catalog.array_ndims({name}) > 1 THEN {n}" for n, name in enumerate(arrays, 1))
        shown.append(f"CASE {' '.join(cases)} ELSE 0 END AS {quoted(DIMENSIONS)}")
    # The line break ends a comment that the query may end with: the driver wraps it, too, in COPY.
    if not where and shown == [quoted(column.name) for column in columns]:
        return f"{query}\n"
    relation = table if table is not None else f"({query}\n) AS beamline_query"
    return f"SELECT {', '.join(shown)} FROM {relation}{_where(where)}"


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""

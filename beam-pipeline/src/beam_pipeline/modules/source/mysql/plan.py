"""Plans a read: which statements are run, side by side."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pyarrow as pa

from beam_pipeline import files, sql_text
from beam_pipeline.connections import Connection, ConnectionReference
from beam_pipeline.context import StepContext
from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.modules.source.mysql import failures, session
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.types import Column, Mapping, column_of
from beam_pipeline.progress import progress
from beam_pipeline.registry import did_you_mean

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
    """One statement that one connection runs, and the columns that it returns."""

    query: str
    columns: list[Column]


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
        control = session.open_control(connection)
        try:
            with control.cursor() as cursor:
                queries = self._queries()
                described = [_describe(cursor, connection, query) for query in queries]
                _check_agreement(described, f"{self._context.plan_path}.parameters.query")
                columns = _with_text(described[0], self._params.as_text)
                with failures.named(connection):
                    wheres = [self._wheres(cursor, query, described[0]) for query in queries]
        finally:
            control.close()
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
            yield PlannedRead(statement, columns)

    def _queries(self) -> list[str]:
        if self._params.table is not None:
            return [f"SELECT * FROM {_table(self._params.table)}"]
        text = self._params.query or ""
        if text.strip().endswith(".sql") and len(text.split()) == 1:
            text = files.read_bytes(text.strip()).decode()
        return sql_text.split_queries(text, f"{self._context.plan_path}.parameters.query")

    def _wheres(self, cursor: Any, query: str, columns: list[Column]) -> list[str]:
        """The conditions that split a query; an empty condition is the whole of it."""
        partition = self._params.partition
        if partition is None or self._params.consistency == "snapshot":
            return [""]
        column = _split_column(columns, partition.column, self._context.plan_path)
        kind = _kind(column)
        name = _quoted(column.name)
        cursor.execute(f"SELECT {_ENDS[kind or ''].format(name)} FROM ({query}\n) AS beamline_query")
        low, high = cursor.fetchone()
        if low is None or high is None:
            return [""]
        low, high = int(low), int(high)
        few = self._context.workers * 4
        # connectorx reads ahead of what follows without a limit but the end of the range.
        wanted = max(few, min((high - low) // _RANGE_ROWS, _MOST_RANGES)) if kind == "integer" else few
        parts = min(partition.parts or wanted, high - low + 1)
        numbers = sorted({low + (high - low + 1) * part // parts for part in range(1, parts)})
        if not numbers:
            return [""]
        bounds = [
            str(number) if kind == "integer" else f"'{_EPOCH + datetime.timedelta(seconds=number)}'"
            for number in numbers
        ]
        middle = [f"{name} >= {one} AND {name} < {two}" for one, two in pairwise(bounds)]
        return [f"{name} < {bounds[0]} OR {name} IS NULL", *middle, f"{name} >= {bounds[-1]}"]


def _describe(cursor: Any, connection: Connection, query: str) -> list[Column]:
    with failures.named(connection, query):
        # Only checks the text as it was written, so that the place of an error is right.
        cursor.execute("SET @beamline_query = %s", [query])
        cursor.execute("PREPARE beamline_statement FROM @beamline_query")
        cursor.execute("DEALLOCATE PREPARE beamline_statement")
    with failures.named(connection, query):
        cursor.execute(f"SELECT * FROM ({query}\n) AS beamline_query LIMIT 0")
    return [column_of(field) for field in cursor._result.fields]


def _with_text(columns: list[Column], as_text: list[str]) -> list[Column]:
    names = [column.name for column in columns]
    for name in as_text:
        if name not in names:
            near = did_you_mean(name, names)
            raise ConfigError(f"as_text  no column is named `{name}`{near} ({', '.join(names)})")
    chosen = [
        replace(column, mapping=Mapping(pa.string(), column.as_text)) if column.name in as_text else column
        for column in columns
    ]
    problems = [
        f"column `{column.name}` ({column.server_type}) {column.problem}"
        for column in chosen
        if column.mapping is None
    ]
    if problems:
        raise DataError("; ".join(problems) + "; or read it as text: list it in `as_text`")
    return chosen


def _statement(query: str, columns: list[Column], where: str) -> str:
    shown = []
    for column in columns:
        name = _quoted(column.name)
        expression = "{}" if column.mapping is None else column.mapping.expression
        shown.append(name if expression == "{}" else f"{expression.format(name)} AS {name}")
    condition = f" WHERE {where}" if where else ""
    return f"SELECT {', '.join(shown)} FROM ({query}\n) AS beamline_query{condition}"


def _split_column(columns: list[Column], name: str, path: str) -> Column:
    where = f"{path}.parameters.partition.column"
    for column in columns:
        if column.name == name:
            if _kind(column) is None:
                raise ConfigError(
                    f"{where}  `{name}` is {column.server_type}; a read is split by an integer, a date, "
                    "a datetime or a timestamp"
                )
            return column
    names = [column.name for column in columns]
    raise ConfigError(f"{where}  no column is named `{name}`{did_you_mean(name, names)} ({', '.join(names)})")


def _kind(column: Column) -> str | None:
    kind = None if column.mapping is None else column.mapping.arrow
    if kind is not None and pa.types.is_integer(kind):
        return "integer"
    return "time" if kind is not None and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)) else None


def _check_agreement(described: list[list[Column]], where: str) -> None:
    first = [(column.name, column.server_type) for column in described[0]]
    for number, columns in enumerate(described[1:], 2):
        other = [(column.name, column.server_type) for column in columns]
        if other != first:
            one = ", ".join(f"{name} {kind}" for name, kind in first)
            two = ", ".join(f"{name} {kind}" for name, kind in other)
            raise ConfigError(
                f"{where}  queries 1 and {number} must return the same columns; got\n"
                f"  1: {one}\n  {number}: {two}"
            )


def _table(name: str) -> str:
    if "`" in name:
        return name
    return ".".join(_quoted(part) for part in name.split("."))


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"

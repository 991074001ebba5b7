"""Computes columns with SQL expressions over the columns of one row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pyarrow as pa

from beam_pipeline.errors import ConfigError, SqlError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.sql import duckdb_errors, duckdb_session

_BEFORE = "SELECT ("
# What the parser's tree calls an expression that looks beyond its row.
_BEYOND = {"WINDOW": "a window function", "SUBQUERY": "a subquery"}
_AGGREGATES = """
    SELECT function_name FROM duckdb_functions() GROUP BY ALL
    HAVING bool_and(function_type = 'aggregate') OR function_name = 'unnest'
"""


class Computer:
    """The expressions of one step.

    Args:
        expressions: SQL by the new column's name.
        context: The step, for messages.

    Raises:
        SqlError: An expression cannot be parsed; the message shows the place.
        ConfigError: It is more than one expression, or looks beyond its row.
    """

    def __init__(self, expressions: dict[str, str], context: StepContext) -> None:
        self._expressions = expressions
        self._context = context
        self._connection = duckdb_session.open_session(threads=1, timezone=context.timezone)
        for name, expression in expressions.items():
            self._check(name, expression)

    def close(self) -> None:
        """Closes the session."""
        self._connection.close()

    def compute(self, batch: Any) -> Iterator[tuple[str, Any]]:
        """Yields each new column's name and values, one for each row of the batch.

        Raises:
            BeamlineError: Classified; the message names the column and shows the place.
        """
        import duckdb

        if not self._expressions:
            return
        self._connection.register("input", pa.Table.from_batches([batch]))
        try:
            for name, expression in self._expressions.items():
                try:
                    # A line of its own for what closes: the expression may end in a comment.
                    sql = f"{_BEFORE}{expression}\n) AS v FROM input"
                    self._connection.execute(f"EXPLAIN {sql}")
                    relation = self._storable(self._connection.sql(sql), name)
                    found = list(duckdb_session.batches(relation))
                except (duckdb.Error, OSError) as error:
                    skipped = len(f"EXPLAIN {_BEFORE}")
                    raise duckdb_errors.named(error, expression, self._what(name), skipped=skipped) from error
                yield name, self._one_each(name, found, batch.num_rows)
        finally:
            self._connection.unregister("input")

    def _check(self, name: str, expression: str) -> None:
        import duckdb

        sql = f"{_BEFORE}{expression}\n)"
        try:
            statements = self._connection.extract_statements(sql)
            tree = self._connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()[0]
        except duckdb.Error as error:
            raise duckdb_errors.named(error, expression, self._what(name), skipped=len(_BEFORE)) from error
        parsed = json.loads(tree)
        chosen = parsed["statements"][0]["node"].get("select_list", []) if not parsed["error"] else []
        if len(statements) != 1 or len(chosen) != 1:
            raise ConfigError(f"{self._path(name)}  must be one SQL expression, got `{expression}`")
        for kind, function in _nodes(chosen):
            what = _BEYOND.get(kind)
            if what is None and function in self._aggregates:
                what = f"the function `{function}`"
            if what is not None:
                raise ConfigError(
                    f"{self._path(name)}  holds {what}, which looks at other rows or makes new ones; use "
                    "an `sql` transform"
                )

    @cached_property
    def _aggregates(self) -> set[str]:
        return {row[0] for row in self._connection.execute(_AGGREGATES).fetchall()}

    def _storable(self, relation: Any, name: str) -> Any:
        kind = relation.types[0]
        stored = duckdb_session.storable(kind)
        if isinstance(stored, duckdb_session.Unstorable):
            raise SqlError(
                f"{self._what(name)}: its type is {stored.kind}, which cannot be stored exactly: "
                f"{stored.reason}; cast it, for example to text with `::text`"
            )
        return relation if stored == str(kind) else relation.project(f"CAST(v AS {stored}) AS v")

    def _one_each(self, name: str, found: list[Any], rows: int) -> Any:
        values = pa.Table.from_batches(found).column(0).combine_chunks()
        if len(values) != rows:
            raise ConfigError(
                f"{self._path(name)}  gives {len(values)} values for {rows} rows; an expression gives one "
                "for each, use an `sql` transform for what looks at several"
            )
        return values

    def _what(self, name: str) -> str:
        return f"transform {self._context.step}, computed column `{name}`"

    def _path(self, name: str) -> str:
        return f"{self._context.plan_path}.parameters.computed.{name}"


def _nodes(node: Any) -> Iterator[tuple[str, str | None]]:
    """The class of each expression of a parsed tree, and the name of a function."""
    if isinstance(node, dict):
        if isinstance(node.get("class"), str):
            yield node["class"], node.get("function_name")
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _nodes(child)

"""Deals rows into parts by the values of their key columns.

Equal values are dealt alike, whatever the width of their types: `1::int`, `1::bigint` and
`1.00::numeric` meet in one part, and so do NULLs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
import pyarrow as pa

from beam_pipeline.errors import ConfigError
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.sql import duckdb_session
from beam_pipeline.sql.duckdb_session import quoted

# Through its text a decimal becomes the nearest double, as the same number in another scale does. The
# sum makes one zero of -0 and 0.
_AS_NUMBER = {
    "integer": "CAST({0} AS DOUBLE) + 0.0",
    "decimal": "CAST(CAST({0} AS VARCHAR) AS DOUBLE) + 0.0",
    "floating": "CAST({0} AS DOUBLE) + 0.0",
}


def family(kind: Any) -> str | None:
    """The types whose equal values meet: number, text, boolean, moment, …; None for no key at all."""
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return "number"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return "timestamp with time zone"
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "date or timestamp"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_time(kind):
        return "time"
    if pa.types.is_binary(kind):
        return "bytes"
    return "uuid" if kind == pa.uuid() else None


class Dealer:
    """Deals the batches of one input.

    Args:
        keys: Its key columns, in the order in which other inputs name theirs.
        parts: How many parts there are.
        what: What messages begin with.
    """

    def __init__(self, keys: list[str], parts: int, what: str) -> None:
        self._keys = keys
        self._parts = parts
        self._what = what
        self._connection = duckdb_session.open_session(threads=1)

    def close(self) -> None:
        """Closes the session."""
        self._connection.close()

    def deal(self, batch: Any) -> Iterator[tuple[int, Any]]:
        """Yields the rows of each part that has any.

        Raises:
            ConfigError: A key column is missing, or its type is no key.
        """
        keys = ", ".join(self._normal(batch.schema, key) for key in self._keys)
        columns = pa.Table.from_batches([batch]).select(self._keys)
        self._connection.register("batch", columns)
        sql = f"SELECT (hash({keys}) % {self._parts})::INTEGER AS part FROM batch"
        parts = self._connection.execute(sql).fetchnumpy()["part"]
        self._connection.unregister("batch")
        order = numpy.argsort(parts, kind="stable")
        dealt = batch.take(pa.array(order))
        edges = numpy.searchsorted(parts[order], numpy.arange(self._parts + 1))
        for part in range(self._parts):
            start, end = int(edges[part]), int(edges[part + 1])
            if end > start:
                yield part, dealt.slice(start, end - start)

    def check(self, schema: Any) -> None:
        """Checks the key columns of a schema.

        Raises:
            ConfigError: One is missing, or its type is no key.
        """
        for key in self._keys:
            self._normal(schema, key)

    def _normal(self, schema: Any, key: str) -> str:
        """An expression that is equal for equal values."""
        if key not in schema.names:
            near = did_you_mean(key, schema.names)
            raise ConfigError(
                f"{self._what}: there is no column `{key}`{near}; the columns are {', '.join(schema.names)}"
            )
        kind, column = schema.field(key).type, quoted(key)
        found = family(kind)
        if found is None:
            raise ConfigError(
                f"{self._what}: column `{key}` is {kind}, which cannot bring rows together; cast it to "
                "text or a number in a step before this one"
            )
        if found == "number":
            shape = "decimal" if pa.types.is_decimal(kind) else "floating"
            number = _AS_NUMBER["integer" if pa.types.is_integer(kind) else shape].format(column)
            return f"CASE WHEN isnan({number}) THEN 'nan'::DOUBLE ELSE {number} END"
        return f"CAST({column} AS TIMESTAMP)" if found == "date or timestamp" else column

"""Splits a query into conditions that, together, hold of every row exactly once."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import psycopg
import pyarrow as pa

from beam_pipeline.modules.source.postgres.columns.names import quoted
from beam_pipeline.modules.source.postgres.columns.types import Column
from beam_pipeline.reading import columns as reading

# Below this a table is read sooner than a second connection pays off.
_SMALL_BYTES = 16 << 20

# For each kind of column: from a value to an integer, and back to text.
_AS_NUMBER = {
    "integer": "{}::int8",
    "date": "({} - DATE '2000-01-01')::int8",
    "timestamp": "(extract(epoch FROM {}) * 1000000)::int8",
}
_AS_TEXT = {
    "integer": "n::text",
    "date": "(DATE '2000-01-01' + n::int4)::text",
    "timestamp": "(to_timestamp(n / 1000000) AT TIME ZONE 'UTC')::text",
}


def column_of(columns: list[Column], name: str, path: str) -> Column:
    """Finds the column to split by.

    Raises:
        ConfigError: There is none of that name, or its type has no ranges.
    """
    allowed = "an integer, a date or a timestamp"
    return reading.split_column(columns, name, path, _kind, allowed)


def by_column(control: psycopg.Connection[Any], query: str, column: Column, parts: int) -> list[str]:
    """Splits by equal ranges between the least and the greatest value.

    The first range is open below and holds the NULLs, the last is open above: infinite values, and
    rows that come later, are in one of them.
    """
    kind = _kind(column)
    assert kind is not None
    name = quoted(column.name)
    finite = "" if kind == "integer" else f" FILTER (WHERE pg_catalog.isfinite({name}))"
    ends = ", ".join(_AS_NUMBER[kind].format(f"({function}({name}){finite})") for function in ("min", "max"))
    row = control.execute(f"SELECT {ends} FROM ({query}\n) AS beamline_query").fetchone()
    assert row is not None
    low, high = row
    if low is None:
        return [""]
    parts = min(parts, high - low + 1)
    bounds = sorted({low + (high - low + 1) * part // parts for part in range(1, parts)})
    if kind == "timestamp":  # whole seconds
        bounds = sorted({bound // 1_000_000 * 1_000_000 for bound in bounds})
    if not bounds:
        return [""]
    texts = control.execute(
        f"SELECT {_AS_TEXT[kind]} FROM unnest(%s::int8[]) WITH ORDINALITY AS b(n, i) ORDER BY i",
        [bounds],
    ).fetchall()
    cast = "int8" if kind == "integer" else column.server_type
    literals = [f"'{text}'::{cast}" for (text,) in texts]
    return reading.conditions(name, literals)


def by_place(control: psycopg.Connection[Any], table: str, wanted: int | None, workers: int) -> list[str]:
    """Splits a table by the pages that its rows lie in; only safe within one snapshot."""
    row = control.execute(
        """
        SELECT c.relkind IN ('r', 'm', 't'), pg_catalog.pg_relation_size(c.oid),
               pg_catalog.current_setting('block_size')::int8
        FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(%s)
        """,
        [table],
    ).fetchone()
    if row is None or not row[0]:
        return [""]
    _, size, block = row
    pages = size // block
    parts = wanted or (workers * 2 if size > _SMALL_BYTES else 1)
    bounds = sorted({pages * part // parts for part in range(1, parts)} - {0})
    if not bounds:
        return [""]
    literals = [f"'({page},0)'::tid" for page in bounds]
    middle = [f"ctid >= {one} AND ctid < {two}" for one, two in pairwise(literals)]
    return [f"ctid < {literals[0]}", *middle, f"ctid >= {literals[-1]}"]


def _kind(column: Column) -> str | None:
    if column.mapping is None or column.is_array:
        return None
    kind = column.mapping.arrow
    if pa.types.is_signed_integer(kind):
        return "integer"
    if pa.types.is_date(kind):
        return "date"
    return "timestamp" if pa.types.is_timestamp(kind) else None

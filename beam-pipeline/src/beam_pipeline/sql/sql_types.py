"""Column types by their SQL names: DuckDB's, one vocabulary wherever a config names a type."""

from __future__ import annotations

from functools import cache
from typing import Any

import pyarrow as pa

from beam_pipeline.sql import duckdb_session

EXAMPLES = "bigint, double, decimal(12,2), text, boolean, date, time, timestamp, timestamptz, uuid, json"


@cache
def arrow_type(name: str) -> Any:
    """The Arrow type that holds an SQL type exactly.

    Raises:
        ValueError: There is no such type, or nothing holds it; the message says so.
    """
    import duckdb

    with duckdb_session.open_session(threads=1) as connection:
        try:
            kind = connection.type(name)
        except duckdb.Error:
            raise ValueError(f"`{name}` is not a type; types are for example {EXAMPLES}") from None
        stored = duckdb_session.storable(kind)
        if isinstance(stored, duckdb_session.Unstorable):
            raise ValueError(f"`{name}` cannot be stored exactly: {stored.reason}")
        relation = connection.sql(f"SELECT CAST(NULL AS {stored}) AS v")
        return next(duckdb_session.batches(relation)).schema.field(0).type


@cache
def sql_type(kind: Any) -> str:
    """The SQL name of an Arrow type, in lower case, for messages."""
    with duckdb_session.open_session(threads=1) as connection:
        relation = connection.from_arrow(pa.table({"v": pa.nulls(0, kind)}))
        name = str(relation.types[0]).lower()
    shown = {"varchar": "text", "timestamp with time zone": "timestamptz"}
    return shown.get(name, name)

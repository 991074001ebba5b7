"""The size of a table as the service counts it.

https://cloud.google.com/bigquery/pricing#data: sizes by type; NULL counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.fields import Field
from bigquery_emulator.tables.names import quote

_FIXED = {
    "INTEGER": 8, "FLOAT": 8, "BOOLEAN": 1, "TIMESTAMP": 8, "DATE": 8, "TIME": 8, "DATETIME": 8,
    "NUMERIC": 16, "BIGNUMERIC": 32,
}  # fmt: skip


def logical_bytes(cursor: Cursor, table: str, fields: Sequence[Field]) -> int:
    """The size of a table's rows in bytes."""
    if not fields:
        return 0
    sizes = _sum([_size(quote(field["name"]), field, 0) for field in fields])
    row = cursor.execute(f"SELECT coalesce(sum({sizes}), 0) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def _size(value: str, field: Field, depth: int) -> str:
    if field["mode"] == "REPEATED":
        name = f"_{depth}"
        one = _size(name, {**field, "mode": "NULLABLE"}, depth + 1)
        return f"coalesce(list_sum(list_transform({value}, lambda {name}: {one})), 0)"
    if field["type"] == "RECORD":
        parts = [_size(f"{value}.{quote(part['name'])}", part, depth) for part in field["fields"]]
        return _sum(parts)
    if field["type"] in _FIXED:
        return f"if({value} IS NULL, 0, {_FIXED[field['type']]})"
    length = f"octet_length({value})" if field["type"] == "BYTES" else f"strlen(CAST({value} AS VARCHAR))"
    return f"coalesce(2 + {length}, 0)"


def _sum(parts: Sequence[str]) -> str:
    """Not `a + b + c …`, which is nested once for each column: DuckDB takes 1,000 of them."""
    return f"list_sum([{', '.join(parts)}])"

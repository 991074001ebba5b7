"""Dates and times that DuckDB has and BigQuery has not: infinity, years before 1 or after 9999, 24:00:00.

The ranges: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types. The words of a load that
is refused: https://github.com/googleapis/python-bigquery/issues/61, of a query:
https://github.com/dbcrossbar/dbcrossbar/issues/166; for DATE and TIME they are assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bigquery_emulator.errors import BigQueryError, invalid, invalid_query
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.fields import Field
from bigquery_emulator.tables.names import quote

_RANGES = {
    "DATE": ("0001-01-01", "9999-12-31"),
    "DATETIME": ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
    "TIMESTAMP": ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
    "TIME": ("00:00:00", "23:59:59.999999"),
}
_DUCKDB = {"DATE": "DATE", "DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ", "TIME": "TIME"}


def check_ranges(cursor: Cursor, table: str, fields: Sequence[Field], *, load: bool) -> None:
    """Looks at what was just written to a table.

    Args:
        cursor: The transaction that wrote.
        table: Its name in DuckDB's SQL.
        fields: Its columns.
        load: Whether a load job wrote; else a statement did.

    Raises:
        BigQueryError: A value is out of the range of its type.
    """
    leaves = [leaf for field in fields for leaf in _leaves(quote(field["name"]), field, field["name"])]
    if not leaves:
        return
    found = ", ".join(f"any_value({example})" for _, _, example in leaves)
    row = cursor.execute(f"SELECT {found} FROM {table}").fetchone()
    assert row is not None
    for (name, kind, _), example in zip(leaves, row, strict=True):
        if example is not None:
            raise _out_of_range(name, kind, example, load)


def _leaves(value: str, field: Field, path: str, depth: int = 0) -> Iterator[tuple[str, str, str]]:
    """Path, type and SQL of the text of a value that is out of range, else NULL."""
    if field["mode"] == "REPEATED":
        name = f"_{depth}"
        for inner, kind, example in _leaves(name, {**field, "mode": "NULLABLE"}, path, depth + 1):
            yield inner, kind, f"list_any_value(list_transform({value}, lambda {name}: {example}))"
    elif field["type"] == "RECORD":
        for part in field["fields"]:
            yield from _leaves(f"{value}.{quote(part['name'])}", part, f"{path}.{part['name']}", depth)
    elif field["type"] in _RANGES:
        kind = _DUCKDB[field["type"]]
        low, high = (f"{kind} '{end}'" for end in _RANGES[field["type"]])
        yield path, field["type"], f"if({value} NOT BETWEEN {low} AND {high}, CAST({value} AS VARCHAR), NULL)"


def _out_of_range(name: str, kind: str, value: str, load: bool) -> BigQueryError:
    low, high = _RANGES[kind]
    word = kind.lower()
    allowed = f"The range of valid {word} values is [{low}, {high}]"
    if load:
        return invalid(
            f"Error while reading data, error message: Invalid {word} value {value} for field '{name}': "
            f"generic::out_of_range: Cannot return an invalid {word} value of {value}. {allowed}"
        )
    return invalid_query(
        f"Cannot return an invalid {word} value of {value}. {allowed}; error in writing field {name}"
    )

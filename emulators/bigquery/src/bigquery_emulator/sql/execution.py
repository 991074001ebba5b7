"""DuckDB's answers and errors in BigQuery's words."""

from __future__ import annotations

from typing import Any

import duckdb
from sqlglot import exp

from bigquery_emulator.errors import BigQueryError, invalid_query, not_emulated
from bigquery_emulator.sql import dialect
from bigquery_emulator.sql.dialect import Context
from bigquery_emulator.sql.meanings import name_columns
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.destination import Rows
from bigquery_emulator.tables.fields import check_count, field_of


def selected(cursor: Cursor, query: exp.Expression, context: Context, depth: int = 0) -> Rows:
    """A query as its author wrote it, ready for DuckDB, with its columns.

    Args:
        cursor: Where tables are looked up.
        query: Is changed.
        context: What its names mean.
        depth: How many views it is inside of.

    Raises:
        BigQueryError: It is not valid, or not emulated.
    """
    name_columns(query)
    dialect.prepare(cursor, query, context, depth=depth)
    sql = dialect.duckdb_sql(query)
    with translated_errors():
        return _described(cursor, sql)


def _described(cursor: Cursor, sql: str) -> Rows:
    columns = cursor.execute(f"DESCRIBE {sql}").fetchall()
    seen: set[str] = set()
    for name in (each.lower() for each, *_ in columns):
        if name in seen:
            raise invalid_query(
                f"Duplicate column names in the result are not supported. Found duplicate(s): {name}"
            )
        seen.add(name)
    fields = [field_of(name, duckdb.sqltype(kind)) for name, kind, *_ in columns]
    check_count(fields)
    return Rows(sql, fields)


class translated_errors:  # noqa: N801
    """Says DuckDB's errors as BigQuery's."""

    def __enter__(self) -> None:
        """Does nothing."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Raises another error in place of DuckDB's."""
        if isinstance(error, duckdb.InterruptException):
            raise BigQueryError(
                "stopped", "Job execution was cancelled: User requested cancellation"
            ) from None
        if isinstance(error, duckdb.Error):
            first = str(error).splitlines()[0]
            if "Function with name" in first:
                raise not_emulated(first.removeprefix("Catalog Error: ")) from None
            if "executing the UDF: ValueError: " in first:
                raise invalid_query(
                    f"Invalid input to PARSE_JSON: {first.split('ValueError: ')[1]}"
                ) from None
            raise invalid_query(first) from None

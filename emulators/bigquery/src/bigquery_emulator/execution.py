"""DuckDB's answers and errors in BigQuery's words."""

from __future__ import annotations

from typing import Any

import duckdb

from bigquery_emulator.database import Cursor
from bigquery_emulator.destination import Rows
from bigquery_emulator.errors import BigQueryError, invalid_query, not_emulated
from bigquery_emulator.fields import check_count, field_of


def described(cursor: Cursor, sql: str) -> Rows:
    """A query with its columns."""
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

"""Rows as REST answers with them: every value is a string."""

from __future__ import annotations

import base64
import datetime
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bigquery_emulator.errors import invalid
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.fields import Field
from bigquery_emulator.tables.names import quote

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
TIMESTAMP_FORMATS = ("FLOAT64", "INT64", "ISO8601_STRING")


def timestamp_format(options: dict[str, Any]) -> str:
    """How timestamps are written, from DataFormatOptions.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/DataFormatOptions
    """
    wanted = options.get("timestampOutputFormat") or "TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED"
    as_integer = str(options.get("useInt64Timestamp", "")).lower() == "true"
    if wanted == "TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED":
        return "INT64" if as_integer else "FLOAT64"
    if wanted not in TIMESTAMP_FORMATS:
        raise invalid(f"Invalid value for timestampOutputFormat: {wanted}")
    return str(wanted)


def read_page(
    cursor: Cursor, table: str, fields: Sequence[Field], start: int, length: int, timestamps: str
) -> list[dict[str, Any]]:
    """Rows of a table, from row `start` of it on.

    Args:
        cursor: Where to read.
        table: Its name in SQL.
        fields: The columns to read.
        start: How many rows to pass over.
        length: How many rows to read at most.
        timestamps: One of TIMESTAMP_FORMATS.
    """
    if not fields or length <= 0:
        return []
    names = ", ".join(quote(field["name"]) for field in fields)
    statement = f"SELECT {names} FROM {table} ORDER BY rowid LIMIT {length} OFFSET {start}"
    return read_rows(cursor, statement, fields, timestamps)


def read_rows(
    cursor: Cursor, statement: str, fields: Sequence[Field], timestamps: str
) -> list[dict[str, Any]]:
    """All rows of a query whose columns are `fields`."""
    found = cursor.execute(statement).to_arrow_table()
    columns = [
        [_cell(value, field, timestamps) for value in column.to_pylist()]
        for column, field in zip(found.columns, fields, strict=True)
    ]
    return [{"f": list(row)} for row in zip(*columns, strict=True)]


def _cell(value: Any, field: Field, timestamps: str) -> dict[str, Any]:
    if field["mode"] == "REPEATED":
        one = {**field, "mode": "NULLABLE"}
        return {"v": [_cell(each, one, timestamps) for each in value or []]}
    if value is None:
        return {"v": None}
    if field["type"] == "RECORD":
        parts = zip(value.values(), field["fields"], strict=True)
        return {"v": {"f": [_cell(part, of, timestamps) for part, of in parts]}}
    return {"v": _text(value, field["type"], timestamps)}


def _text(value: Any, kind: str, timestamps: str) -> str:
    match kind:
        case "BYTES":
            return base64.b64encode(value).decode()
        case "BOOLEAN":
            return "true" if value else "false"
        case "FLOAT":
            return float_text(value)
        case "NUMERIC" | "BIGNUMERIC":
            return decimal_text(value)
        case "TIMESTAMP":
            return _timestamp_text(value, timestamps)
        case "DATETIME" | "DATE" | "TIME":
            return str(value.isoformat())
        case _:
            return str(value)


def float_text(value: float) -> str:
    """A FLOAT64 as REST writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))


def decimal_text(value: Decimal | int) -> str:
    """A NUMERIC as REST writes it: without an exponent and without zeros at its end."""
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _timestamp_text(value: datetime.datetime, form: str) -> str:
    microseconds = (value - _EPOCH) // _MICROSECOND
    if form == "INT64":
        return str(microseconds)
    if form == "ISO8601_STRING":
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").zfill(26) + "Z"
    return _seconds_text(microseconds)


def _seconds_text(microseconds: int) -> str:
    """Seconds with six decimals; Python and Node read the same double that the service's form gives."""
    sign = "-" if microseconds < 0 else ""
    seconds, rest = divmod(abs(microseconds), 1_000_000)
    return f"{sign}{seconds}.{rest:06d}"

"""Which Arrow type holds which BigQuery type, exactly.

What is not here has no faithful mapping: it is an error that names the column. `README.md` beside this
file holds the same table for users, and a test reads every row of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from beam_pipeline.errors import DataError
from beam_pipeline.window import CursorType

MAX_DECIMAL128 = 38
# BIGNUMERIC has 76 digits and a part of the 77th (BigQuery's reference, "Decimal types").
MAX_DECIMAL256 = 76

# Both names of a type: GoogleSQL's, and the older one that schemas show.
_SCALARS: dict[str, Any] = {
    "BOOL": pa.bool_(),
    "BOOLEAN": pa.bool_(),
    "INT64": pa.int64(),
    "INTEGER": pa.int64(),
    "FLOAT64": pa.float64(),
    "FLOAT": pa.float64(),
    "STRING": pa.string(),
    "BYTES": pa.binary(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "DATETIME": pa.timestamp("us"),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "JSON": pa.json_(),
    # Text in well-known form is what every other system takes.
    "GEOGRAPHY": pa.string(),
}
_PICOSECONDS = 12
_CURSORS: dict[str, CursorType] = {
    "DATE": "date",
    "DATETIME": "timestamp",
    "TIMESTAMP": "timestamptz",
    "INT64": "integer",
}


@dataclass(frozen=True)
class Column:
    """One column of a result, or one field of a struct.

    Attributes:
        name: As BigQuery names it.
        server_type: As BigQuery writes it, for messages.
        arrow: The type that holds it.
    """

    name: str
    server_type: str
    arrow: Any


def columns_of(schema: Sequence[Any]) -> list[Column]:
    """The columns of a schema of `google.cloud.bigquery.SchemaField`.

    Raises:
        DataError: A column has no exact counterpart; names every such column.
    """
    problems: list[str] = []
    columns = [
        Column(field.name, type_name(field), _arrow_type(field, field.name, problems)) for field in schema
    ]
    if problems:
        raise DataError("; ".join(problems))
    return columns


def schema_of(columns: Sequence[Column]) -> Any:
    """The Arrow schema of the columns."""
    return pa.schema([pa.field(column.name, column.arrow) for column in columns])


def cursor_types(schema: Sequence[Any]) -> dict[str, tuple[str, CursorType | None]]:
    """What the columns are for a window (beam_pipeline/modules/cursor_column.py), by name."""
    return {field.name: (type_name(field), _CURSORS.get(type_name(field))) for field in schema}


def type_name(field: Any) -> str:
    """The type of a field as GoogleSQL writes it, without the fields of a struct."""
    old = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
    kind = str(field.field_type).upper()
    name = old.get(kind, kind)
    if field.precision is not None:
        scale = "" if field.scale is None else f", {field.scale}"
        name += f"({field.precision}{scale})"
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name


def _arrow_type(field: Any, path: str, problems: list[str]) -> Any:
    found = _element_type(field, path)
    if field.field_type.upper() in ("RECORD", "STRUCT"):
        found = pa.struct(
            [
                pa.field(child.name, _arrow_type(child, f"{path}.{child.name}", problems))
                for child in field.fields
            ]
        )
    if isinstance(found, str):
        problems.append(found)
        found = pa.null()
    return pa.list_(found) if field.mode == "REPEATED" else found


def _element_type(field: Any, path: str) -> Any:
    """The Arrow type, or a text that says why there is none."""
    kind = field.field_type.upper()
    if kind in ("NUMERIC", "BIGNUMERIC"):
        return _decimal(kind, field.precision, field.scale)
    if kind == "TIMESTAMP" and getattr(field, "timestamp_precision", None) is not None:
        precision = getattr(field.timestamp_precision, "value", field.timestamp_precision)
        if precision == _PICOSECONDS:
            return (
                f"column `{path}` (TIMESTAMP(12)) has picoseconds, and Parquet has none; use a query that "
                f"casts it: CAST({path} AS TIMESTAMP) or CAST({path} AS STRING)"
            )
    return _SCALARS.get(
        kind,
        f"column `{path}` ({type_name(field)}) has no exact counterpart in Arrow; use a query that casts it"
        f"{_EXAMPLES.get(kind, '').format(path)}, or leaves it out",
    )


_EXAMPLES = {
    "INTERVAL": ", for example CAST({0} AS STRING)",
    "RANGE": ", for example to RANGE_START({0}) and RANGE_END({0})",
}


def _decimal(kind: str, precision: int | None, scale: int | None) -> Any:
    if precision is None:
        return pa.decimal128(38, 9) if kind == "NUMERIC" else pa.decimal256(76, 38)
    digits, places = int(precision), int(scale or 0)
    if digits <= MAX_DECIMAL128:
        return pa.decimal128(digits, places)
    return pa.decimal256(min(digits, MAX_DECIMAL256), places)

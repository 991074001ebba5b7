"""Which Arrow type holds which MySQL type, exactly.

What the reader would change or could not read (decimals, dates that may be 0000-00-00, bits) is cast on
the server first and made exact here. `README.md` beside this file holds the same table for users, and a
test reads every row of it from a real server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from asyncmy.constants import FIELD_TYPE, FLAG

from beam_pipeline.window import CursorType

MAX_DECIMAL = 38
_BINARY_CHARSET = 63


@dataclass(frozen=True)
class Mapping:
    """How one MySQL type is read.

    Attributes:
        arrow: The column's type in Arrow.
        expression: `{}` in it is the column; the server evaluates it, and sends it as text.
    """

    arrow: Any
    expression: str = "{}"


@dataclass(frozen=True)
class Column:
    """One column of a result: `mapping` is None where `problem` says why there is no exact one."""

    name: str
    server_type: str
    mapping: Mapping | None
    problem: str | None = None
    as_text: str = "CAST({} AS CHAR)"


def cursor_type(column: Column) -> CursorType | None:
    """What the column is for a window; None where it has none."""
    kind = None if column.mapping is None else column.mapping.arrow
    if kind is None:
        return None
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.tz is None else "timestamptz"
    if pa.types.is_date(kind):
        return "date"
    return "integer" if pa.types.is_integer(kind) and not column.server_type.startswith("BIT") else None


_INTEGERS: dict[int, tuple[str, Any, Any]] = {
    FIELD_TYPE.TINY: ("TINYINT", pa.int8(), pa.uint8()),
    FIELD_TYPE.SHORT: ("SMALLINT", pa.int16(), pa.uint16()),
    FIELD_TYPE.INT24: ("MEDIUMINT", pa.int32(), pa.uint32()),
    FIELD_TYPE.LONG: ("INT", pa.int32(), pa.uint32()),
    FIELD_TYPE.LONGLONG: ("BIGINT", pa.int64(), pa.uint64()),
}
_TEXT = "CAST({} AS CHAR)"
# The same text, of a number or a date, which is always shorter; CAST costs the server a third more time.
_SHORT_TEXT = "LEFT({}, 99)"
_OTHERS: dict[int, tuple[str, Mapping]] = {
    # As text the server rounds it to 6 digits, but not a DOUBLE.
    FIELD_TYPE.FLOAT: ("FLOAT", Mapping(pa.float32(), "{} + 0e0")),
    FIELD_TYPE.DOUBLE: ("DOUBLE", Mapping(pa.float64())),
    FIELD_TYPE.DATE: ("DATE", Mapping(pa.date32(), _SHORT_TEXT)),
    FIELD_TYPE.NEWDATE: ("DATE", Mapping(pa.date32(), _SHORT_TEXT)),
    FIELD_TYPE.DATETIME: ("DATETIME", Mapping(pa.timestamp("us"), _SHORT_TEXT)),
    FIELD_TYPE.TIMESTAMP: ("TIMESTAMP", Mapping(pa.timestamp("us", tz="UTC"), _SHORT_TEXT)),
    FIELD_TYPE.TIME: (
        "TIME",
        Mapping(pa.time64("us"), "TIMESTAMPDIFF(MICROSECOND, '2000-01-01', TIMESTAMP('2000-01-01', {}))"),
    ),
    FIELD_TYPE.YEAR: ("YEAR", Mapping(pa.int16())),
    FIELD_TYPE.JSON: ("JSON", Mapping(pa.json_(), _TEXT)),
}
_STRINGS = (
    FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING, FIELD_TYPE.BLOB,
    FIELD_TYPE.TINY_BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.ENUM, FIELD_TYPE.SET,
)  # fmt: skip


def column_of(field: Any) -> Column:
    """The column that a result's metadata describe."""
    kind, length, name = field.type_code, field.length, field.name
    unsigned = bool(field.flags & FLAG.UNSIGNED)
    if kind in _INTEGERS:
        server_type, signed_type, unsigned_type = _INTEGERS[kind]
        if kind == FIELD_TYPE.TINY and length == 1 and not unsigned:
            return Column(name, "TINYINT(1)", Mapping(pa.bool_()))
        if unsigned:
            return Column(name, f"{server_type} UNSIGNED", Mapping(unsigned_type))
        return Column(name, server_type, Mapping(signed_type))
    if kind in (FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.DECIMAL):
        return _decimal(name, length - (field.scale > 0) - (not unsigned), field.scale)
    if kind == FIELD_TYPE.BIT:
        number = Mapping(pa.bool_() if length == 1 else pa.uint64(), "CAST({} AS UNSIGNED)")
        return Column(name, f"BIT({length})", number, as_text="BIN({})")
    if kind in _OTHERS:
        server_type, mapping = _OTHERS[kind]
        return Column(name, server_type, mapping)
    if kind in _STRINGS:
        if field.charsetnr == _BINARY_CHARSET:
            return Column(name, "BLOB", Mapping(pa.binary()), as_text="HEX({})")
        return Column(name, "TEXT", Mapping(pa.string()))
    if kind == FIELD_TYPE.GEOMETRY:
        problem = "has no exact counterpart in Arrow"
        return Column(name, "GEOMETRY", None, problem, as_text="ST_AsText({})")
    return Column(name, f"type {kind}", None, "has no exact counterpart in Arrow")


def _decimal(name: str, precision: int, scale: int) -> Column:
    server_type = f"DECIMAL({precision},{scale})"
    if precision > MAX_DECIMAL:
        problem = f"has {precision} digits, and a decimal holds {MAX_DECIMAL}; cast it in the query"
        return Column(name, server_type, None, problem)
    return Column(name, server_type, Mapping(pa.decimal128(precision, scale), _SHORT_TEXT))

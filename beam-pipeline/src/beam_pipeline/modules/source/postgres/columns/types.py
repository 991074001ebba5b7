"""Which Arrow type holds which PostgreSQL type, exactly.

What is not here has no faithful mapping: it is an error that names the column, or text if `as_text`
lists the column. `README.md` beside this file holds the same table for users, and a test reads every
row of it from a real server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from beam_pipeline.window import CursorType

MAX_DECIMAL = 38


@dataclass(frozen=True)
class Mapping:
    """How one PostgreSQL type is read.

    Attributes:
        arrow: The column's type in Arrow.
        cast: The type that the server casts the column to first, if the driver cannot read it.
        expression: What is selected in place of such a cast; `{}` in it is the column.
    """

    arrow: Any
    cast: str | None = None
    expression: str | None = None

    def selected(self, name: str) -> str:
        """What is selected of a column, whose quoted name is given."""
        if self.expression is not None:
            return f"{self.expression.replace('{}', name)} AS {name}"
        return name if self.cast is None else f"{name}::{self.cast} AS {name}"


@dataclass(frozen=True)
class Column:
    """One column of a result.

    Attributes:
        name: As the server names it.
        server_type: As the server writes it, for messages.
        mapping: None where there is no faithful mapping.
        problem: Why there is none.
        is_array: Whether each value is an array.
    """

    name: str
    server_type: str
    mapping: Mapping | None
    problem: str | None = None
    is_array: bool = False


def cursor_type(column: Column) -> CursorType | None:
    """What the column is for a window; None where it has none."""
    if column.mapping is None or column.is_array:
        return None
    kind = column.mapping.arrow
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.tz is None else "timestamptz"
    if pa.types.is_date(kind):
        return "date"
    return "integer" if pa.types.is_signed_integer(kind) else None


TEXT = Mapping(pa.string())
AS_TEXT = Mapping(pa.string(), "text")
# What the server prints: a cast to text is something else for some types (the blanks of char(n) go, an inet
# gets its netmask, a boolean is a whole word). A row of NULLs is no NULL: it is printed, `(,)`.
PRINTED = Mapping(
    pa.string(), expression="CASE WHEN {} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', {}) END"
)

# By the name in pg_type, in the schema pg_catalog.
SCALARS: dict[str, Mapping] = {
    "bool": Mapping(pa.bool_()),
    "int2": Mapping(pa.int16()),
    "int4": Mapping(pa.int32()),
    "int8": Mapping(pa.int64()),
    "oid": Mapping(pa.uint32(), "int8"),
    "float4": Mapping(pa.float32()),
    "float8": Mapping(pa.float64()),
    "text": TEXT,
    "varchar": TEXT,
    "bpchar": TEXT,
    "name": TEXT,
    "char": TEXT,
    "bytea": Mapping(pa.binary()),
    "date": Mapping(pa.date32()),
    "time": Mapping(pa.time64("us")),
    "timestamp": Mapping(pa.timestamp("us")),
    "timestamptz": Mapping(pa.timestamp("us", tz="UTC")),
    "json": Mapping(pa.json_()),
    "jsonb": Mapping(pa.json_()),
    "uuid": Mapping(pa.uuid()),
    # Text is what these are, in every other system: nothing of the value is lost.
    "xml": AS_TEXT,
    "inet": AS_TEXT,
    "cidr": AS_TEXT,
    "macaddr": AS_TEXT,
    "macaddr8": AS_TEXT,
    "bit": AS_TEXT,
    "varbit": AS_TEXT,
}


def numeric(modifier: int) -> Mapping | str:
    """The mapping of `numeric`, by its type modifier, or why there is none."""
    if modifier < 4:
        return (
            "has no precision, so no decimal type is sure to hold it; cast it in the query "
            "(for example `::numeric(38, 9)`)"
        )
    precision = ((modifier - 4) >> 16) & 0xFFFF
    scale = (((modifier - 4) & 0x7FF) ^ 1024) - 1024
    # numeric(3, -2) holds 12300, numeric(2, 5) holds 0.00012.
    digits = max(precision - min(scale, 0), scale)
    if digits > MAX_DECIMAL:
        return (
            f"has {digits} digits, and a decimal holds {MAX_DECIMAL}; cast it to a smaller "
            "numeric in the query"
        )
    # The server writes the text faster than the driver takes the binary form apart, which is text, too.
    return Mapping(pa.decimal128(digits, max(scale, 0)), "text")


def scalar(name: str, kind: str, schema: str, modifier: int) -> Mapping | str:
    """The mapping of a type that is no array, or why there is none.

    Args:
        name: `typname`.
        kind: `typtype`: b(ase), c(omposite), d(omain), e(num), r(ange), m(ultirange), p(seudo).
        schema: The schema it is in.
        modifier: The column's type modifier, -1 for none.
    """
    if kind == "e":
        return TEXT
    if name == "citext" and kind == "b":
        return AS_TEXT
    if schema == "pg_catalog" and name == "numeric":
        return numeric(modifier)
    if schema == "pg_catalog" and name in SCALARS:
        return SCALARS[name]
    return "has no exact counterpart in Arrow"


def array(element: Mapping | str) -> Mapping | str:
    """The mapping of an array, from its element's."""
    if isinstance(element, str):
        return element
    cast = None if element.cast is None else f"{element.cast}[]"
    return Mapping(pa.list_(element.arrow), cast)

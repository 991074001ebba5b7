"""The rows that transforms get: some of each kind, and a column of each type that we carry."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

_moment = datetime.datetime

# The first rows have no name and no amount: a batch of these alone must not be of other types.
ROWS = pa.table(
    {
        "id": pa.array(range(1, 13), pa.int64()),
        "name": [None, None, None, "x", "é 😀", "", "x", None, "a\0b", "z" * 40, "x", "y"],
        "amount": pa.array([None, None, *(Decimal(n) / 4 for n in range(-5, 5))], pa.decimal128(12, 2)),
        "rate": [None, 0.1, -0.0, 1.5, 2.25, None, 1e300, 5e-324, -1.5, 3.0, 0.5, 7.0],
        "local": pa.array([None, *(_moment(2026, 7, n, 12, 30) for n in range(1, 12))], pa.timestamp("us")),
        "at": pa.array(
            [None, *(_moment(2026, 7, n, 12, 30) for n in range(1, 12))], pa.timestamp("us", "UTC")
        ),
        "day": pa.array([None, *(datetime.date(2026, 7, n) for n in range(1, 12))], pa.date32()),
    }
)

_LONG = Decimal("-1234567890123456789012345678.0123456789")
_MAX = 2**63 - 1
# By the name that Arrow gives the type: values at its edges, and NULL.
TYPES: dict[str, Any] = {
    "bool": pa.array([True, False, None]),
    "int8": pa.array([-128, 127, None], pa.int8()),
    "int16": pa.array([-32768, None], pa.int16()),
    "int32": pa.array([-(2**31), None], pa.int32()),
    "int64": pa.array([-(2**63), _MAX, None]),
    "uint8": pa.array([255, None], pa.uint8()),
    "uint16": pa.array([65535, None], pa.uint16()),
    "uint32": pa.array([2**32 - 1, None], pa.uint32()),
    "uint64": pa.array([2**64 - 1, None], pa.uint64()),
    "float": pa.array([1.5, float("inf"), None], pa.float32()),
    "double": pa.array([0.1, -0.0, float("-inf"), 5e-324, None]),
    "decimal128(9, 2)": pa.array([Decimal("-0.01"), None], pa.decimal128(9, 2)),
    "decimal128(38, 10)": pa.array([_LONG, None], pa.decimal128(38, 10)),
    "string": pa.array(["", "é 😀", "a\0b", "x" * 100_000, None]),
    "binary": pa.array([b"", b"\0\xff", None]),
    "date32[day]": pa.array([-719162, 2932896, 2**31 - 1, None], pa.int32()).view(pa.date32()),
    "time64[us]": pa.array([0, 86_400_000_000, None]).view(pa.time64("us")),
    "time64[ns]": pa.array([1, None]).view(pa.time64("ns")),
    "timestamp[us]": pa.array([-62135596800000000, 253402300799999999, _MAX, -_MAX, None]).view(pa.timestamp("us")),
    "timestamp[ns]": pa.array([1, -1, None], pa.timestamp("ns")),
    "timestamp[us, tz=UTC]": pa.array([-62135596800000000, 0, _MAX, None]).view(pa.timestamp("us", "UTC")),
    "extension<arrow.json>": pa.array(['{"b": 1, "a":[1.10]}', "null", None], pa.json_()),
    "extension<arrow.uuid>": pa.array([bytes(range(16)), bytes([255] * 16), None], pa.uuid()),
    "list<item: int32>": pa.array([[1, None], [], None], pa.list_(pa.int32())),
    "list<item: bool>": pa.array([[True, None], None]),
    "list<item: decimal128(8, 2)>": pa.array([[Decimal("1.25"), None], None], pa.list_(pa.decimal128(8, 2))),
    "list<item: timestamp[us, tz=UTC]>": pa.array([[0, None], None], pa.list_(pa.timestamp("us", "UTC"))),
    "list<item: extension<arrow.uuid>>": pa.array([[bytes(16), None], None], pa.list_(pa.binary(16))).cast(pa.list_(pa.uuid())),
    "list<item: list<item: string>>": pa.array([[["a", None], None], None]),
    "struct<a: bool, b: list<item: int64>>": pa.array([{"a": True, "b": [1]}, {"a": None, "b": None}, None]),
    "map<string, bool>": pa.array([[("k", True)], [], None], pa.map_(pa.string(), pa.bool_())),
}  # fmt: skip


def of_types(names: Any) -> Any:
    """A table with a column of each of these types, `i`, which numbers the rows, and `when`, a local time."""
    rows = max(len(TYPES[name]) for name in names)
    padded = {
        name: pa.concat_arrays([TYPES[name], pa.nulls(rows - len(TYPES[name]), TYPES[name].type)])
        for name in names
    }
    when = pa.array([_moment(2026, 7, 1)] * rows, pa.timestamp("us"))
    return pa.table({"i": range(rows), "when": when, **padded})

"""Stages one Parquet file with the types that are hard to keep, and prints its part of a manifest.

Usage: staged_types.py FILE GROUP
"""

import datetime as dt
import json
import os
import sys
import uuid
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

FIRST, LAST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)
UTC = dt.UTC
DAY, SECOND = 86_400, 10**6
# DuckDB's own infinities, and the first and last moments that are in no year from 1 to 9999.
DAYS = [2**31 - 1, -(2**31 - 1), 2_932_897, -719_163, None]
TIMES = [
    2**63 - 1,
    -(2**63 - 1),
    2_932_897 * DAY * SECOND,
    -719_162 * DAY * SECOND - 1,
    None,
]
ID = uuid.UUID("123e4567-e89b-12d3-a456-426614174000")

GROUPS = {
    "exact": {
        "u64": pa.array([2**64 - 1, 0, None], pa.uint64()),
        "i64": pa.array([-(2**63), 2**63 - 1, None], pa.int64()),
        "dec": pa.array(
            [Decimal("12345678901234567890123456789.123456789"), Decimal("-0.5"), None],
            pa.decimal128(38, 9),
        ),
        "time": pa.array(
            [dt.time(23, 59, 59, 999999), dt.time(0), None], pa.time64("us")
        ),
        "tz": pa.array(
            [FIRST.replace(tzinfo=UTC), LAST.replace(tzinfo=UTC), None],
            pa.timestamp("us", tz="UTC"),
        ),
        "ts": pa.array([FIRST, LAST, None], pa.timestamp("us")),
        "ns": pa.array([1, 1_700_000_000_123_456_789, None], pa.timestamp("ns")),
        "date": pa.array([FIRST.date(), LAST.date(), None], pa.date32()),
        "uuid": pa.array([ID.bytes, bytes(16), None], pa.uuid()),
        "json": pa.array(
            ['{"a": 12345678901234567890123.50,\n "b": 1}', "[]", None], pa.json_()
        ),
        "ints": pa.array([[1, None], [], None], pa.list_(pa.int64())),
        "times": pa.array(
            [[LAST.replace(tzinfo=UTC)], [], None],
            pa.list_(pa.timestamp("us", tz="UTC")),
        ),
        "pair": pa.array(
            [{"b": b"\x00\xff", "x": None}, {"b": None, "x": 0.5}, None],
            pa.struct([("b", pa.binary()), ("x", pa.float64())]),
        ),
        "map": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "bytes": pa.array([b"\x00\xff", b"", None], pa.binary()),
        "real": pa.array([0.1, float("nan"), None], pa.float64()),
        "inf": pa.array([float("inf"), float("-inf"), None], pa.float32()),
        "flag": pa.array([True, False, None], pa.bool_()),
        "text": pa.array(['\u00e9\U0001f600 "q",\n;', "", None], pa.string()),
    },
    "bigquery": {
        "i64": pa.array([-(2**63), 2**63 - 1, None], pa.int64()),
        "u32": pa.array([2**32 - 1, 0, None], pa.uint32()),
        "u64": pa.array([2**63 - 1, 0, None], pa.uint64()),
        "dec": pa.array(
            [Decimal("12345678901234567890123456789.123456789"), Decimal("-0.5"), None],
            pa.decimal128(38, 9),
        ),
        "big": pa.array(
            [Decimal("1234567890.123456789012345678"), Decimal("-0.5"), None],
            pa.decimal128(28, 18),
        ),
        "time": pa.array(
            [dt.time(23, 59, 59, 999999), dt.time(0), None], pa.time64("us")
        ),
        "tz": pa.array(
            [FIRST.replace(tzinfo=UTC), LAST.replace(tzinfo=UTC), None],
            pa.timestamp("us", tz="UTC"),
        ),
        "ts": pa.array([FIRST, LAST, None], pa.timestamp("us")),
        "ms": pa.array(
            [dt.datetime(2026, 1, 31, 9, 30), None, None], pa.timestamp("ms")
        ),
        "date": pa.array([FIRST.date(), LAST.date(), None], pa.date32()),
        "uuid": pa.array([ID.bytes, bytes(16), None], pa.uuid()),
        "json": pa.array(['{"a": 1.5, "b": [1]}', "[]", None], pa.json_()),
        "bytes": pa.array([b"\x00\xff", b"", None], pa.binary()),
        "real": pa.array([0.1, float("nan"), None], pa.float64()),
        "inf": pa.array([float("inf"), float("-inf"), None], pa.float32()),
        "flag": pa.array([True, False, None], pa.bool_()),
        "text": pa.array(['\u00e9\U0001f600 "q",\n;', "", None], pa.string()),
        "word": pa.array(["a", "b", None], pa.string()).dictionary_encode(),
    },
    "out_of_range": {
        "day": pa.array(DAYS, pa.int32()).cast(pa.date32()),
        "ts": pa.array(TIMES, pa.int64()).cast(pa.timestamp("us")),
        "tz": pa.array(TIMES, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
        "time": pa.array([DAY * SECOND, None, 0, 1, 2], pa.int64()).cast(
            pa.time64("us")
        ),
        "u64": pa.array([2**64 - 1, None, 0, 1, 2], pa.uint64()),
        "fine": pa.array([FIRST, LAST, None, FIRST, LAST], pa.timestamp("us")),
    },
    "out_of_range_day": {"day": pa.array([0, 2_932_897], pa.int32()).cast(pa.date32())},
    "json_that_is_none": {
        "twice": pa.array(
            ['{"a": {"k:": 1, "k:": 2}}', '{"a:a\\":": ":"}', "null", None], pa.json_()
        ),
        "wide": pa.array(["12345678901234567890123.5", "1.50", "-1", None], pa.json_()),
        "deep": pa.array(
            ["[" * 501 + "]" * 501, "[" * 500 + "]" * 500, '"x"', None], pa.json_()
        ),
        "nan": pa.array(['{"a": NaN}', '{"a": "NaN"}', "{}", None], pa.json_()),
    },
    "nan_key": {"id": pa.array([1.5, float("nan")]), "name": pa.array(["a", "b"])},
    "json_nulls": {
        "id": pa.array([1, 2, 3]),
        "doc": pa.array(["null", None, '{"a":null}'], pa.json_()),
    },
    "json_nulls_inside": {
        "id": pa.array([1, 2]),
        "docs": pa.ListArray.from_arrays(
            [0, 2, 3], pa.array(["[]", None, "null"], pa.json_())
        ),
        "pair": pa.StructArray.from_arrays(
            [pa.array([" null ", None], pa.json_())], ["d"]
        ),
    },
    "years": {
        "day": pa.array([-735_599, 0, 3_000_000, None], pa.int32()).cast(pa.date32()),
        "ts": pa.array(
            [-735_599 * DAY * SECOND, 0, 3_000_000 * DAY * SECOND, None],
            pa.timestamp("us"),
        ),
        "tz": pa.array(
            [-735_599 * DAY * SECOND, 0, 3_000_000 * DAY * SECOND, None],
            pa.timestamp("us", tz="UTC"),
        ),
        "days": pa.array(
            [[-735_599], [2**31 - 1], [-(2**31 - 1)], None], pa.list_(pa.date32())
        ),
    },
    "map_key_twice": {
        "m": pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int64()))
    },
    "broken_json": {"doc": pa.array(["{bad"], pa.json_())},
    "broken_text": {"name": pa.array([b"\xff"]).view(pa.string())},
    "above_int64": {"id": pa.array([2**64 - 1, 1], pa.uint64())},
    "bigquery_refused": {
        "half": pa.array([1], pa.int8()).cast(pa.float16()),
        "nothing": pa.array([None]),
        "ns": pa.array([1], pa.timestamp("ns")),
        "ints": pa.array([[1, None]], pa.list_(pa.int64())),
        "pair": pa.array([{"x": 0.5}], pa.struct([("x", pa.float64())])),
        "wide": pa.array(
            [Decimal("1234567890123456789012345678901234567890.5")],
            pa.decimal256(50, 10),
        ),
    },
    "wide_decimal": {
        "amount": pa.array(
            [Decimal("1234567890123456789012345678901234567890.5")],
            pa.decimal256(50, 10),
        )
    },
    "nanoseconds_utc": {"at": pa.array([1], pa.timestamp("ns", tz="UTC"))},
    "duration": {"took": pa.array([1], pa.duration("us"))},
    "case": {"id": pa.array([1]), "ID": pa.array([2])},
}


def main() -> None:
    uri, group = sys.argv[1:]
    table = pa.table(GROUPS[group])
    pq.write_table(table, uri, compression="zstd")
    size = os.path.getsize(uri)
    print(
        json.dumps(
            {
                "input": "step",
                "rows": table.num_rows,
                "bytes": size,
                "schema": [
                    {"name": f.name, "type": str(f.type), "nullable": f.nullable}
                    for f in table.schema
                ],
                "files": [{"uri": uri, "rows": table.num_rows, "bytes": size}],
            }
        )
    )


main()

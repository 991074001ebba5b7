"""Every type of the tables in the README of `files`, and files of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa


class Text(NamedTuple):
    """A type by its SQL name: texts of a file, and what DuckDB shows of them."""

    type: str
    arrow: str
    values: dict[str, str]

    def shown(self, kind: str) -> Sequence[str]:
        """What is shown of them from a file of that kind."""
        return ['{"b":[1.1]}'] if (self.type, kind) == ("json", "jsonl") else list(self.values.values())


INFERRED = [
    Text("bigint", "int64", {"0": "0", "-9223372036854775808": "-9223372036854775808"}),
    Text("double", "double", {"1": "1.0", "0.1": "0.1", "-1e-300": "-1e-300", "NaN": "nan", "inf": "inf"}),
    Text("boolean", "bool", {"true": "true", "FALSE": "false"}),
    Text("date", "date32[day]", {"0001-01-01": "0001-01-01", "9999-12-31": "9999-12-31"}),
    Text("timestamp", "timestamp[us]", {"2024-02-29": "2024-02-29 00:00:00", "2024-01-01T10:00:00.000001": "2024-01-01 10:00:00.000001", "2024-01-01 10:00": "2024-01-01 10:00:00"}),
    Text("timestamptz", "timestamp[us, tz=UTC]", {"2024-01-01T10:00:00Z": "2024-01-01 10:00:00+00", "2024-01-01 10:00:00+05:30": "2024-01-01 04:30:00+00"}),
    Text("time", "time64[us]", {"00:00": "00:00:00", "23:59:59.999999": "23:59:59.999999"}),
    Text("text", "string", {"00123": "00123", "12345678901234567890": "12345678901234567890", "é 😀": "é 😀"}),
]  # fmt: skip
DECLARED = [
    *INFERRED,
    Text("tinyint", "int8", {"-128": "-128", "+7": "7"}),
    Text("smallint", "int16", {"32767": "32767"}),
    Text("integer", "int32", {"-2147483648": "-2147483648", "007": "7"}),
    Text("utinyint", "uint8", {"255": "255"}),
    Text("usmallint", "uint16", {"65535": "65535"}),
    Text("uinteger", "uint32", {"4294967295": "4294967295"}),
    Text("ubigint", "uint64", {"18446744073709551615": "18446744073709551615"}),
    Text("hugeint", "decimal128(38, 0)", {"12345678901234567890123456789012345678": "12345678901234567890123456789012345678"}),
    Text("decimal(38,10)", "decimal128(38, 10)", {"-1234567890123456789012345678.0123456789": "-1234567890123456789012345678.0123456789", "1": "1.0000000000"}),
    Text("real", "float", {"1.5": "1.5"}),
    Text("uuid", "extension<arrow.uuid>", {"A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}),
    Text("json", "extension<arrow.json>", {'{"b": [1.10]}': '{"b": [1.10]}'}),
]  # fmt: skip
# What the value is in JSON Lines, where it is not a text there.
JSON_VALUES = {
    "bigint": ["0", "-9223372036854775808"],
    "double": ["1", "0.1", "-1e-300", "NaN", "Infinity"],
    "boolean": ["true", "false"],
    "json": ['{"b":[1.1]}'],
    "decimal(38,10)": ["-1234567890123456789012345678.0123456789", "1"],
}


def csv_of(cases: list[Text]) -> bytes:
    """A file with the columns `i`, `v0`, `v1`, …; the last row is NULL."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["i", *(f"v{place}" for place in range(len(cases)))])
    for place, row in enumerate(_rows([list(case.values) for case in cases], "")):
        writer.writerow([place, *row])
    return text.getvalue().encode()


def jsonl_of(cases: list[Text]) -> bytes:
    """The same."""
    lines = []
    for place, row in enumerate(_rows([_json_values(case) for case in cases], "null")):
        pairs = "".join(f', "v{column}": {value}' for column, value in enumerate(row))
        lines.append(f'{{"i": {place}{pairs}}}\n')
    return "".join(lines).encode()


def _rows(columns: list[list[str]], nothing: str) -> list[list[str]]:
    rows = max(len(values) for values in columns) + 1
    return [[values[row] if row < len(values) else nothing for values in columns] for row in range(rows)]


def _json_values(case: Text) -> list[str]:
    if case.type in JSON_VALUES:
        return JSON_VALUES[case.type]
    is_number = case.arrow.removeprefix("u").startswith(("int", "float", "decimal"))
    return [str(Decimal(text)) if is_number else f'"{text}"' for text in case.values]


# Also what is shown of it; behind the value is a NULL.
PARQUET: list[tuple[str, str, Any, list[str]]] = [
    ("bool", "bool", pa.array([True, None]), ['true']),
    ("int8", "int8", pa.array([-128, None], pa.int8()), ['-128']),
    ("uint64", "uint64", pa.array([2**64 - 1, None], pa.uint64()), ['18446744073709551615']),
    ("float16", "float", pa.array([1.5, None], pa.float16()), ['1.5']),
    ("float", "float", pa.array([1.5, None], pa.float32()), ['1.5']),
    ("double", "double", pa.array([0.1, None]), ['0.1']),
    ("decimal128(38, 10)", "decimal128(38, 10)", pa.array([1, None], pa.decimal128(28, 0)).cast(pa.decimal128(38, 10)), ['1.0000000000']),
    ("decimal256(30, 2)", "decimal128(30, 2)", pa.array([1, None], pa.decimal256(28, 0)).cast(pa.decimal256(30, 2)), ['1.00']),
    ("string", "string", pa.array(["é", None]), ['é']),
    ("large_string", "string", pa.array(["é", None], pa.large_string()), ['é']),
    ("dictionary of string", "string", pa.array(["a", None]).dictionary_encode(), ['a']),
    ("binary", "binary", pa.array([b"\0\xff", None]), ['\\x00\\xFF']),
    ("fixed_size_binary[2]", "binary", pa.array([b"\0\xff", None], pa.binary(2)), ['\\x00\\xFF']),
    ("date32[day]", "date32[day]", pa.array([-719162, None], pa.int32()).view(pa.date32()), ['0001-01-01']),
    ("time32[ms]", "time64[us]", pa.array([86399999, None], pa.time32("ms")), ['23:59:59.999']),
    ("time64[us]", "time64[us]", pa.array([86399999999, None], pa.time64("us")), ['23:59:59.999999']),
    ("timestamp[ms]", "timestamp[us]", pa.array([1, None], pa.timestamp("ms")), ['1970-01-01 00:00:00.001']),
    ("timestamp[us]", "timestamp[us]", pa.array([-62135596800000000, None], pa.timestamp("us")), ['0001-01-01 00:00:00']),
    ("timestamp[ns]", "timestamp[ns]", pa.array([1, None], pa.timestamp("ns")), ['1970-01-01 00:00:00.000000001']),
    ("timestamp[us, tz=Europe/Berlin]", "timestamp[us, tz=UTC]", pa.array([1, None], pa.timestamp("us", "Europe/Berlin")), ['1970-01-01 00:00:00.000001+00']),
    ("uuid", "extension<arrow.uuid>", pa.array([bytes(range(16)), None], pa.uuid()), ['00010203-0405-0607-0809-0a0b0c0d0e0f']),
    ("json", "extension<arrow.json>", pa.array(['{"a": 1}', None], pa.json_()), ['{"a": 1}']),
    ("list of int32", "list<item: int32>", pa.array([[1, None], None], pa.list_(pa.field("element", pa.int32()))), ['[1, NULL]']),
    ("struct", "struct<a: string>", pa.array([{"a": "x"}, None], pa.struct([("a", pa.large_string())])), ["{'a': x}"]),
    ("map", "map<string, int64>", pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())), ['{a=1}']),
    ("null", "string", pa.nulls(2), []),
]  # fmt: skip

"""Reads every row of the types tables in README.md."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.errors import DataError
from running import InProcess, plan_of

README = Path(__file__).with_name("README.md")


class Text(NamedTuple):
    """A type by its SQL name: texts of a file, and what DuckDB shows of them."""

    type: str
    arrow: str
    values: dict[str, str]


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


Seen = dict[str, tuple[str, list[Any]]]


def seen(folder: Path, path: Path, names: list[str], **parameters: Any) -> Seen:
    """Reads a file with the columns `v0`, `v1`, … as a pipeline does: type and shown values by name."""
    plan = plan_of({"rows": {"module": "files", "path": str(path), **parameters}})
    staged = InProcess(folder).run(plan)
    columns = {name: f"v{place}" for place, name in enumerate(names)}
    return {
        name: (
            staged.schema()[column],
            [row[0] for row in staged.query(f"SELECT {column}::varchar FROM t ORDER BY i")],
        )
        for name, column in columns.items()
    }


def rows_of(columns: list[list[str]], nothing: str) -> list[list[str]]:
    """The columns as rows, one of them for NULL."""
    rows = max(len(values) for values in columns) + 1
    return [[values[row] if row < len(values) else nothing for values in columns] for row in range(rows)]


def csv_file(folder: Path, cases: list[Text]) -> Path:
    path = folder / "a.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["i", *(f"v{place}" for place in range(len(cases)))])
        for place, row in enumerate(rows_of([list(case.values) for case in cases], "")):
            writer.writerow([place, *row])
    return path


def jsonl_values(case: Text) -> list[str]:
    if case.type in JSON_VALUES:
        return JSON_VALUES[case.type]
    is_number = case.arrow.removeprefix("u").startswith(("int", "float", "decimal"))
    return [str(Decimal(text)) if is_number else f'"{text}"' for text in case.values]


def padded(expected: list[str], cases: list[Text]) -> list[str | None]:
    rows = max(len(case.values) for case in cases) + 1
    return [*expected, *[None] * (rows - len(expected))]


def declared(cases: list[Text]) -> dict[str, str]:
    return {f"v{place}": case.type for place, case in enumerate(cases)}


@pytest.fixture(scope="module")
def inferred_from_csv(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("inferred")
    return seen(folder, csv_file(folder, INFERRED), [case.type for case in INFERRED])


@pytest.fixture(scope="module")
def declared_in_csv(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("declared")
    names = [case.type for case in DECLARED]
    return seen(folder, csv_file(folder, DECLARED), names, columns=declared(DECLARED))


@pytest.fixture(scope="module")
def declared_in_jsonl(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("jsonl")
    path = folder / "a.jsonl"
    rows = rows_of([jsonl_values(case) for case in DECLARED], "null")
    path.write_text(
        "".join(
            "{"
            + ", ".join([f'"i": {i}', *(f'"v{place}": {value}' for place, value in enumerate(row))])
            + "}\n"
            for i, row in enumerate(rows)
        )
    )
    return seen(folder, path, [case.type for case in DECLARED], columns=declared(DECLARED))


@pytest.mark.parametrize("case", INFERRED, ids=[case.type for case in INFERRED])
def test_a_type_is_inferred_from_csv(case: Text, inferred_from_csv: Seen) -> None:
    expected = padded(list(case.values.values()), INFERRED)
    assert inferred_from_csv[case.type] == (case.arrow, expected)


@pytest.mark.parametrize("case", DECLARED, ids=[case.type for case in DECLARED])
def test_a_declared_type_is_read_from_csv(case: Text, declared_in_csv: Seen) -> None:
    expected = padded(list(case.values.values()), DECLARED)
    assert declared_in_csv[case.type] == (case.arrow, expected)


@pytest.mark.parametrize("case", DECLARED, ids=[case.type for case in DECLARED])
def test_a_declared_type_is_read_from_json_lines(case: Text, declared_in_jsonl: Seen) -> None:
    values = ['{"b":[1.1]}'] if case.type == "json" else list(case.values.values())
    assert declared_in_jsonl[case.type] == (case.arrow, padded(values, DECLARED))


PARQUET = [
    ("bool", "bool", pa.array([True, None])),
    ("int8", "int8", pa.array([-128, None], pa.int8())),
    ("uint64", "uint64", pa.array([2**64 - 1, None], pa.uint64())),
    ("float16", "float", pa.array([1.5, None], pa.float16())),
    ("float", "float", pa.array([1.5, None], pa.float32())),
    ("double", "double", pa.array([0.1, None])),
    ("decimal128(38, 10)", "decimal128(38, 10)", pa.array([1, None], pa.decimal128(28, 0)).cast(pa.decimal128(38, 10))),
    ("decimal256(30, 2)", "decimal128(30, 2)", pa.array([1, None], pa.decimal256(28, 0)).cast(pa.decimal256(30, 2))),
    ("string", "string", pa.array(["é", None])),
    ("large_string", "string", pa.array(["é", None], pa.large_string())),
    ("dictionary of string", "string", pa.array(["a", None]).dictionary_encode()),
    ("binary", "binary", pa.array([b"\0\xff", None])),
    ("fixed_size_binary[2]", "binary", pa.array([b"\0\xff", None], pa.binary(2))),
    ("date32[day]", "date32[day]", pa.array([-719162, None], pa.int32()).view(pa.date32())),
    ("time32[ms]", "time64[us]", pa.array([86399999, None], pa.time32("ms"))),
    ("time64[us]", "time64[us]", pa.array([86399999999, None], pa.time64("us"))),
    ("timestamp[ms]", "timestamp[us]", pa.array([1, None], pa.timestamp("ms"))),
    ("timestamp[us]", "timestamp[us]", pa.array([-(2**62), None], pa.timestamp("us"))),
    ("timestamp[ns]", "timestamp[ns]", pa.array([1, None], pa.timestamp("ns"))),
    ("timestamp[us, tz=Europe/Berlin]", "timestamp[us, tz=UTC]", pa.array([1, None], pa.timestamp("us", "Europe/Berlin"))),
    ("uuid", "extension<arrow.uuid>", pa.array([bytes(range(16)), None], pa.uuid())),
    ("json", "extension<arrow.json>", pa.array(['{"a": 1}', None], pa.json_())),
    ("list of int32", "list<item: int32>", pa.array([[1, None], None], pa.list_(pa.field("element", pa.int32())))),
    ("struct", "struct<a: string>", pa.array([{"a": "x"}, None], pa.struct([("a", pa.large_string())]))),
    ("map", "map<string, int64>", pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64()))),
    ("null", "string", pa.nulls(2)),
]  # fmt: skip


@pytest.fixture(scope="module")
def from_parquet(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("parquet")
    pq.write_table(pa.table({name: values for name, _, values in PARQUET}), folder / "a.parquet")
    plan = plan_of({"rows": {"module": "files", "path": str(folder / "a.parquet")}})
    staged = InProcess(folder).run(plan)
    return staged.schema(), pq.read_table(staged.files()[0])


@pytest.mark.parametrize(("name", "arrow", "values"), PARQUET, ids=[row[0] for row in PARQUET])
def test_a_type_of_parquet(name: str, arrow: str, values: Any, from_parquet: Any) -> None:
    schema, table = from_parquet
    assert schema[name] == arrow
    found = table.column(name).combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    assert (found if found.type == values.type else found.cast(values.type)).equals(values)


@pytest.mark.parametrize("kind", [pa.decimal256(50, 2), pa.duration("us")], ids=str)
def test_a_type_of_parquet_without_a_counterpart(kind: Any, in_process: InProcess, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"v": pa.nulls(1, kind)}), path)
    with pytest.raises(DataError, match=rf"a.parquet: column `v` is {re.escape(str(kind))}: "):
        in_process.run(plan_of({"rows": {"module": "files", "path": str(path)}}))


def test_the_readme_lists_exactly_the_tested_types() -> None:
    text = README.read_text()
    inferred = re.findall(r"^\| `([^`|]+)` \| `([^`|]+)` \| inferred", text, re.MULTILINE)
    declared = re.findall(r"^\| `([^`|]+)` \| `([^`|]+)` \| declared", text, re.MULTILINE)
    assert inferred == [(case.type, case.arrow) for case in INFERRED]
    assert inferred + declared == [(case.type, case.arrow) for case in DECLARED]
    parquet = re.findall(r"^\| `([^`|]+)` \| `([^`|]+)` \|$", text, re.MULTILINE)
    assert parquet == [row[:2] for row in PARQUET]

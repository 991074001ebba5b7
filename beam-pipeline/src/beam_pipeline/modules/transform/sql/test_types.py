"""Every type that a source emits passes through SQL unchanged, in every scope."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline import duckdb_session
from running import InProcess, plan_of

LONG = Decimal("-1234567890123456789012345678.0123456789")
MAX = 2**63 - 1
VALUES = {
    "bool": pa.array([True, False, None]),
    "int8": pa.array([-128, 127, None], pa.int8()),
    "int16": pa.array([-32768, None], pa.int16()),
    "int32": pa.array([-(2**31), None], pa.int32()),
    "int64": pa.array([-(2**63), MAX, None]),
    "uint8": pa.array([255, None], pa.uint8()),
    "uint16": pa.array([65535, None], pa.uint16()),
    "uint32": pa.array([2**32 - 1, None], pa.uint32()),
    "uint64": pa.array([2**64 - 1, None], pa.uint64()),
    "float": pa.array([1.5, float("inf"), None], pa.float32()),
    "double": pa.array([0.1, -0.0, float("-inf"), 5e-324, None]),
    "decimal128(9, 2)": pa.array([Decimal("-0.01"), None], pa.decimal128(9, 2)),
    "decimal128(38, 10)": pa.array([LONG, None], pa.decimal128(38, 10)),
    "string": pa.array(["", "é 😀", "a\0b", "x" * 100_000, None]),
    "binary": pa.array([b"", b"\0\xff", None]),
    "date32[day]": pa.array([-719162, 2932896, 2**31 - 1, None], pa.int32()).view(pa.date32()),
    "time64[us]": pa.array([0, 86_400_000_000, None]).view(pa.time64("us")),
    "time64[ns]": pa.array([1, None]).view(pa.time64("ns")),
    "timestamp[us]": pa.array([-62135596800000000, 253402300799999999, MAX, -MAX, None]).view(pa.timestamp("us")),
    "timestamp[ns]": pa.array([1, -1, None], pa.timestamp("ns")),
    "timestamp[us, tz=UTC]": pa.array([-62135596800000000, 0, MAX, None]).view(pa.timestamp("us", "UTC")),
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


def table() -> Any:
    rows = max(len(values) for values in VALUES.values())
    padded = {
        name: pa.concat_arrays([values, pa.nulls(rows - len(values), values.type)])
        for name, values in VALUES.items()
    }
    return pa.table({"i": range(rows), **padded})


@pytest.fixture(scope="module", params=["all", "batch", "key"])
def passed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("types")
    pq.write_table(table(), folder / "a.parquet")
    scope = {"scope": request.param} | ({"partition_by": ["i"]} if request.param == "key" else {})
    step = {"module": "sql", "inputs": ["a"], "sql": "SELECT * FROM a", **scope}
    plan = plan_of({"a": {"module": "files", "path": str(folder / "a.parquet")}}, {"s": step})
    staged = InProcess(folder).run(plan)
    return staged.schema(), pq.read_table(staged.files()).sort_by("i")


@pytest.mark.parametrize("name", VALUES)
def test_a_type_passes_unchanged(name: str, passed: Any) -> None:
    schema, found = passed
    assert schema[name] == name
    assert same(found.column(name).combine_chunks(), table().column(name).combine_chunks())


def test_every_type_of_no_rows(tmp_path: Path, in_process: InProcess) -> None:
    pq.write_table(table().slice(0, 0), tmp_path / "a.parquet")
    step = {"module": "sql", "inputs": ["a"], "sql": "SELECT * FROM a"}
    staged = in_process.run(
        plan_of({"a": {"module": "files", "path": str(tmp_path / "a.parquet")}}, {"s": step})
    )
    assert staged.schema() == {"i": "int64", **{name: name for name in VALUES}}
    assert staged.query("SELECT count(*) FROM t") == [(0,)]


def same(one: Any, other: Any) -> bool:
    # A read file names the items of a list otherwise.
    return bool((one if one.type == other.type else one.cast(other.type)).equals(other))


@pytest.mark.parametrize(
    ("sql", "arrow"),
    [
        ("sum(i)", "decimal128(38, 0)"),
        ("'a'::ENUM('a', 'b')", "string"),
        ("[1, 2]::int[2]", "list<item: int32>"),
        ("'2024-01-01'::timestamp_s", "timestamp[us]"),
        ("NULL", "int32"),
        ("{'a': 1::hugeint, 'b': true}", "struct<a: decimal128(38, 0), b: bool>"),
        ("to_json([1])", "extension<arrow.json>"),
        ("current_timestamp", "timestamp[us, tz=UTC]"),
    ],
)
def test_what_sql_makes_is_stored(sql: str, arrow: str) -> None:
    from beam_pipeline.sql_engine.query import Query

    with duckdb_session.open_session(threads=1) as connection:
        connection.register("t", pa.table({"i": [1, 2]}))
        [batch] = Query(f"SELECT {sql} AS v FROM t LIMIT 1", "s").run(connection)
    assert str(batch.schema.field("v").type) == arrow


@pytest.mark.parametrize(
    "sql",
    [
        "INTERVAL 1 DAY",
        "'10:00+01'::timetz",
        "'101'::bit",
        "[INTERVAL 1 DAY]",
        "union_value(a := 1)",
        "row(1, 2)",
    ],
)
def test_what_cannot_be_stored_is_an_error(sql: str) -> None:
    from beam_pipeline.errors import SqlError
    from beam_pipeline.sql_engine.query import Query

    with (
        duckdb_session.open_session(threads=1) as connection,
        pytest.raises(SqlError, match="column `v` of the SQL is"),
    ):
        list(Query(f"SELECT {sql} AS v", "s").run(connection))

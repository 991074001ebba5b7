"""Runs SQL over inputs: scopes, names, memory, mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.errors import ConfigError, DataError, SqlError
from running import BUNDLE_BASED, InProcess, Staged, plan_of


@pytest.fixture
def run(tmp_path: Path, in_process: InProcess) -> Any:
    """Runs one `sql` step over Parquet files made from tables by name."""

    def go(tables: dict[str, Any], sql: str, *options: str, **parameters: Any) -> Staged:
        for name, table in tables.items():
            pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=50_000)
        sources = {name: {"module": "files", "path": str(tmp_path / f"{name}.parquet")} for name in tables}
        inputs = parameters.pop("inputs", list(tables))
        step = {"module": "sql", "inputs": inputs, "sql": sql, **parameters}
        return in_process.run(plan_of(sources, {"out_of_sql": step}), None, options)

    return go


ORDERS = pa.table(
    {"id": [1, 2, 3, 4], "customer": pa.array([10, 20, 10, None], pa.int32()), "amount": [1.0, 2.0, 3.0, 4.0]}
)
CUSTOMERS = pa.table({"key": pa.array([10, 20, 30], pa.decimal128(9, 2)), "name": ["a", "b", "c"]})
NUMBERS = pa.table({"n": range(200_000)})


def test_inputs_are_tables_by_their_step(run: Any) -> None:
    sql = "SELECT name, sum(amount) AS total FROM orders JOIN customers ON customer = key GROUP BY name ORDER BY name;"
    staged = run({"orders": ORDERS, "customers": CUSTOMERS}, sql)
    assert staged.query("FROM t") == [("a", 4.0), ("b", 2.0)]
    assert staged.manifest["steps"]["out_of_sql"] | {"bytes_out": 0} == {
        "kind": "transform", "module": "sql", "row_wise": False, "rows_in": 7, "rows_out": 2, "rows_rejected": 0, "bytes_out": 0,
    }  # fmt: skip


@pytest.mark.parametrize("options", [(), (f"--runner={BUNDLE_BASED}",)], ids=["FnApi", "BundleBased"])
@pytest.mark.parametrize("scope", [{}, {"scope": "key", "partition_by": ["id"]}], ids=["all", "key"])
def test_one_input_under_two_names(scope: Any, options: tuple[str, ...], run: Any) -> None:
    sql = "SELECT id, count(*) AS count FROM A GROUP BY id UNION ALL SELECT id, count(*) FROM b GROUP BY id"
    staged = run(
        {"orders": ORDERS}, sql, *options, inputs=["orders", "orders"], inputs_alias=["a", "b"], **scope
    )
    assert staged.query("SELECT id, sum(count), count(*) FROM t GROUP BY id ORDER BY id") == [
        (n, 2, 2) for n in range(1, 5)
    ]


def test_scope_batch_filters_and_computes(run: Any) -> None:
    staged = run({"numbers": NUMBERS}, "SELECT n, n::text AS s FROM numbers WHERE n % 2 = 0", scope="batch")
    assert staged.query("SELECT count(*), sum(n), max(length(s)) FROM t") == [(100_000, 9_999_900_000, 6)]
    assert staged.schema() == {"n": "int64", "s": "string"}


def test_scope_key_joins_rows_of_equal_keys(run: Any) -> None:
    """An integer, a decimal and NULL find one another, in whichever part."""
    left = pa.table({"i": pa.array([*range(5000), None], pa.int16())})
    right = pa.table({"d": pa.array([*range(4000), None], pa.decimal128(12, 0)).cast(pa.decimal128(14, 2))})
    sql = "SELECT i, d FROM l JOIN r ON i IS NOT DISTINCT FROM d"
    keys = {"l": ["i"], "r": ["d"]}
    staged = run({"l": left, "r": right}, sql, scope="key", partition_by=keys, partitions=7)
    assert staged.query("SELECT count(*), count(i), sum(i) FROM t") == [(4001, 4000, sum(range(4000)))]


EQUAL = {
    "number": [
        pa.array([5, -3, 0, 2**53, None], pa.int64()),
        pa.array([5, 0, 2**53], pa.uint64()),
        pa.array([5.0, -3.0, -0.0, 2.0**53, None]),
        pa.array([5, -3, 0], pa.int8()),
        pa.array([5, -3, 0, 2**53], pa.decimal128(20, 0)).cast(pa.decimal128(38, 9)),
    ],
    "moment": [
        pa.array([0, 19000, None], pa.int32()).cast(pa.date32()),
        pa.array([0, 19000 * 86_400_000_000], pa.timestamp("us")),
        pa.array([0, 19000 * 86_400_000_000_000], pa.timestamp("ns")),
    ],
    "text": [pa.array(["", "é", "x" * 100, None]), pa.array(["é", ""])],
    "uuid": [pa.array([bytes(16), bytes(range(16))], pa.uuid()), pa.array([bytes(range(16))], pa.uuid())],
}  # fmt: skip


@pytest.mark.parametrize("kind", EQUAL)
def test_equal_values_of_all_widths_are_dealt_alike(kind: str) -> None:
    from beam_pipeline.sql_engine.partition import Dealer

    parts: dict[Any, set[int]] = {}
    for values in EQUAL[kind]:
        dealer = Dealer(["v"], 97, "test")
        for part, rows in dealer.deal(pa.RecordBatch.from_arrays([values], names=["v"])):
            for value in (
                rows.column(0).cast(pa.timestamp("us")).to_pylist()
                if kind == "moment"
                else rows.column(0).to_pylist()
            ):
                parts.setdefault(value, set()).add(part)
        dealer.close()
    assert len(parts) >= 2
    assert all(len(found) == 1 for found in parts.values()), parts


def test_an_aggregate_by_key_is_whole(run: Any) -> None:
    table = pa.table({"k": [n % 1000 for n in range(200_000)], "v": range(200_000)})
    staged = run(
        {"t1": table},
        "SELECT k, count(*) AS c, sum(v)::bigint AS s FROM t1 GROUP BY k",
        scope="key",
        partition_by=["k"],
    )
    assert staged.query("SELECT count(*), min(c), max(c), sum(s) FROM t") == [
        (1000, 200, 200, sum(range(200_000)))
    ]


def test_more_rows_than_memory(run: Any) -> None:
    table = pa.table({"n": range(1_000_000), "s": [f"{n * 7919 % 1_000_003:060d}" for n in range(1_000_000)]})
    staged = run({"big": table}, "SELECT * FROM big ORDER BY s", memory_limit="50MB", threads=1)
    assert staged.query("SELECT count(*), count(DISTINCT n) FROM t") == [(1_000_000, 1_000_000)]
    assert pq.read_table(staged.files()[0]).column("n")[0].as_py() == 0


def test_too_little_memory_is_named(run: Any) -> None:
    sql = "SELECT list(n) AS l, list(n::text || repeat('x', 50)) AS m FROM numbers"
    with pytest.raises(
        ConfigError,
        match=r"transform out_of_sql: the SQL needs more memory than its limit of 5MB.*raise `memory_limit`",
    ):
        run({"numbers": NUMBERS}, sql, memory_limit="5MB", threads=1)


@pytest.mark.parametrize(
    ("sql", "kind", "problem"),
    [
        ("SELECT 'x'::int AS i FROM orders", DataError, r"Could not convert string 'x' to INT32, at line 1, column 11:"),
        ("SELECT 9223372036854775807 + id AS x FROM orders", DataError, "Overflow in addition"),
        ("SELECT 170141183460469231731687303715884105727::hugeint AS h FROM orders", DataError, r"DECIMAL\(38,0\)"),
        ("PIVOT orders ON id", ConfigError, "name them with `IN"),
    ],
)  # fmt: skip
def test_wrong_sql_is_shown(sql: str, kind: Any, problem: str, run: Any) -> None:
    with pytest.raises(kind, match=r"(?s)" + problem) as raised:
        run({"orders": ORDERS}, sql)
    if "at line" in problem:
        assert set(raised.value.position) == {"line", "column"}


def test_a_value_that_cannot_be_stored_has_no_place_in_the_sql(run: Any) -> None:
    sql = "SELECT count(*) AS a_longer_name, max(170141183460469231731687303715884105727::hugeint) AS v FROM orders"
    with pytest.raises(DataError, match=r"DECIMAL\(38,0\) when casting from source column v") as raised:
        run({"orders": ORDERS}, sql)
    assert raised.value.position is None


def test_a_typo_fails_before_anything_is_read(in_process: InProcess) -> None:
    step = {"module": "sql", "inputs": ["absent"], "sql": "SELECT * FRM absent"}
    with pytest.raises(SqlError):
        in_process.run(plan_of({"absent": {"module": "files", "path": "/nowhere.csv"}}, {"s": step}))

"""Values and widths that DuckDB has and BigQuery has not, and the other way round."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from google.api_core import exceptions
from google.cloud import bigquery

from conftest import World

Field = bigquery.SchemaField
# DuckDB's infinities as Parquet has them, the days around the range, and 24:00:00.
OUTSIDE = [
    ("DATE", pa.array([2**31 - 1], pa.int32()).cast(pa.date32()), "date value infinity"),
    ("DATE", pa.array([-(2**31 - 1)], pa.int32()).cast(pa.date32()), "date value -infinity"),
    ("DATE", pa.array([2_932_897], pa.int32()).cast(pa.date32()), "date value 10000-01-01"),
    ("DATE", pa.array([-719_163], pa.int32()).cast(pa.date32()), "date value 0001-12-31 .BC."),
    ("DATETIME", pa.array([2**63 - 1], pa.int64()).cast(pa.timestamp("us")), "datetime value infinity"),
    ("DATETIME", pa.array([-62_135_596_800_000_001], pa.timestamp("us")), "datetime value 0001-12-31 .BC."),
    ("TIMESTAMP", pa.array([253_402_300_800_000_000], pa.timestamp("us", "UTC")), "timestamp value 10000-"),
    ("TIME", pa.array([86_400_000_000], pa.int64()).cast(pa.time64("us")), "time value 24:00:00"),
]


@pytest.mark.parametrize(("kind", "values", "problem"), OUTSIDE, ids=[row[2] for row in OUTSIDE])
def test_a_load_refuses_what_the_type_has_not(
    world: World, dataset: str, kind: str, values: pa.Array, problem: str
) -> None:
    schema = [Field("day", kind), Field("n", "INTEGER")]
    with pytest.raises(exceptions.BadRequest, match=f"Invalid {problem}.* for field 'day'"):
        world.load(pa.table({"day": values, "n": [1]}), f"{dataset}.t", schema=schema)
    with pytest.raises(exceptions.NotFound):
        world.client.get_table(f"p.{dataset}.t")


def test_a_load_looks_into_lists_and_records(world: World, dataset: str) -> None:
    options = bigquery.ParquetOptions()
    options.enable_list_inference = True
    days = pa.array([[{"day": 0}, {"day": 2**31 - 1}]], pa.list_(pa.struct([("day", pa.date32())])))
    with pytest.raises(exceptions.BadRequest, match=r"for field 'r.day'"):
        world.load(pa.table({"r": days}), f"{dataset}.t", parquet_options=options)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST('infinity' AS DATE) AS x",
        "SELECT DATE_ADD(DATE '9999-12-31', INTERVAL 1 DAY) AS x",
        "SELECT [DATE_SUB(DATE '0001-01-01', INTERVAL 1 DAY)] AS x",
        "CREATE TABLE {0}.u AS SELECT CAST('infinity' AS TIMESTAMP) AS x",
        "INSERT INTO {0}.t (x) VALUES (DATE_ADD(DATE '9999-12-31', INTERVAL 1 DAY))",
        "UPDATE {0}.t SET x = DATE_ADD(x, INTERVAL 1 DAY) WHERE true",
        "MERGE INTO {0}.t USING (SELECT 1) ON false WHEN NOT MATCHED THEN INSERT (x) "
        "VALUES (DATE_ADD(DATE '9999-12-31', INTERVAL 1 DAY))",
    ],
)
def test_a_statement_writes_no_value_out_of_range(world: World, dataset: str, sql: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t AS SELECT DATE '9999-12-31' AS x")
    with pytest.raises(exceptions.BadRequest, match="error in writing field x"):
        world.query(sql.format(dataset))
    assert [str(day) for (day,) in world.query(f"SELECT x FROM {dataset}.t")] == ["9999-12-31"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("SAFE_CAST('infinity' AS DATE)", None),
        ("SAFE_CAST('10000-01-01' AS DATETIME)", None),
        ("SAFE_CAST('-infinity' AS TIMESTAMP)", None),
        ("SAFE_CAST('24:00:00' AS TIME)", None),
        ("CAST(SAFE_CAST('9999-12-31' AS DATE) AS STRING)", "9999-12-31"),
        ('TO_JSON_STRING(PARSE_JSON(\'{"a": 1, "b": [1.50], "a": 2}\'))', '{"a":1,"b":[1.5]}'),
        ("SAFE.PARSE_JSON('NaN')", None),
        ("SAFE.PARSE_JSON('12345678901234567890123.5')", None),
        (f"SAFE.PARSE_JSON('{'[' * 501}{']' * 501}')", None),
        (f"TO_JSON_STRING(SAFE.PARSE_JSON('{'[' * 500}{']' * 500}'))", "[" * 500 + "]" * 500),
    ],
)
def test_what_is_no_value_is_null_where_that_is_safe(world: World, value: str, expected: Any) -> None:
    assert world.query(f"SELECT {value} AS x") == [(expected,)]


def test_what_is_no_json_is_an_error(world: World) -> None:
    with pytest.raises(exceptions.BadRequest, match="Invalid input to PARSE_JSON: NaN is no JSON"):
        world.query("SELECT PARSE_JSON('NaN')")


def test_a_wide_table_is_loaded_queried_inserted_into_and_merged(world: World, dataset: str) -> None:
    """Once each column was one more level of an expression, and 1,000 levels were the most."""
    names = [f"c{number}" for number in range(2_000)]
    values = list(range(2_000))
    schema = [Field(name, "INTEGER") for name in names]
    world.client.create_table(bigquery.Table(f"p.{dataset}.t", schema=schema), timeout=60)
    world.query(f"INSERT INTO {dataset}.t ({', '.join(names)}) SELECT {', '.join(map(str, values))}")
    world.load(pa.table({name: [number] for number, name in enumerate(names)}), f"{dataset}.staged")
    sets = ", ".join(f"{name} = s.{name} + 1" for name in names[1:])
    world.query(
        f"MERGE INTO {dataset}.t AS t USING {dataset}.staged AS s ON t.c0 = s.c0 "
        f"WHEN MATCHED THEN UPDATE SET {sets} WHEN NOT MATCHED THEN INSERT ROW"
    )
    assert world.query(f"SELECT * FROM {dataset}.t") == [(0, *range(2, 2_001))]
    table = world.client.get_table(f"p.{dataset}.t")
    assert (table.num_rows, table.num_bytes) == (1, 16_000)


def test_a_table_has_ten_thousand_columns(world: World, dataset: str) -> None:
    schema = [Field(f"c{number}", "INTEGER") for number in range(10_000)]
    world.client.create_table(bigquery.Table(f"p.{dataset}.t", schema=schema), timeout=60)
    assert len(world.client.get_table(f"p.{dataset}.t").schema) == 10_000
    assert world.query(f"SELECT COUNT(c9999) FROM {dataset}.t") == [(0,)]


def test_wider_is_refused(world: World, dataset: str) -> None:
    schema = [Field(f"c{number}", "INTEGER") for number in range(10_001)]
    with pytest.raises(exceptions.BadRequest, match="10001, max: 10000"):
        world.client.create_table(bigquery.Table(f"p.{dataset}.t", schema=schema))
    with pytest.raises(exceptions.BadRequest, match="query is too large"):
        world.query(f"SELECT '{'x' * (1 << 20)}'")


def test_names_that_are_the_services_own_are_refused(world: World, dataset: str) -> None:
    for name in ("_PARTITIONTIME", "_table_suffix", "_FILE_NAME", "_ROW_TIMESTAMP", "__ROOT__x"):
        with pytest.raises(exceptions.BadRequest, match="Invalid field name"):
            world.client.create_table(bigquery.Table(f"p.{dataset}.t", schema=[Field(name, "INTEGER")]))

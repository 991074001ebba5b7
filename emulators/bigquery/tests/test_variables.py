"""DECLARE and SET in scripts."""

from __future__ import annotations

import datetime
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions

from conftest import World
from serving import Emulator, emulator

DAY = datetime.date(2026, 1, 2)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("DECLARE x INT64 DEFAULT 5; SET x = x * 2 + 1; SELECT x", 11),
        ("DECLARE x INT64; SELECT x IS NULL", True),
        ("DECLARE x, y INT64 DEFAULT 3; SET x = 4; SELECT x * y", 12),
        ("DECLARE x DEFAULT DATE '2026-01-02'; SELECT x", DAY),
        ("DECLARE x STRING DEFAULT 'it\\'s \"x\"\\n'; SELECT x", "it's \"x\"\n"),
        ("DECLARE x NUMERIC DEFAULT 1.25; SELECT x", Decimal("1.25")),
        ("DECLARE x BYTES DEFAULT b'\\x00\\xff'; SELECT x", b"\x00\xff"),
        ("DECLARE x FLOAT64 DEFAULT 0.1; SELECT x", 0.1),
        ("DECLARE x TIMESTAMP DEFAULT TIMESTAMP '2026-01-02 03:04:05.678901+02'; SELECT x",
         datetime.datetime(2026, 1, 2, 1, 4, 5, 678901, datetime.UTC)),
        ("DECLARE x ARRAY<DATE> DEFAULT [DATE '2026-01-02']; SELECT DATE '2026-01-02' IN UNNEST(x)", True),
        ("DECLARE x ARRAY<STRING>; SET x = ['b', 'a']; SELECT x[OFFSET(1)]", "a"),
        ("DECLARE x STRUCT<a INT64, b STRING> DEFAULT STRUCT(1 AS a, 'y' AS b); SELECT x.b", "y"),
        ("DECLARE a INT64; DECLARE b STRING; SET (a, b) = (1, 'z'); SELECT CONCAT(b, CAST(a AS STRING))",
         "z1"),
        ("DECLARE a, b INT64 DEFAULT 1; SET (a, b) = (b + 1, a + 2); SELECT a * 10 + b", 23),
        ("DECLARE a, b INT64; SET (a, b) = (SELECT AS STRUCT MAX(n), MIN(n) FROM UNNEST([1, 2]) AS n); "
         "SELECT a - b", 1),
        ("DECLARE m INT64 DEFAULT (SELECT MAX(n) FROM UNNEST([1, 7]) AS n); SELECT m", 7),
        ("DECLARE n INT64 DEFAULT 9; SELECT SUM(n) FROM UNNEST([1, 2]) AS n", 3),
        ("DECLARE v INT64 DEFAULT 9; SELECT MAX(v) FROM (SELECT 1 AS v)", 1),
    ],
)  # fmt: skip
def test_a_variable_has_its_value_in_what_follows(world: World, script: str, expected: Any) -> None:
    ((found,),) = world.query(script)
    assert (found, type(found)) == (expected, type(expected))


def test_a_column_comes_before_a_variable_of_its_name(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t (n INT64)")
    script = f"DECLARE n INT64 DEFAULT 5; INSERT INTO {dataset}.t (n) VALUES (1); SELECT n FROM {dataset}.t"
    assert world.query(script) == [(1,)]


def test_a_merge_takes_variables(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t AS SELECT DATE '2026-01-01' AS day, 1 AS n UNION ALL "
                f"SELECT DATE '2026-01-02', 2")  # fmt: skip
    world.query(
        f"""DECLARE days ARRAY<DATE>;
        CREATE TEMP TABLE new AS SELECT DATE '2026-01-02' AS day, 7 AS n;
        SET (days) = (SELECT AS STRUCT ARRAY_AGG(DISTINCT day IGNORE NULLS) FROM new);
        MERGE INTO {dataset}.t AS t USING new AS s ON FALSE
        WHEN NOT MATCHED BY SOURCE AND t.day IN UNNEST(days) THEN DELETE
        WHEN NOT MATCHED THEN INSERT (day, n) VALUES (day, n)"""
    )
    assert world.query(f"SELECT n FROM {dataset}.t ORDER BY n") == [(1,), (7,)]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("SELECT 1; DECLARE x INT64", "only at the start"),
        ("DECLARE x INT64; DECLARE X INT64", "redeclaration"),
        ("SET x = 1; SELECT 1", "Undeclared variable: x"),
        ("DECLARE x INT64 DEFAULT 'a'; SELECT 1", "a"),
        ("DECLARE a, b INT64; SET (a, b) = (1, 2, 3); SELECT 1", "2 variables"),
        ("DECLARE a, b INT64; SET (a, b) = (SELECT AS STRUCT n, n FROM UNNEST([1, 2]) AS n); SELECT 1",
         "more than one element"),
    ],
)  # fmt: skip
def test_what_is_no_variable_is_refused(world: World, script: str, message: str) -> None:
    with pytest.raises(exceptions.BadRequest, match=message):
        world.query(script)


def test_variables_are_no_statements_of_their_own_and_end_with_the_script(world: World) -> None:
    job = world.client.query("DECLARE x INT64 DEFAULT 1; SET x = 2; SELECT x", job_retry=None)
    assert [tuple(row) for row in job.result()] == [(2,)]
    children = list(world.client.list_jobs(parent_job=job.job_id))
    assert [child.statement_type for child in children] == ["SELECT"]
    with pytest.raises(exceptions.BadRequest):
        world.query("SELECT x; SELECT x")


def test_a_script_that_was_killed_goes_on_with_its_variables(tmp_path: Path) -> None:
    served = Emulator(tmp_path, "--answer-after", "0")
    client = served.client()
    client.create_dataset("d")
    pairs = "UNNEST(GENERATE_ARRAY(1, 30000)) AS a CROSS JOIN UNNEST(GENERATE_ARRAY(1, 20000)) AS b"
    script = f"""DECLARE x, y INT64 DEFAULT 1; SET x = 41;
        CREATE TABLE d.begun AS SELECT x AS x;
        CREATE TABLE d.slow AS SELECT COUNT(*) AS n FROM {pairs} WHERE MOD(a * b, 7) = x;
        CREATE TABLE d.t AS SELECT x + y AS sum"""
    client.query(script, job_id="script", job_retry=None)
    for _ in range(200):
        if any(table.table_id == "begun" for table in client.list_tables("d")):
            break
        time.sleep(0.05)
    served.kill()
    with emulator(tmp_path) as again:
        client = again.client()
        client.get_job("script").result(timeout=120)
        assert [tuple(row) for row in client.query("SELECT sum FROM d.t").result()] == [(42,)]

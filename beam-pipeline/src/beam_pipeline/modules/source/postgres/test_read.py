"""Reads queries, tables and ranges from a real server."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import ConfigError, ResourceError, SqlError
from running import FN_API, plan_of


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"rows": {"module": "postgres", "profile": "pg", **parameters}})


@pytest.fixture
def numbers(sql: Any) -> Any:
    """A table of 1,000 rows: `id` from 1, a date, a timestamp, and NULLs in every tenth row."""
    sql.execute(
        """
        DROP TABLE IF EXISTS numbers;
        CREATE TABLE numbers AS SELECT i AS id, CASE WHEN i % 10 > 0 THEN i END AS maybe,
            DATE '2024-01-01' + i AS day,
            TIMESTAMPTZ '2024-01-01 00:00:00Z' + i * INTERVAL '1 hour' AS at,
            'text ' || i AS note
        FROM generate_series(1, 1000) i;
        """
    )
    return sql


@pytest.mark.parametrize("column", ["id", "maybe", "day", "at"])
def test_ranges_hold_every_row_once(column: str, numbers: Any, in_process: Any, profiles: Path) -> None:
    plan = source(query="SELECT * FROM numbers", partition={"column": column, "parts": 7})
    staged = in_process.run(plan, profiles)
    assert staged.query("SELECT count(*), count(DISTINCT id), sum(id) FROM t") == [(1000, 1000, 500500)]
    assert staged.manifest["steps"]["rows"]["rows_out"] == 1000
    assert staged.manifest["steps"]["rows"]["consistency"] == "snapshot"


def test_infinite_dates_are_in_a_range(numbers: Any, in_process: Any, profiles: Path) -> None:
    numbers.execute(
        """
        INSERT INTO numbers (id, day, at) VALUES (1001, 'infinity', 'infinity'),
        (1002, '-infinity', '-infinity'), (1003, NULL, NULL), (1004, '5000-01-01 BC', '4713-01-01 BC')
        """.replace("5000", "4713")
    )
    for column in ("day", "at"):
        plan = source(query="SELECT * FROM numbers", partition={"column": column, "parts": 5})
        assert in_process.run(plan, profiles).query("SELECT count(DISTINCT id) FROM t") == [(1004,)]


def test_a_table_is_split_by_its_pages(numbers: Any, in_process: Any, profiles: Path) -> None:
    numbers.execute(
        "INSERT INTO numbers (id, note) SELECT i, repeat('x', 900) FROM generate_series(1001, 3000) i"
    )
    plan = source(table="public.numbers", partition={"parts": 5})
    staged = in_process.run(plan, profiles)
    assert staged.query("SELECT count(*), count(DISTINCT id) FROM t") == [(3000, 3000)]


def test_a_view_and_a_partitioned_table_are_read_too(numbers: Any, in_process: Any, profiles: Path) -> None:
    numbers.execute(
        """
        CREATE OR REPLACE VIEW seen AS SELECT * FROM numbers;
        DROP TABLE IF EXISTS parted;
        CREATE TABLE parted (id int) PARTITION BY RANGE (id);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
        CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20);
        INSERT INTO parted SELECT generate_series(0, 19);
        """
    )
    for name, count in (("seen", 1000), ("parted", 20)):
        plan = source(table=name, partition={"parts": 3})
        assert in_process.run(plan, profiles).query("SELECT count(*) FROM t") == [(count,)]
    numbers.execute("DROP VIEW seen")


def test_names_are_quoted_as_they_must_be(sql: Any, in_process: Any, profiles: Path) -> None:
    sql.execute('DROP TABLE IF EXISTS "Odd ""name"; CREATE TABLE "Odd ""name" ("A ""b" int, "select" inet)')
    sql.execute('INSERT INTO "Odd ""name" VALUES (1, \'::1\')')
    plan = source(table='"Odd ""name"', partition={"column": 'A "b', "parts": 2})
    assert in_process.run(plan, profiles).query("FROM t") == [(1, "::1/128")]


def test_queries_side_by_side(numbers: Any, in_process: Any, profiles: Path) -> None:
    first = "SELECT id, note FROM numbers WHERE id <= 10; -- the first;\n"
    text = f"{first}--sep--\nSELECT id, note FROM numbers WHERE id > 990;"
    staged = in_process.run(source(query=text), profiles)
    assert staged.query("SELECT count(*), min(id), max(id) FROM t") == [(20, 1, 1000)]


def test_queries_that_disagree_are_an_error(numbers: Any, in_process: Any, profiles: Path) -> None:
    text = "SELECT id FROM numbers --sep--\nSELECT note FROM numbers"
    with pytest.raises(ConfigError, match="queries 1 and 2 must return the same columns"):
        in_process.run(source(query=text), profiles)


def test_an_empty_result_has_its_schema(numbers: Any, in_process: Any, profiles: Path) -> None:
    for extra in ({}, {"partition": {"column": "id", "parts": 4}}):
        plan = source(query="SELECT id, day FROM numbers WHERE false", **extra)
        staged = in_process.run(plan, profiles)
        assert staged.schema() == {"id": "int32", "day": "date32[day]"}
        assert len(staged.files()) == 1
        assert staged.query("SELECT count(*) FROM t") == [(0,)]


def test_all_ranges_see_one_moment(sql: Any, in_process: Any, profiles: Path) -> None:
    """Rows move from the unread to the read end of the table while its ranges are read."""
    sql.execute(
        """
        DROP TABLE IF EXISTS moving;
        CREATE TABLE moving AS SELECT i AS id, repeat('x', 200) AS pad FROM generate_series(1, 60000) i;
        """
    )
    stop = threading.Event()

    def move() -> None:
        place = 0
        while not stop.is_set():
            place += 100
            sql.execute("UPDATE moving SET id = id + 100000 WHERE id BETWEEN %s AND %s", [place, place + 99])
            time.sleep(0.001)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        plan = source(table="moving", partition={"column": "id", "parts": 40})
        staged = in_process.run(plan, profiles)
    finally:
        stop.set()
        mover.join()
    assert staged.query("SELECT count(*), count(DISTINCT id % 100000) FROM t") == [(60000, 60000)]
    assert sql.execute("SELECT count(*) FROM moving WHERE id > 100000").fetchone()[0] > 0


def test_per_range_is_told(numbers: Any, in_process: Any, profiles: Path) -> None:
    plan = source(table="numbers", partition={"column": "id"}, consistency="per_range")
    staged = in_process.run(plan, profiles)
    assert staged.manifest["steps"]["rows"]["consistency"] == "per_range"
    assert staged.query("SELECT count(*) FROM t") == [(1000,)]


@pytest.mark.parametrize("consistency", [None, "snapshot"])
def test_workers_of_other_processes_read_ranges_or_one_stream(
    consistency: str | None, numbers: Any, child: Any, profiles: Path
) -> None:
    """As on a cluster: nobody stays connected to hold a snapshot for the others."""
    plan = source(
        query="SELECT * FROM numbers WHERE id <= 500 --sep-- SELECT * FROM numbers WHERE id > 500",
        partition={"column": "id", "parts": 4},
        **({} if consistency is None else {"consistency": consistency}),
    )
    options = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    staged = child.run(plan, profiles, f"--runner={FN_API}", *options)
    assert staged.query("SELECT count(*), count(DISTINCT id) FROM t") == [(1000, 1000)]
    assert staged.manifest["steps"]["rows"]["consistency"] == (consistency or "per_range")


def test_no_session_is_left(numbers: Any, in_process: Any, profiles: Path) -> None:
    in_process.run(source(table="numbers", partition={"parts": 3, "column": "id"}), profiles)
    ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'beamline%'"
    deadline = time.monotonic() + 5
    while numbers.execute(ours).fetchone()[0] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert numbers.execute(ours).fetchone()[0] == 0


def test_a_wrong_split_column_is_named(numbers: Any, in_process: Any, profiles: Path) -> None:
    for column, problem in (("idd", "did you mean `id`"), ("note", "`note` is text")):
        plan = source(query="SELECT * FROM numbers", partition={"column": column})
        with pytest.raises(ConfigError, match=problem):
            in_process.run(plan, profiles)


@pytest.mark.parametrize(
    ("query", "kind", "problem"),
    [
        ("SELECT id,\n  notte FROM numbers", SqlError, r"line 2, column 3:\n    notte FROM numbers\n    \^"),
        ("SELEC 1", SqlError, r"at line 1, column 1:\n  SELEC 1\n  \^"),
        ("SELECT 1; SELECT 2", ConfigError, "more than one statement"),
        (" -- nothing", ConfigError, "is empty"),
        ("SELECT 1 AS a, 2 AS a", ConfigError, "more than one column named `a`"),
        ("CREATE TABLE x (i int)", ConfigError, "returns no columns"),
        ("DELETE FROM numbers RETURNING id", ConfigError, "must be a SELECT"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_shown(
    query: str, kind: Any, problem: str, numbers: Any, in_process: Any, profiles: Path
) -> None:
    with pytest.raises(kind, match=problem):
        in_process.run(source(query=query), profiles)
    assert numbers.execute("SELECT count(*) FROM numbers").fetchone() == (1000,)


def test_an_unknown_table_has_a_near_miss(numbers: Any, in_process: Any, profiles: Path) -> None:
    with pytest.raises(ResourceError, match="no table `number`; did you mean `numbers`"):
        in_process.run(source(table="number"), profiles)

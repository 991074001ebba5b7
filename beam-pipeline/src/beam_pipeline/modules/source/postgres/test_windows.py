"""Reads windows of queries and tables from a real server, and looks at cursor columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.modules import cursor_column
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.postgres.params import PostgresParams
from beam_pipeline.modules.source.postgres.plan import PlannedRead, Planner
from beam_pipeline.window import SourceWindow
from running import described, plan_of

TYPES = {
    "id": ("integer", "3", "6"),
    "day": ("date", "2026-01-03", "2026-01-06"),
    "at": ("timestamp", "2026-01-03T00:00:00.000000", "2026-01-06T00:00:00.000000"),
    "instant": ("timestamptz", "2026-01-03T00:00:00.000000Z", "2026-01-06T00:00:00.000000Z"),
}


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"rows": {"module": "postgres", "profile": "pg", **parameters}})


def window(
    column: str,
    *,
    kind: str | None = None,
    low: str | None = "",
    high: str | None = None,
    inclusive: bool = True,
) -> dict[str, dict[str, Any]]:
    own, first, last = TYPES.get(column, ("integer", "0", "1"))
    given = {"column": column, "type": kind or own, "low": first if low == "" else low}
    return {
        "rows": {**given, "low_inclusive": inclusive, "high": high or last, "next": "x", "basis": "record"}
    }


@pytest.fixture
def days(sql: Any) -> Any:
    """Ten rows, 1 to 10, of which two are of the third day; an index on each column; and one without values."""
    sql.execute(
        """
        DROP TABLE IF EXISTS days;
        CREATE TABLE days AS SELECT i AS id, DATE '2025-12-31' + i AS day,
            TIMESTAMP '2025-12-31 00:00:00' + i * INTERVAL '1 day' AS at,
            TIMESTAMPTZ '2025-12-31 00:00:00Z' + i * INTERVAL '1 day' AS instant, 'text ' || i AS note
        FROM generate_series(1, 10) i;
        INSERT INTO days (id, day, at, instant, note) SELECT id, day, at, instant, 'again' FROM days WHERE id = 3;
        INSERT INTO days (note) VALUES ('nothing');
        """
    )
    return sql


def test_windows_and_ranges_go_together(days: Any, in_process: Any, profiles: Path) -> None:
    plan = source(query="SELECT * FROM days", partition={"column": "id", "parts": 3})
    staged = in_process.run(plan, profiles, windows=window("day"))
    assert staged.query("SELECT id FROM t ORDER BY id") == [(3,), (3,), (4,), (5,)]


def test_queries_of_every_form_are_read(days: Any, in_process: Any, profiles: Path) -> None:
    for query in (
        "WITH recent AS (SELECT * FROM days) SELECT * FROM recent ORDER BY id DESC;",
        "/* all */ SELECT id, day FROM days WHERE note LIKE 'text %' -- not the others",
        "SELECT * FROM days LIMIT 100",
    ):
        staged = in_process.run(source(query=query), profiles, windows=window("day"))
        assert staged.query("SELECT count(DISTINCT id) FROM t") == [(3,)]


def planned(profiles: Path, given: dict[str, Any], **parameters: Any) -> list[PlannedRead]:
    """The reads of a source in a window, as the workers would get them."""
    read = SourceWindow.model_validate_json(json.dumps(given["rows"]))
    context = StepContext("rows", "test", "sources[0]", str(profiles), "", False, 1, window=read)
    params = PostgresParams.model_validate({"profile": "pg", **parameters})
    return list(Planner(params, context, params.connection(context)).plan())


@pytest.mark.parametrize("column", TYPES)
@pytest.mark.parametrize(
    "what",
    [
        {"table": "days"},
        {"query": "WITH q AS (SELECT * FROM days) SELECT * FROM q WHERE id > 0 ORDER BY id;"},
    ],
)
def test_an_index_stays_usable(column: str, what: dict[str, str], days: Any, profiles: Path) -> None:
    days.execute(
        "INSERT INTO days SELECT i, DATE '2030-01-01' + i % 9999, TIMESTAMP '2030-01-01' + i * INTERVAL '1 h',"
        f" TIMESTAMPTZ '2030-01-01Z' + i * INTERVAL '1 h', 'more' FROM generate_series(100, 20000) i;"
        f" CREATE INDEX by_it ON days ({column}); ANALYZE days"
    )
    (read,) = planned(profiles, window(column), **what)
    with days.transaction():
        assert read.window is not None
        read.window.bind(days, "%s")
        shown = str(days.execute(f"EXPLAIN {read.queries[0]}").fetchall())
    assert "by_it" in shown
    assert f"({column} >= (current_setting(" in shown.partition("Index Cond: ")[2].partition("Filter")[0]


def test_no_value_is_part_of_an_sql_text(days: Any, profiles: Path) -> None:
    given = window("at", low="2026-01-03T04:05:06.000007", high="2026-01-06T07:08:09.000010")
    for extra in ({"table": "days"}, {"query": "SELECT * FROM days", "partition": {"column": "id"}}):
        for read in planned(profiles, given, **extra):
            text = " ".join(read.queries)
            assert "WITH beamline_source AS" in text
            assert not [part for part in ("2026", "04:05", "07:08") if part in text]


def test_a_first_load_of_a_large_table_is_split_by_its_pages(
    days: Any, in_process: Any, profiles: Path
) -> None:
    days.execute("INSERT INTO days (id, note) SELECT i, repeat('x', 900) FROM generate_series(101, 3000) i")
    plan = source(table="days", partition={"parts": 5})
    staged = in_process.run(plan, profiles, windows=window("id", low=None, high="2901"))
    assert staged.query("SELECT count(*), count(DISTINCT id) FROM t") == [(2811, 2810)]
    assert staged.manifest["steps"]["rows"]["consistency"] == "snapshot"


def test_cursor_columns_are_described(days: Any, profiles: Path) -> None:
    for column, (kind, _, _) in TYPES.items():
        found = described(source(query="SELECT * FROM days;"), column, profiles)
        assert (found.type, found.max, found.nulls) == (kind, "10" if column == "id" else None, 1)


@pytest.mark.parametrize(
    ("low", "high", "count"),
    [
        ("-99999999999999999999", "99999999999999999999", 11),
        ("-5", "6", 6),
        ("99999999999999999999", "999999999999999999999", 0),
        (None, "-99999999999999999999", 0),
        (None, "99999999999999999999", 11),
        ("9223372036854775807", "9223372036854775808", 0),
    ],
)
def test_integers_beyond_what_the_column_holds_are_ends_too(
    low: str | None, high: str, count: int, days: Any, in_process: Any, profiles: Path
) -> None:
    staged = in_process.run(source(table="days"), profiles, windows=window("id", low=low, high=high))
    assert staged.query("SELECT count(*) FROM t") == [(count,)]


@pytest.mark.parametrize("column", ["day", "at", "instant"])
def test_the_first_and_the_last_day_of_the_calendar_are_ends(
    column: str, days: Any, in_process: Any, profiles: Path
) -> None:
    ends = {
        "day": ("0001-01-01", "9999-12-31"),
        "at": ("0001-01-01T00:00:00.000000", "9999-12-31T23:59:59.999999"),
        "instant": ("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"),
    }
    low, high = ends[column]
    staged = in_process.run(source(table="days"), profiles, windows=window(column, low=low, high=high))
    assert staged.query("SELECT count(*) FROM t") == [(11,)]


def test_queries_side_by_side_are_read_in_one_window(days: Any, in_process: Any, profiles: Path) -> None:
    text = "SELECT id, day FROM days WHERE id < 5; -- one\n--sep--\nSELECT id, day FROM days WHERE id > 4"
    for extra in ({}, {"consistency": "snapshot"}, {"partition": {"column": "id", "parts": 2}}):
        staged = in_process.run(source(query=text, **extra), profiles, windows=window("day"))
        assert staged.query("SELECT id FROM t ORDER BY id") == [(3,), (3,), (4,), (5,)]


def test_a_column_that_is_staged_as_text_is_read_in_windows_by_its_own_type(
    days: Any, in_process: Any, profiles: Path
) -> None:
    staged = in_process.run(source(table="days", as_text=["day"]), profiles, windows=window("day"))
    assert staged.query("SELECT day FROM t ORDER BY id")[0] == ("2026-01-03",)


def test_a_column_is_found_in_capitals_too(days: Any, in_process: Any, profiles: Path) -> None:
    given = {"rows": {**window("day")["rows"], "column": "DAY"}}
    staged = in_process.run(source(table="days"), profiles, windows=given)
    assert staged.query("SELECT count(*) FROM t") == [(4,)]
    assert described(source(table="days"), "DAY", profiles).column == "DAY"


def test_infinity_is_in_no_window_that_ends(days: Any, in_process: Any, profiles: Path) -> None:
    days.execute("INSERT INTO days (id, day) VALUES (100, 'infinity'), (101, '-infinity')")
    staged = in_process.run(source(table="days"), profiles, windows=window("day", low=None))
    assert staged.query("SELECT max(id), count(*) FROM t") == [(101, 7)]


def test_counting_is_given_up_in_time(days: Any, profiles: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(cursor_column, "COUNT_SECONDS", 1)
    slow = "SELECT id, pg_sleep(20)::text AS slept FROM days LIMIT 1"
    assert described(source(query=f"{slow} OFFSET 0"), "id", profiles).nulls is None


def test_a_column_that_is_declared_not_null_is_not_counted(
    days: Any, profiles: Path, monkeypatch: Any
) -> None:
    days.execute("DROP TABLE IF EXISTS sure; CREATE TABLE sure (id int NOT NULL, at date)")
    monkeypatch.setattr(cursor_column, "COUNT_SECONDS", "no number of ")
    assert described(source(table="sure"), "id", profiles).nulls == 0

"""Reads windows of queries and tables from a real MariaDB, and looks at cursor columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.connect import connections
from beam_pipeline.modules import cursor_column
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.mysql.connection import session
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.plan import PlannedRead, Planner
from beam_pipeline.window import SourceWindow
from running import described, plan_of

TYPES = {
    "id": ("integer", "3", "6"),
    "day": ("date", "2026-01-03", "2026-01-06"),
    "at": ("timestamp", "2026-01-03T00:00:00.000000", "2026-01-06T00:00:00.000000"),
    "instant": ("timestamptz", "2026-01-03T00:00:00.000000Z", "2026-01-06T00:00:00.000000Z"),
}


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"rows": {"module": "mysql", "profile": "my", **parameters}})


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
def days(mysql: Any) -> Any:
    """Ten rows, 1 to 10, of which two are of the third day; one without values, and one of no day."""
    mysql.execute("SET sql_mode = '', time_zone = '+00:00'")
    mysql.execute("DROP TABLE IF EXISTS days")
    mysql.execute(
        "CREATE TABLE days (id BIGINT UNSIGNED NULL, day DATE NULL, at DATETIME(6) NULL,"
        " instant TIMESTAMP(6) NULL, note VARCHAR(30))"
    )
    mysql.execute(
        "INSERT INTO days SELECT seq, DATE '2025-12-31' + INTERVAL seq DAY,"
        " TIMESTAMP '2025-12-31 00:00:00' + INTERVAL seq DAY,"
        " TIMESTAMP '2025-12-31 00:00:00' + INTERVAL seq DAY, CONCAT('text ', seq) FROM seq_1_to_10"
    )
    mysql.execute("INSERT INTO days SELECT id, day, at, instant, 'again' FROM days WHERE id = 3")
    mysql.execute("INSERT INTO days (note) VALUES ('nothing')")
    return mysql


def test_windows_and_ranges_go_together(days: Any, in_process: Any, my_profiles: Path) -> None:
    plan = source(query="SELECT * FROM days", partition={"column": "id", "parts": 3})
    staged = in_process.run(plan, my_profiles, windows=window("day"))
    assert staged.query("SELECT id FROM t ORDER BY id") == [(3,), (3,), (4,), (5,)]


def test_queries_of_every_form_are_read(days: Any, in_process: Any, my_profiles: Path) -> None:
    for query in (
        "WITH recent AS (SELECT * FROM days) SELECT * FROM recent ORDER BY id DESC;",
        "/* all */ SELECT id, day FROM days WHERE note LIKE 'text %' -- not the others",
        "SELECT * FROM days LIMIT 100",
    ):
        staged = in_process.run(source(query=query), my_profiles, windows=window("day"))
        assert staged.query("SELECT count(DISTINCT id) FROM t") == [(3,)]


def planned(profiles: Path, given: dict[str, Any], **parameters: Any) -> list[PlannedRead]:
    """The reads of a source in a window, as the workers would get them."""
    read = SourceWindow.model_validate_json(json.dumps(given["rows"]))
    context = StepContext("rows", "test", "sources[0]", str(profiles), "", False, 1, window=read)
    params = MysqlParams.model_validate({"profile": "my", **parameters})
    return list(Planner(params, context, params.connection(context)).plan())


@pytest.mark.parametrize("column", TYPES)
@pytest.mark.parametrize("low", ["", None])
@pytest.mark.parametrize(
    "what",
    [
        {"table": "days"},
        {"query": "WITH q AS (SELECT * FROM days) SELECT * FROM q WHERE id > 0 ORDER BY id;"},
    ],
)
def test_an_index_stays_usable(
    column: str, low: str | None, what: dict[str, str], days: Any, my_profiles: Path
) -> None:
    days.execute(
        "INSERT INTO days SELECT seq, DATE '2030-01-01' + INTERVAL seq HOUR,"
        " TIMESTAMP '2030-01-01 00:00:00' + INTERVAL seq HOUR,"
        " TIMESTAMP '2030-01-01 00:00:00' + INTERVAL seq HOUR, 'more' FROM seq_100_to_20000"
    )
    days.execute(f"CREATE INDEX by_it ON days ({column})")
    days.execute("ANALYZE TABLE days")
    (read,) = planned(my_profiles, window(column, low=low), **what)
    assert read.window is not None
    profile = json.loads(my_profiles.read_text())["my"]
    client = session.open_client(connections.resolve_profile(profile, "profiles", "profile my"))
    read.window.bind(client)
    ((_, _, _, kind, _, index, *_),) = client.ask(f"EXPLAIN {read.query}")
    client.close()
    assert (kind, index) == ("range", "by_it")


def test_no_value_is_part_of_an_sql_text(days: Any, in_process: Any, my_profiles: Path) -> None:
    """By the server's own log: a value comes with the execution of a prepared statement, or not at all."""
    days.execute("SET GLOBAL log_output = 'TABLE'")
    days.execute("TRUNCATE TABLE mysql.general_log")
    days.execute("SET GLOBAL general_log = 1")
    given = window("at", low="2026-01-03T04:05:06.000007", high="2026-01-06T07:08:09.000010")
    plan = source(query="SELECT * FROM days", partition={"column": "id", "parts": 2})
    try:
        in_process.run(plan, my_profiles, windows=given)
    finally:
        days.execute("SET GLOBAL general_log = 0")
    days.execute("SELECT command_type, CONVERT(argument USING utf8mb4) FROM mysql.general_log")
    logged = days.fetchall()
    texts = [text for kind, text in logged if kind in ("Query", "Prepare")]
    assert sum("WITH beamline_source AS" in text for text in texts) >= 3
    assert not [text for text in texts if "04:05:06" in text or "07:08:09" in text]
    assert len([text for kind, text in logged if kind == "Execute" and "04:05:06.000007" in text]) == 3


def test_dates_that_are_none_are_in_no_window(days: Any, in_process: Any, my_profiles: Path) -> None:
    days.execute("INSERT INTO days (day, note) VALUES ('0000-00-00', 'none')")
    staged = in_process.run(source(table="days"), my_profiles, windows=window("day", low=None))
    assert staged.query("SELECT count(*) FROM t") == [(6,)]
    assert described(source(table="days"), "day", my_profiles).nulls == 2


def test_cursor_columns_are_described(days: Any, my_profiles: Path) -> None:
    for column, (kind, _, _) in TYPES.items():
        found = described(source(query="SELECT * FROM days;"), column, my_profiles)
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
    low: str | None, high: str, count: int, days: Any, in_process: Any, my_profiles: Path
) -> None:
    staged = in_process.run(source(table="days"), my_profiles, windows=window("id", low=low, high=high))
    assert staged.query("SELECT count(*) FROM t") == [(count,)]


@pytest.mark.parametrize("column", ["day", "at", "instant"])
def test_the_first_and_the_last_day_of_the_calendar_are_ends(
    column: str, days: Any, in_process: Any, my_profiles: Path
) -> None:
    ends = {
        "day": ("0001-01-01", "9999-12-31"),
        "at": ("0001-01-01T00:00:00.000000", "9999-12-31T23:59:59.999999"),
        "instant": ("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"),
    }
    low, high = ends[column]
    staged = in_process.run(source(table="days"), my_profiles, windows=window(column, low=low, high=high))
    assert staged.query("SELECT count(*) FROM t") == [(11,)]


def test_queries_side_by_side_are_read_in_one_window(days: Any, in_process: Any, my_profiles: Path) -> None:
    text = "SELECT id, day FROM days WHERE id < 5; -- one\n--sep--\nSELECT id, day FROM days WHERE id > 4"
    for extra in ({}, {"consistency": "snapshot"}, {"partition": {"column": "id", "parts": 2}}):
        staged = in_process.run(source(query=text, **extra), my_profiles, windows=window("day"))
        assert staged.query("SELECT id FROM t ORDER BY id") == [(3,), (3,), (4,), (5,)]


def test_a_column_that_is_staged_as_text_is_read_in_windows_by_its_own_type(
    days: Any, in_process: Any, my_profiles: Path
) -> None:
    staged = in_process.run(source(table="days", as_text=["day"]), my_profiles, windows=window("day"))
    assert staged.query("SELECT day FROM t ORDER BY id")[0] == ("2026-01-03",)


def test_a_column_is_found_in_capitals_too(days: Any, in_process: Any, my_profiles: Path) -> None:
    given = {"rows": {**window("day")["rows"], "column": "DAY"}}
    staged = in_process.run(source(table="days"), my_profiles, windows=given)
    assert staged.query("SELECT count(*) FROM t") == [(4,)]
    assert described(source(table="days"), "DAY", my_profiles).column == "DAY"


def test_counting_is_given_up_in_time(days: Any, my_profiles: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(cursor_column, "COUNT_SECONDS", 1)
    slow = "SELECT id, SLEEP(20) AS slept FROM days LIMIT 1 OFFSET 0"
    assert described(source(query=slow), "id", my_profiles).nulls is None

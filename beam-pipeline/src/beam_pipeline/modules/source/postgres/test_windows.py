"""Reads windows of queries and tables from a real server, and looks at cursor columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline import cursors
from beam_pipeline.errors import ConfigError
from beam_pipeline.plan import Plan
from running import plan_of

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


def described(plan: dict[str, Any], column: str, profiles: Path) -> Any:
    plan["sources"][0]["incremental"] = {
        "column": column,
        "from": "max_value_in_destination",
        "destination_sink": "out",
        "lag": None,
        "initial_value": None,
    }
    return cursors.describe(Plan.model_validate_json(json.dumps(plan)), str(profiles), None)["rows"]


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


@pytest.mark.parametrize("column", TYPES)
@pytest.mark.parametrize("what", [{"table": "days"}, {"query": "SELECT * FROM days; -- all of them"}])
def test_a_window_begins_with_low_and_ends_before_high(
    column: str, what: dict[str, str], days: Any, in_process: Any, profiles: Path
) -> None:
    staged = in_process.run(source(**what), profiles, windows=window(column))
    assert staged.query("SELECT id FROM t ORDER BY id") == [(3,), (3,), (4,), (5,)]
    assert staged.manifest["windows"] == window(column)


@pytest.mark.parametrize("column", TYPES)
def test_a_window_may_begin_behind_low(column: str, days: Any, in_process: Any, profiles: Path) -> None:
    staged = in_process.run(source(table="days"), profiles, windows=window(column, inclusive=False))
    assert staged.query("SELECT id FROM t ORDER BY id") == [(4,), (5,)]


@pytest.mark.parametrize("column", TYPES)
def test_a_first_load_has_everything_but_rows_without_a_value(
    column: str, days: Any, in_process: Any, profiles: Path
) -> None:
    staged = in_process.run(source(table="days"), profiles, windows=window(column, low=None))
    assert staged.query("SELECT count(*), max(id) FROM t") == [(6, 5)]


def test_windows_and_ranges_go_together(days: Any, in_process: Any, profiles: Path) -> None:
    plan = source(query="SELECT * FROM days", partition={"column": "id", "parts": 3})
    staged = in_process.run(plan, profiles, windows=window("day"))
    assert staged.query("SELECT id FROM t ORDER BY id") == [(3,), (3,), (4,), (5,)]


def test_an_empty_window_keeps_the_columns(days: Any, in_process: Any, profiles: Path) -> None:
    staged = in_process.run(source(table="days"), profiles, windows=window("id", low="6"))
    assert staged.query("SELECT count(*) FROM t") == [(0,)]
    assert staged.schema()["instant"] == "timestamp[us, tz=UTC]"


def test_queries_of_every_form_are_read(days: Any, in_process: Any, profiles: Path) -> None:
    for query in (
        "WITH recent AS (SELECT * FROM days) SELECT * FROM recent ORDER BY id DESC;",
        "/* all */ SELECT id, day FROM days WHERE note LIKE 'text %' -- not the others",
        "SELECT * FROM days LIMIT 100",
    ):
        staged = in_process.run(source(query=query), profiles, windows=window("day"))
        assert staged.query("SELECT count(DISTINCT id) FROM t") == [(3,)]


def test_an_index_stays_usable(days: Any, in_process: Any, profiles: Path) -> None:
    days.execute(
        "INSERT INTO days (id) SELECT generate_series(100, 20000); CREATE INDEX ON days (id); ANALYZE days"
    )
    days.execute("SELECT set_config('beamline.low', '3', false)")
    shown = days.execute(
        "EXPLAIN WITH q AS (SELECT * FROM days\n) SELECT * FROM q"
        " WHERE id >= pg_catalog.current_setting('beamline.low')::int8 AND id < 6"
    ).fetchall()
    assert "Index" in str(shown)


@pytest.mark.parametrize(
    ("column", "message"),
    [("note", "`note` is text; a source is read in windows by"), ("dya", "did you mean `day`")],
)
def test_columns_that_have_no_windows_are_refused(
    column: str, message: str, days: Any, profiles: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        described(source(table="days"), column, profiles)


def test_a_column_of_another_type_than_the_window_is_refused(
    days: Any, in_process: Any, profiles: Path
) -> None:
    with pytest.raises(ConfigError, match="the window is of type date"):
        in_process.run(
            source(table="days"),
            profiles,
            windows=window("day") | {"rows": {**window("day")["rows"], "column": "at"}},
        )


def test_cursor_columns_are_described(days: Any, profiles: Path) -> None:
    for column, (kind, _, _) in TYPES.items():
        found = described(source(query="SELECT * FROM days;"), column, profiles)
        assert (found.type, found.max, found.nulls) == (kind, "10" if column == "id" else None, 1)

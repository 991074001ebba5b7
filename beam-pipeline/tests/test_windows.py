"""Windows on their way to the sources, and cursor columns on their way back."""

from __future__ import annotations

import datetime
import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline import window
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules import registry
from running import Child, plan_of

WINDOW = {"column": "id", "type": "integer", "low": "3", "low_inclusive": True, "high": "6"}
EVER = datetime.datetime.max - datetime.datetime.min


def some_values(kind: window.CursorType, count: int) -> list[Any]:
    """Values from the whole range of a type, its ends among them; the seed is fixed."""
    chance = random.Random(5)
    if kind == "integer":
        return [0, -(2**63), 2**64 - 1, *(chance.randint(-(2**63), 2**64) for _ in range(count))]
    second = datetime.timedelta(seconds=1)
    moments = [
        datetime.datetime.min,
        datetime.datetime.max,
        *(
            datetime.datetime.min
            + second * chance.randrange(EVER // second)
            + datetime.timedelta(microseconds=chance.randrange(1_000_000))
            for _ in range(count)
        ),
    ]
    if kind == "date":
        return [moment.date() for moment in moments]
    return [moment.replace(tzinfo=datetime.UTC) if kind == "timestamptz" else moment for moment in moments]


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz", "integer"])
def test_a_value_is_read_as_it_was_written_and_texts_are_in_its_order(kind: window.CursorType) -> None:
    values = some_values(kind, 2000)
    texts = [window.format_value(kind, value) for value in values]
    assert [window.parse_value(kind, text) for text in texts] == values
    if kind != "integer":
        by_text = sorted(zip(texts, values, strict=True))
        assert [value for _, value in by_text] == sorted(values)


def test_an_instant_is_written_in_utc() -> None:
    there = datetime.timezone(datetime.timedelta(hours=9))
    moment = datetime.datetime(2026, 1, 31, 9, 30, tzinfo=there)
    assert window.format_value("timestamptz", moment) == "2026-01-31T00:30:00.000000Z"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date", "2026-02-30"), ("date", "0000-00-00"), ("date", "-0001-01-01"), ("date", "20260131"),
        ("date", "2026-01-31T00:00:00.000000"), ("date", "2026-01-31\n"), ("date", "٢٠٢٦-01-31"),
        ("date", "'; DROP TABLE t; --"),
        ("timestamp", "2026-01-31 09:30:00.000000"), ("timestamp", "2026-01-31T09:30:00"),
        ("timestamp", "2026-01-31T09:30:00.000000Z"), ("timestamp", "10000-01-01T00:00:00.000000"),
        ("timestamp", "0000-01-01T00:00:00.000000"), ("timestamp", "2026-01-31T24:00:00.000001"),
        ("timestamptz", "2026-01-31T09:30:00.000000"), ("timestamptz", "2026-01-31T09:30:00.000000+00:00"),
        ("integer", "04"), ("integer", "-0"), ("integer", "+4"), ("integer", "4.0"), ("integer", "1e3"),
        ("integer", ""), ("integer", "4; DROP TABLE t"), ("integer", "1" * 60),
    ],
)  # fmt: skip
def test_a_value_has_one_form_only(kind: window.CursorType, text: str) -> None:
    with pytest.raises(ValueError, match=f"must be a value of type {kind}, such as"):
        window.parse_value(kind, text)
    with pytest.raises(ConfigError, match=r"--windows\.rows  .*high must be a value of type"):
        window.read(json.dumps({"rows": {**WINDOW, "type": kind, "low": None, "high": text}}))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not JSON"),
        ("[]", "should be an object"),
        ('{"rows": 1}', r"--windows\.rows"),
        ('{"rows": {}, "rows": {}}', "the key `rows` is there twice"),
        (json.dumps({"rows": {**WINDOW, "type": "text"}}), r"--windows\.rows\.type"),
        (json.dumps({"rows": {**WINDOW, "low": 3}}), r"--windows\.rows\.low "),
        (json.dumps({"rows": {**WINDOW, "low_inclusive": "true"}}), r"--windows\.rows\.low_inclusive"),
        (json.dumps({"rows": {**WINDOW, "high": None}}), r"--windows\.rows\.high"),
        (json.dumps({"rows": {**WINDOW, "column": ""}}), r"--windows\.rows\.column"),
        (json.dumps({"rows": {"column": "id"}}), "Field required"),
    ],
)
def test_windows_that_are_none_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        window.read(text)


def test_windows_keep_what_is_not_theirs() -> None:
    given = {"rows": {**WINDOW, "low": None, "next": "6", "basis": "record", "more": [1]}}
    found = window.read(json.dumps(given))
    assert found.given == given
    assert found.by_source["rows"].low_value is None
    assert found.by_source["rows"].high_value == 6
    assert window.read(None).given == {}


def numbers(**source: Any) -> dict[str, Any]:
    plan = plan_of({"rows": {"module": "postgres", "profile": "pg", "query": "SELECT 1 AS id"}})
    plan["sources"][0].update(source)
    return plan


@pytest.mark.parametrize(
    ("source", "windows", "problem"),
    [
        ({}, {"row": WINDOW}, "no source is named `row`; did you mean `rows`?"),
        ({"incremental": {"column": "id"}}, {}, "has no window for `rows`, which is read in windows"),
        (
            {"module": "files", "parameters": {"path": "*.csv"}},
            {"rows": WINDOW},
            "module `files` cannot read a window of rows",
        ),
    ],
)
def test_windows_and_sources_must_fit(
    source: dict[str, Any], windows: dict[str, Any], problem: str, in_process: Any, profiles: Path
) -> None:
    with pytest.raises(ConfigError, match=problem):
        in_process.run(numbers(**source), profiles, windows=windows)


def test_a_child_reads_its_window_and_says_so(child: Child, sql: Any, profiles: Path) -> None:
    query = "SELECT generate_series(1, 9) AS id"
    given = {"rows": {**WINDOW, "next": "6", "basis": "given"}}
    plan = numbers(parameters={"profile": "pg", "query": query}, incremental={"column": "id", "lag": None})
    staged = child.run(plan, profiles, "--windows", json.dumps(given))
    assert staged.query("SELECT id FROM t ORDER BY id") == [(3,), (4,), (5,)]
    assert staged.manifest["windows"] == given


def test_a_child_without_windows_has_none(child: Child, sql: Any, profiles: Path) -> None:
    assert child.run(numbers(), profiles, "--windows", "").manifest["windows"] == {}


def test_a_child_refuses_a_window_that_is_none(child: Child, profiles: Path) -> None:
    given = {"rows": {**WINDOW, "high": "6'; DROP TABLE days; --"}}
    failure = child.fail(numbers(), profiles, "--windows", json.dumps(given))
    assert (failure["type"], failure["retryable"]) == ("ConfigError", False)
    assert "high must be a value of type integer" in failure["message"]


def look(
    plan: dict[str, Any], profiles: Path, *, module: tuple[str, ...] = ("-m", "beam_pipeline.asked.cursors")
) -> tuple[int, dict[str, Any]]:
    path = profiles.with_name("plan.json")
    path.write_text(json.dumps(plan))
    done = subprocess.run(
        [sys.executable, *module, "--plan", str(path), "--profiles", str(profiles)],
        check=False,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    return done.returncode, json.loads(done.stdout)


def both(profiles: Path, my_profiles: Path, postgres_query: str, mysql_query: str) -> dict[str, Any]:
    """A plan of one source of each server and one that reads everything, and profiles of both."""
    profiles.write_text(json.dumps(json.loads(profiles.read_text()) | json.loads(my_profiles.read_text())))
    plan = plan_of(
        {
            "pg_rows": {"module": "postgres", "profile": "pg", "query": postgres_query},
            "my_rows": {"module": "mysql", "profile": "my", "query": mysql_query},
            "all_rows": {"module": "postgres", "profile": "pg", "query": "SELECT 1 AS one"},
        }
    )
    for source in plan["sources"][:2]:
        source["incremental"] = {"column": "at", "from": "max_value_in_destination", "lag": None}
    return plan


def test_cursor_columns_of_a_plan_are_told_without_beam(
    sql: Any, mysql: Any, profiles: Path, my_profiles: Path
) -> None:
    plan = both(
        profiles, my_profiles,
        "SELECT i AS at FROM generate_series(1, 5) i UNION ALL SELECT NULL;",
        "SELECT CAST('2026-01-31' AS DATETIME) AS at",
    )  # fmt: skip
    without_beam = "import sys, runpy; sys.modules['apache_beam'] = None; del sys.argv[0]; runpy.run_module("
    code, told = look(
        plan,
        profiles,
        module=("-c", without_beam + "'beam_pipeline.asked.cursors', run_name='__main__')", "x"),
    )
    assert (code, told) == (
        0,
        {
            "sources": {
                "pg_rows": {"column": "at", "type": "integer", "max": "5", "nulls": 1},
                "my_rows": {"column": "at", "type": "timestamp", "max": None, "nulls": 0},
            }
        },
    )


@pytest.mark.parametrize(
    ("queries", "kind", "problem"),
    [
        (
            ("SELECT 'x' AS at", "SELECT 1 AS at"),
            "ConfigError",
            r"sources[0].parameters.incremental_column  `at` is text; a source is read in windows by a date, "
            "a timestamp or an integer (source `pg_rows`)",
        ),
        (
            ("SELECT 1 AS at", "SELECT 'x' AS at"),
            "ConfigError",
            r"sources[1].parameters.incremental_column  `at` is TEXT; a source is read in windows by",
        ),
        (
            ("SELECT 1 AS att", "SELECT 1 AS at"),
            "ConfigError",
            "no column is named `at`; did you mean `att`? (att) (source `pg_rows`)",
        ),
        (("SELECT 1 AS x, 2 AS y", "SELECT 1 AS at"), "ConfigError", "no column is named `at` (x, y)"),
        (("SELECT at FROM nowhere", "SELECT 1 AS at"), "SqlError", "nowhere"),
    ],
)
def test_what_is_wrong_with_a_cursor_column_is_a_failure_of_its_step(
    queries: tuple[str, str],
    kind: str,
    problem: str,
    sql: Any,
    mysql: Any,
    profiles: Path,
    my_profiles: Path,
) -> None:
    code, told = look(both(profiles, my_profiles, *queries), profiles)
    assert code == 1
    assert (told["failure"]["type"], told["failure"]["retryable"]) == (kind, False)
    assert problem in told["failure"]["message"]
    assert told["failure"]["step"] == ("my_rows" if "sources[1]" in problem else "pg_rows")


def test_a_server_that_does_not_answer_is_a_failure_that_may_pass(profiles: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    profile = json.loads(profiles.read_text())["pg"]
    profiles.write_text(json.dumps({"pg": {**profile, "port": closed}}))
    code, told = look(numbers(incremental={"column": "id"}), profiles)
    assert code == 1
    assert (told["failure"]["type"], told["failure"]["retryable"]) == ("ConnectionLost", True)


def test_a_source_takes_part_by_a_file_in_its_folder() -> None:
    can = {module.name for module in registry.discover("source") if module.is_incremental}
    assert {"postgres", "mysql", "bigquery"} <= can
    assert "files" not in can

"""What one worker would do alone is told, with what is known of it, and no row is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.asked import columns
from running import plan_of

QUERY = {"module": "postgres", "profile": "pg", "query": "SELECT 1 AS id"}
MY_QUERY = {**QUERY, "module": "mysql", "profile": "my"}
SQL = {"module": "sql", "inputs": ["rows"], "sql": "SELECT id FROM rows"}


@pytest.fixture
def told(tmp_path: Path, capsys: Any) -> Any:
    """Asks about a plan of one source, and perhaps one transform."""

    def ask(source: dict[str, Any], transform: dict[str, Any] | None, *options: str) -> Any:
        plan = plan_of({"rows": source}, None if transform is None else {"out_of": transform})
        (tmp_path / "plan.json").write_text(json.dumps(plan))
        assert columns.main([f"--plan={tmp_path / 'plan.json'}", f"--root={tmp_path}", *options]) == 0
        return json.loads(capsys.readouterr().out)

    return ask


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (QUERY, "it is read by one statement, in one stream"),
        ({**QUERY, "consistency": "per_range"}, "it is read by one statement"),
        ({**QUERY, "consistency": "snapshot"}, "(`consistency: snapshot`)"),
        ({**QUERY, "consistency": "snapshot", "partition": {"column": "id"}}, "(`consistency: snapshot`)"),
        ({**QUERY, "partition": {"column": "id"}}, None),
        ({**QUERY, "partition": {"column": "id", "parts": 1}}, "as one range (`partition.parts: 1`)"),
        ({**QUERY, "query": "SELECT 1 AS id --sep-- SELECT 2 AS id"}, None),
        (
            {
                **QUERY,
                "query": "SELECT 1 AS id --sep-- SELECT 2 AS id",
                "partition": {"column": "id", "parts": 1},
            },
            None,
        ),
    ],
)
@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_a_source_in_one_stream(
    kind: str, source: Any, why: str | None, told: Any, profiles: Path, my_profiles: Path
) -> None:
    at = profiles if kind == "postgres" else my_profiles
    given = {**source, "module": kind, "profile": "pg" if kind == "postgres" else "my"}
    alone = told(given, None, f"--profiles={at}", "--alone")["alone"]
    if why is None:
        assert alone == {}
    else:
        assert why in alone["rows"]["why"]
        assert "partition" in alone["rows"]["instead"] or "parts" in alone["rows"]["instead"]


@pytest.mark.parametrize(
    ("transform", "why"),
    [
        ({}, "its SQL sees its whole inputs (`scope: all`)"),
        ({"scope": "batch"}, None),
        ({"scope": "key", "partition_by": ["id"]}, None),
        ({"scope": "key", "partition_by": ["id"], "partitions": 1}, "(`partitions: 1`)"),
        ({"module": "beamsql"}, "(`scope: all`)"),
    ],
)
def test_sql_over_whole_inputs(transform: dict[str, Any], why: str | None, told: Any, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("id\n1\n")
    alone = told({"module": "files", "path": "*.csv"}, {**SQL, **transform, "memory_limit": "2GB"}, "--alone")
    found = alone["alone"]
    assert list(found) == ([] if why is None else ["out_of"])
    if why is not None:
        assert why in found["out_of"]["why"]
        known = {key: found["out_of"][key] for key in ("memory_limit", "rows", "bytes")}
        assert known == {"memory_limit": "2GB", "rows": None, "bytes": 10}


@pytest.mark.parametrize(("names", "size"), [(["a.csv"], 5), (["a.csv", "b.csv"], None)])
def test_one_file_is_one_stream(names: list[str], size: int | None, told: Any, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_text("id\n1\n")
    alone = told({"module": "files", "path": "*.csv"}, None, "--alone")["alone"]
    assert [each["bytes"] for each in alone.values()] == ([] if size is None else [size])


def test_rows_are_what_the_server_says_of_a_whole_table(told: Any, profiles: Path, sql: Any) -> None:
    sql.execute("CREATE TABLE alone_rows AS SELECT n AS id FROM generate_series(1, 5000) n")
    sql.execute("ANALYZE alone_rows")
    table = {"module": "postgres", "profile": "pg", "table": "alone_rows"}
    alone = told(table, SQL, f"--profiles={profiles}", "--alone")["alone"]
    assert {name: step["rows"] for name, step in alone.items()} == {"rows": 5000, "out_of": 5000}
    some = {**QUERY, "query": "SELECT id FROM alone_rows WHERE id % 7 = 1"}
    assert told(some, None, f"--profiles={profiles}", "--alone")["alone"]["rows"]["rows"] is None


def test_what_cannot_be_reached_is_of_unknown_size(told: Any, tmp_path: Path) -> None:
    nobody = {"host": "127.0.0.1", "port": 1, "database": "d", "user": "u", "password": "p"}
    (tmp_path / "nobody.json").write_text(json.dumps({"pg": nobody}))
    answer = told(QUERY, None, f"--profiles={tmp_path / 'nobody.json'}", "--alone")
    assert list(answer["unreached"]) == ["rows"]
    assert (answer["alone"]["rows"]["rows"], answer["alone"]["rows"]["bytes"]) == (None, None)


def test_nothing_of_it_is_told_unasked(told: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    assert set(told({"module": "files", "path": "a.csv"}, None)) == {"steps", "unreached"}

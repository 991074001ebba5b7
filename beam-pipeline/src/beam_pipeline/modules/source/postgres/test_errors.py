"""Failures against a real server: each with its type, its step and no secret."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from running import plan_of

CANARY = "canary-pa55word"


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"rows": {"module": "postgres", "profile": "pg", **parameters}})


def written(profiles: Path, **changes: Any) -> Path:
    profile = json.loads(profiles.read_text())["pg"]
    profiles.write_text(json.dumps({"pg": {**profile, **changes}}))
    return profiles


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def guarded(sql: Any) -> Any:
    """A user of its own, whose password is checked, and a table that it may not read."""
    sql.execute(
        f"""
        DROP TABLE IF EXISTS hidden; CREATE TABLE hidden (i int);
        DO $$ BEGIN CREATE ROLE guarded LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        ALTER ROLE guarded PASSWORD '{CANARY}';
        """
    )
    return sql


@pytest.mark.parametrize(
    ("changes", "kind", "problem"),
    [
        ({"password": "wrong-" + CANARY, "user": "guarded"}, "AuthenticationError", "refused the user or the password"),
        ({"user": "nobody_here", "password": CANARY}, "AuthenticationError", "nobody_here"),
        ({"database": "nowhere"}, "AuthenticationError", "no such database"),
        ({"host": "no-such-host.invalid"}, "ConnectionLost", "cannot be resolved"),
        ({"port": "closed"}, "ConnectionLost", "nothing answers"),
        ({"password": "${env:NOT_SET_HERE}"}, "ResourceError", "NOT_SET_HERE is not set"),
        ({"port": "x"}, "ResourceError", "port must be a number"),
        ({"hots": "h"}, "ResourceError", "unknown key `hots`; did you mean `host`"),
    ],
)  # fmt: skip
def test_a_connection_that_fails_is_named(
    changes: dict[str, Any], kind: str, problem: str, guarded: Any, child: Any, profiles: Path
) -> None:
    if changes.get("port") == "closed":
        changes = {"port": free_port()}
    failure = child.fail(source(query="SELECT 1 AS one"), written(profiles, **changes))
    assert (failure["type"], failure["retryable"]) == (kind, kind == "ConnectionLost")
    assert problem in failure["message"]
    assert failure["step"] == "rows"
    assert CANARY not in json.dumps(child.events) + child.stderr
    assert not child.staging.exists()


def test_a_table_that_may_not_be_read(guarded: Any, child: Any, profiles: Path) -> None:
    plan = source(query="SELECT * FROM hidden")
    failure = child.fail(
        plan, written(profiles, user="guarded", password="${env:GUARDED}"), env={"GUARDED": CANARY}
    )
    assert failure["type"] == "PermissionDenied"
    assert "permission denied for table hidden" in failure["message"]


def test_an_sql_error_shows_its_place(child: Any, profiles: Path) -> None:
    failure = child.fail(source(query="SELECT *\nFROM nowhere"), profiles)
    assert failure["type"] == "SqlError"
    assert failure["position"] == {"line": 2, "column": 6}
    assert failure["message"].endswith("\n  FROM nowhere\n       ^")
    assert failure["step"] == "rows"


def test_an_error_while_rows_are_streamed(child: Any, profiles: Path) -> None:
    query = "SELECT 1 / (i - 300000) AS x FROM generate_series(1, 400000) i"
    failure = child.fail(source(query=query), profiles)
    assert failure["type"] == "DataError"
    assert "division by zero" in failure["message"]


def test_a_connection_lost_midway_is_retryable(sql: Any, child: Any, profiles: Path) -> None:
    query = (
        "SELECT i, pg_sleep(CASE WHEN i % 20000 = 0 THEN 0.2 END)::text FROM generate_series(1, 2000000) i"
    )
    process = child.start(source(query=query), profiles)
    ours = "application_name = 'beamline test/rows' AND query LIKE 'COPY%'"
    stop = threading.Event()

    def cut() -> None:
        while not stop.wait(0.05):
            sql.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        assert child.finish(process) is None
    finally:
        stop.set()
        cutter.join()
    failure = child.events[-1]["failure"]
    assert (failure["type"], failure["retryable"]) == ("ConnectionLost", True)
    assert "terminating connection" in failure["message"]
    assert not child.staging.exists()


def test_a_table_dropped_between_two_ranges(sql: Any, child: Any, profiles: Path) -> None:
    """With a snapshot the holder's lock makes the drop wait; ranges of their own moments find nothing."""
    sql.execute(
        "DROP TABLE IF EXISTS fading; CREATE TABLE fading AS SELECT i AS id FROM generate_series(1, 100000) i"
    )
    query = "SELECT id, pg_sleep(CASE WHEN id % 2500 = 0 THEN 0.1 END)::text AS slow FROM fading"
    plan = source(query=query, partition={"column": "id", "parts": 20}, consistency="per_range")
    process = child.start(plan, profiles)
    reading = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'beamline test/rows' AND query LIKE 'COPY%'"
    while sql.execute(reading).fetchone()[0] == 0:
        pass
    sql.execute("DROP TABLE fading")
    assert child.finish(process) is None
    failure = child.events[-1]["failure"]
    assert failure["type"] == "SqlError"
    assert 'relation "fading" does not exist' in failure["message"]
    assert not child.staging.exists()


def test_secrets_are_in_nothing_that_is_written(
    guarded: Any, child: Any, profiles: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CANARY + "\n")
    guarded.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guarded")
    references = f"${{file:{secret}}}"
    plan = source(query="SELECT 1 AS one")
    child.run(plan, written(profiles, user="guarded", password=references))
    everything = json.dumps(child.events) + child.stderr
    for path in child.staging.rglob("*"):
        everything += path.read_bytes().decode("latin-1") if path.is_file() else ""
    assert CANARY not in everything


def test_inline_attributes_take_references_only(postgres: dict[str, Any], child: Any) -> None:
    inline = {name: postgres[name] for name in ("host", "port", "database", "user")}
    given = {"module": "postgres", **inline, "query": "SELECT 1 AS one"}
    failure = child.fail(plan_of({"rows": {**given, "password": CANARY}}))
    assert failure["type"] == "ConfigError"
    assert "sources[0].parameters.password" in failure["message"]
    assert CANARY not in json.dumps(child.events) + child.stderr
    plan = plan_of({"rows": {**given, "password": "${env:PG_PASSWORD}"}})
    assert child.run(plan, env={"PG_PASSWORD": postgres["password"]}).query("FROM t") == [(1,)]

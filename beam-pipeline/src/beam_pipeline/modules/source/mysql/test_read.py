"""Reads queries, tables and ranges from a real MariaDB, and its failures."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import ConfigError, SqlError
from running import plan_of

CANARY = "canary-pa55word/%&"


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"rows": {"module": "mysql", "profile": "my", **parameters}})


def written(profiles: Path, **changes: Any) -> Path:
    profile = json.loads(profiles.read_text())["my"]
    profiles.write_text(json.dumps({"my": {**profile, **changes}}))
    return profiles


@pytest.fixture
def numbers(mysql: Any) -> Any:
    """A table of 1,000 rows: `id` from 1, a date, a datetime, and NULLs in every tenth row."""
    mysql.execute("SET sql_mode = ''")
    mysql.execute("DROP TABLE IF EXISTS numbers")
    mysql.execute(
        """
        CREATE TABLE numbers AS SELECT CAST(seq AS UNSIGNED) AS id, IF(seq % 10 > 0, seq, NULL) AS maybe,
            DATE '2024-01-01' + INTERVAL seq DAY AS day,
            TIMESTAMP '2024-01-01 00:00:00' + INTERVAL seq HOUR AS at, CONCAT('text ', seq) AS note
        FROM seq_1_to_1000
        """
    )
    return mysql


@pytest.mark.parametrize("column", ["id", "maybe", "day", "at"])
def test_ranges_hold_every_row_once(column: str, numbers: Any, in_process: Any, my_profiles: Path) -> None:
    plan = source(query="SELECT * FROM numbers;", partition={"column": column, "parts": 7})
    staged = in_process.run(plan, my_profiles)
    assert staged.query("SELECT count(*), count(DISTINCT id), sum(id) FROM t") == [(1000, 1000, 500500)]
    assert staged.manifest["steps"]["rows"]["consistency"] == "per_range"


def test_unsigned_ranges_reach_the_last_number(mysql: Any, in_process: Any, my_profiles: Path) -> None:
    mysql.execute("DROP TABLE IF EXISTS far")
    mysql.execute("CREATE TABLE far (id BIGINT UNSIGNED)")
    mysql.execute("INSERT INTO far VALUES (0), (9223372036854775808), (18446744073709551615), (NULL)")
    plan = source(table="far", partition={"column": "id", "parts": 3})
    shown = in_process.run(plan, my_profiles).query("SELECT id FROM t ORDER BY id NULLS LAST")
    assert shown == [(0,), (2**63,), (2**64 - 1,), (None,)]


def test_dates_that_are_none_are_in_a_range(numbers: Any, in_process: Any, my_profiles: Path) -> None:
    numbers.execute("INSERT INTO numbers (id, day) VALUES (1001, '0000-00-00'), (1002, NULL)")
    plan = source(table="numbers", partition={"column": "day", "parts": 4}, as_text=["day"])
    assert in_process.run(plan, my_profiles).query("SELECT count(DISTINCT id) FROM t") == [(1002,)]


def test_queries_side_by_side_or_as_one_snapshot(numbers: Any, in_process: Any, my_profiles: Path) -> None:
    text = "SELECT id, note FROM numbers WHERE id <= 10 -- one;\n--sep--\nSELECT id, note FROM numbers WHERE id > 990"
    for extra, consistency in (({}, "per_range"), ({"consistency": "snapshot"}, "snapshot")):
        staged = in_process.run(source(query=text, **extra), my_profiles)
        assert staged.query("SELECT count(*), min(id), max(id) FROM t") == [(20, 1, 1000)]
        assert staged.manifest["steps"]["rows"]["consistency"] == consistency


def test_queries_that_disagree_are_an_error(numbers: Any, in_process: Any, my_profiles: Path) -> None:
    with pytest.raises(ConfigError, match="queries 1 and 2 must return the same columns"):
        in_process.run(source(query="SELECT id FROM numbers --sep--\nSELECT note FROM numbers"), my_profiles)


def test_an_empty_result_has_its_schema(numbers: Any, in_process: Any, my_profiles: Path) -> None:
    for extra in ({}, {"partition": {"column": "id", "parts": 4}}):
        plan = source(query="SELECT id, day FROM numbers WHERE id < 0", **extra)
        staged = in_process.run(plan, my_profiles)
        assert staged.schema() == {"id": "uint64", "day": "date32[day]"}
        assert staged.query("SELECT count(*) FROM t") == [(0,)]


def test_names_are_quoted_as_they_must_be(mysql: Any, in_process: Any, my_profiles: Path) -> None:
    mysql.execute("DROP TABLE IF EXISTS `odd name`")
    mysql.execute("CREATE TABLE `odd name` (`a ``b` INT, `select` DATE)")
    mysql.execute("INSERT INTO `odd name` VALUES (1, '2024-01-01')")
    plan = source(table="odd name", partition={"column": "a `b", "parts": 2})
    assert in_process.run(plan, my_profiles).query('SELECT "a `b", "select"::varchar FROM t') == [
        (1, "2024-01-01")
    ]


@pytest.mark.parametrize(
    ("query", "kind", "problem"),
    [
        ("SELECT id,\n  notte FROM numbers", SqlError, r"line 2, column 3:\n    notte FROM numbers\n    \^"),
        ("SELECT id FORM numbers", SqlError, r"line 1, column 16:\n  SELECT id FORM numbers"),
        ("SELECT * FROM nowhere", SqlError, r"nowhere' doesn't exist, at line 1, column 15"),
        ("SELECT 1; SELECT 2", ConfigError, "more than one statement"),
        ("SELECT 1 AS a, 2 AS a", ConfigError, "Duplicate column name 'a'"),
        ("DELETE FROM numbers", ConfigError, "READ ONLY transaction"),
    ],
)
def test_a_wrong_query_is_shown(
    query: str, kind: Any, problem: str, numbers: Any, in_process: Any, my_profiles: Path
) -> None:
    with pytest.raises(kind, match=problem):
        in_process.run(source(query=query), my_profiles)
    numbers.execute("SELECT count(*) FROM numbers")
    assert numbers.fetchone() == (1000,)


def test_a_wrong_split_column_is_named(numbers: Any, in_process: Any, my_profiles: Path) -> None:
    for column, problem in (("idd", "did you mean `id`"), ("note", "`note` is TEXT")):
        with pytest.raises(ConfigError, match=problem):
            in_process.run(source(table="numbers", partition={"column": column}), my_profiles)


@pytest.fixture
def guarded(mysql: Any) -> Any:
    """A user of its own that may read nothing."""
    mysql.execute("DROP TABLE IF EXISTS hidden")
    mysql.execute("CREATE TABLE hidden (i INT)")
    mysql.execute("CREATE OR REPLACE USER guarded@'%%' IDENTIFIED BY %s", [CANARY])
    mysql.execute("CREATE OR REPLACE DATABASE guarded_own")
    mysql.execute("GRANT ALL ON guarded_own.* TO guarded@'%'")
    return mysql


@pytest.mark.parametrize(
    ("changes", "kind", "problem"),
    [
        ({"password": "wrong-" + CANARY, "user": "guarded"}, "AuthenticationError", "Access denied"),
        ({"database": "nowhere"}, "AuthenticationError", "Unknown database"),
        ({"host": "no-such-host.invalid"}, "ConnectionLost", "cannot be resolved"),
        ({"port": "closed"}, "ConnectionLost", "nothing answers"),
        ({"ssl_mode": "REQUIRED"}, "ResourceError", "offers no TLS"),
    ],
)
def test_a_connection_that_fails_is_named(
    changes: dict[str, Any], kind: str, problem: str, guarded: Any, child: Any, my_profiles: Path
) -> None:
    if changes.get("port") == "closed":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            changes = {"port": probe.getsockname()[1]}
    failure = child.fail(source(query="SELECT 1 AS one"), written(my_profiles, **changes))
    assert (failure["type"], failure["retryable"]) == (kind, kind == "ConnectionLost")
    assert problem in failure["message"]
    assert failure["step"] == "rows"
    assert CANARY not in json.dumps(child.events) + child.stderr


def test_a_table_that_may_not_be_read(guarded: Any, mariadb: Any, child: Any, my_profiles: Path) -> None:
    plan = source(query=f"SELECT * FROM {mariadb['database']}.hidden")
    profiles = written(my_profiles, user="guarded", password="${env:GUARDED}", database="guarded_own")
    failure = child.fail(plan, profiles, env={"GUARDED": CANARY})
    assert failure["type"] == "PermissionDenied"
    assert "SELECT command denied" in failure["message"]


def test_a_password_of_any_characters_is_kept_out_of_everything(
    guarded: Any, child: Any, my_profiles: Path
) -> None:
    profiles = written(my_profiles, user="guarded", password=CANARY, database="guarded_own")
    assert child.run(source(query="SELECT 1 AS one"), profiles).query("FROM t") == [(1,)]
    everything = json.dumps(child.events) + child.stderr
    for path in child.staging.rglob("*"):
        everything += path.read_bytes().decode("latin-1") if path.is_file() else ""
    assert "canary-pa55word" not in everything


def test_an_error_while_rows_are_streamed(numbers: Any, child: Any, my_profiles: Path) -> None:
    failing = "SELECT IF(seq = 300000, (SELECT id FROM numbers), 1) AS x FROM seq_1_to_400000"
    failure = child.fail(source(query=failing), my_profiles)
    assert failure["type"] == "DataError"
    assert "Subquery returns more than 1 row" in failure["message"]


def test_a_connection_lost_midway_is_retryable(mysql: Any, child: Any, my_profiles: Path) -> None:
    query = "SELECT seq, IF(seq % 20000 = 0, SLEEP(0.2), 0) AS slow FROM seq_1_to_2000000"
    process = child.start(source(query=query), my_profiles)
    stop = threading.Event()

    def cut() -> None:
        while not stop.wait(0.1):
            mysql.execute("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT `seq`%'")
            for (number,) in mysql.fetchall():
                stop.wait(0.5)
                mysql.execute(f"KILL CONNECTION {number}")

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        assert child.finish(process) is None
    finally:
        stop.set()
        cutter.join()
    failure = child.events[-1]["failure"]
    assert (failure["type"], failure["retryable"]) == ("ConnectionLost", True)
    assert not child.staging.exists()

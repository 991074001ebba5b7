"""Reads the rows of windows out of a real MariaDB's messages."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from running import plan_of


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"rows": {"module": "mysql", "profile": "my", **parameters}})


def window(low: str, high: str) -> dict[str, Any]:
    return {"rows": {"column": "id", "type": "integer", "low": low, "low_inclusive": True, "high": high}}


def test_values_of_every_length_are_read_in_many_batches(
    mysql: Any, in_process: Any, my_profiles: Path
) -> None:
    mysql.execute("DROP TABLE IF EXISTS lengths")
    mysql.execute("CREATE TABLE lengths (id INT ZEROFILL, maybe INT, note LONGTEXT, data LONGBLOB)")
    mysql.execute(
        "INSERT INTO lengths SELECT seq, IF(seq % 3 > 0, seq, NULL), REPEAT('é', seq % 200),"
        " REPEAT(CHAR(251 USING binary), seq % 7) FROM seq_1_to_70000"
    )
    for length in (250, 251, 252, 65535, 65536, 3_000_000):
        row = [70000 + length, None, "x" * length, b"\xfe" * length]
        mysql.execute("INSERT INTO lengths VALUES (%s, %s, %s, %s)", row)
    staged = in_process.run(source(table="lengths"), my_profiles, windows=window(low="1", high="9999999"))
    assert staged.query(
        "SELECT count(*), count(DISTINCT id), count(maybe), sum(maybe), sum(length(note)), sum(octet_length(data)) FROM t"
    ) == (
        mysql.execute(
            "SELECT COUNT(*), COUNT(DISTINCT id), COUNT(maybe), SUM(maybe), SUM(CHAR_LENGTH(note)), SUM(LENGTH(data))"
            " FROM lengths"
        )
        and list(mysql.fetchall())
    )
    assert staged.query(
        "SELECT note = repeat('x', 3000000), count(*) FROM t WHERE id = 3070000 GROUP BY 1"
    ) == [(True, 1)]


def test_a_row_may_be_longer_than_a_message(mysql: Any, in_process: Any, my_profiles: Path) -> None:
    mysql.execute("SELECT @@GLOBAL.max_allowed_packet")
    ((before,),) = mysql.fetchall()
    mysql.execute("SET GLOBAL max_allowed_packet = 67108864")
    half = 2**24 - 1 - 4 - 2  # so that both texts end where a message does
    try:
        query = f"SELECT 1 AS id, REPEAT('a', {half}) AS one, REPEAT('b', 20000000) AS two UNION ALL SELECT 2, 'c', NULL"
        staged = in_process.run(source(query=query), my_profiles, windows=window(low="1", high="3"))
    finally:
        mysql.execute(f"SET GLOBAL max_allowed_packet = {before}")
    assert staged.query("SELECT id, length(one), length(two) FROM t ORDER BY id") == [
        (1, half, 20_000_000),
        (2, 1, None),
    ]


def test_an_error_while_a_window_is_streamed(mysql: Any, child: Any, my_profiles: Path) -> None:
    failing = "SELECT seq AS id, IF(seq = 300000, (SELECT seq FROM seq_1_to_3), 1) AS x FROM seq_1_to_400000"
    given = json.dumps(window(low="0", high="400001"))
    failure = child.fail(source(query=failing), my_profiles, "--windows", given)
    assert failure["type"] == "DataError"
    assert "Subquery returns more than 1 row" in failure["message"]


def test_a_connection_lost_while_a_window_is_streamed_is_retryable(
    mysql: Any, child: Any, my_profiles: Path
) -> None:
    query = "SELECT seq AS id, IF(seq % 20000 = 0, SLEEP(0.2), 0) AS slow FROM seq_1_to_2000000"
    given = json.dumps(window(low="0", high="2000001"))
    process = child.start(source(query=query), my_profiles, "--windows", given)
    stop = threading.Event()

    def cut() -> None:
        while not stop.wait(0.1):
            mysql.execute("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT `id`%'")
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

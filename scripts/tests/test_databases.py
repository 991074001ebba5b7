import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

SCRIPT = Path(__file__).parents[1] / "start-database.py"
KINDS = ["postgres", "mariadb"]


class Started:
    """A running start-database.py."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.input = self.process.stdin
        self.address: dict[str, Any] = json.loads(self.process.stdout.readline())

    def query(self, sql: str, **changed: str) -> Any:
        """The first value of a query's first row."""
        address = {**self.address, **changed}
        options = {key: address[key] for key in ("host", "port", "user", "password")}
        connection: Any
        if address["kind"] == "postgres":
            connection = psycopg.connect(dbname=address["database"], autocommit=True, **options)
        else:
            connection = pymysql.connect(database=address["database"], autocommit=True, **options)
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None

    def close(self) -> int:
        self.input.close()
        return self.process.wait(20)


@pytest.fixture(params=KINDS)
def started(request: pytest.FixtureRequest) -> Iterator[Started]:
    server = Started(request.param)
    yield server
    server.close()


def leftovers() -> list[str]:
    return [str(path) for path in Path(tempfile.gettempdir()).glob("beamline-db-*")]


def refuses(server: Started) -> bool:
    with pytest.raises((psycopg.OperationalError, pymysql.err.OperationalError)):
        server.query("SELECT 1")
    return True


def test_answers_queries_and_listens_on_loopback(started: Started) -> None:
    assert started.query("SELECT 40 + 2") == 42
    assert started.address["host"] == "127.0.0.1"
    assert started.address["url"].endswith(f":{started.address['port']}/beamline")


def test_refuses_a_wrong_password(started: Started) -> None:
    with pytest.raises((psycopg.OperationalError, pymysql.err.OperationalError), match=r"(?i)password"):
        started.query("SELECT 1", password="wrong")


def test_stops_when_its_input_closes_and_keeps_nothing(started: Started) -> None:
    before = set(leftovers())
    assert started.close() == 0
    assert refuses(started)
    assert len(before - set(leftovers())) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_stops_on_sigterm(kind: str) -> None:
    server = Started(kind)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    assert refuses(server)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a child that its parent is gone")
@pytest.mark.parametrize("kind", KINDS)
def test_server_ends_when_its_starter_is_killed(kind: str) -> None:
    server = Started(kind)
    server.process.kill()
    server.process.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            server.query("SELECT 1")
        except (psycopg.OperationalError, pymysql.err.OperationalError):
            break
        time.sleep(0.1)
    assert refuses(server)


@pytest.mark.parametrize("kind", KINDS)
def test_named_directory_keeps_data_and_password(kind: str, tmp_path: Path) -> None:
    first = Started(kind, "--dir", str(tmp_path))
    first.query("CREATE TABLE kept (a INTEGER)")
    first.query("INSERT INTO kept VALUES (7)")
    assert first.close() == 0
    second = Started(kind, "--dir", str(tmp_path))
    assert second.query("SELECT a FROM kept") == 7
    assert second.address["password"] == first.address["password"]
    assert second.address["port"] == first.address["port"]
    assert second.close() == 0


def test_a_port_that_somebody_else_has_is_left_to_them(tmp_path: Path) -> None:
    first = Started("postgres", "--dir", str(tmp_path))
    assert first.close() == 0
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int(first.address["port"])))
        other.listen()
        second = Started("postgres", "--dir", str(tmp_path))
        assert second.query("SELECT 1") == 1
        assert second.address["port"] != first.address["port"]
        assert second.close() == 0

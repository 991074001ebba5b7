"""The throw-away database servers, and the tables that are copied."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pymysql

ROOT = Path(__file__).resolve().parents[3]

_COLUMNS = {
    "postgres": (
        "id bigint PRIMARY KEY, customer_id int NOT NULL, name text NOT NULL, email varchar(80), "
        "amount numeric(12,2), score double precision, active boolean, created date, "
        "updated_at timestamp, note text"
    ),
    "mariadb": (
        "id bigint PRIMARY KEY, customer_id int NOT NULL, name varchar(200) NOT NULL, email varchar(80), "
        "amount decimal(12,2), score double, active tinyint(1), created date, "
        "updated_at datetime(6), note text"
    ),
}
_ROWS = {
    "postgres": """
        SELECT i, (random() * 50000)::int, 'name_' || (i % 1000),
               CASE WHEN i % 10 <> 0 THEN 'user' || i || '@example.com' END,
               round((random() * 10000)::numeric, 2), random() * 100, i % 3 = 0,
               date '2020-01-01' + (i % 2000)::int, timestamp '2020-01-01' + make_interval(secs => i),
               'note ' || md5(i::text)
        FROM generate_series(1, {rows}) i
    """,
    "mariadb": """
        SELECT seq, floor(rand(42) * 50000), concat('name_', seq % 1000),
               CASE WHEN seq % 10 <> 0 THEN concat('user', seq, '@example.com') END,
               round(rand(43) * 10000, 2), rand(44) * 100, seq % 3 = 0,
               date '2020-01-01' + INTERVAL seq % 2000 DAY,
               timestamp '2020-01-01 00:00:00' + INTERVAL seq SECOND,
               concat('note ', md5(seq))
        FROM seq_1_to_{rows}
    """,
}
_AFTER = {"postgres": "VACUUM (ANALYZE, FREEZE) {table}", "mariadb": "ANALYZE TABLE {table}"}


@dataclass(frozen=True)
class Server:
    """A running server."""

    address: dict[str, Any]
    process: psutil.Process

    @property
    def kind(self) -> str:
        """`postgres` or `mariadb`."""
        return str(self.address["kind"])

    @property
    def version(self) -> str:
        """As the server itself says."""
        return str(self.query("SELECT version()")[0][0]).split(" on ", maxsplit=1)[0]

    def create_table(self, rows: int) -> str:
        """Makes the table of so many rows of ten mixed columns, and returns its name."""
        table = f"orders_{rows}"
        self.execute(
            f"CREATE TABLE {table} ({_COLUMNS[self.kind]})",
            *(["SELECT setseed(0.42)"] if self.kind == "postgres" else []),
            f"INSERT INTO {table} {_ROWS[self.kind].format(rows=rows)}",
            _AFTER[self.kind].format(table=table),
        )
        return table

    def execute(self, *statements: str) -> None:
        """Runs statements, each committed by itself."""
        with contextlib.closing(self._connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def query(self, statement: str) -> list[Any]:
        """Returns the rows of a statement."""
        with contextlib.closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def cpu_seconds(self) -> float:
        """What the server has used so far, with the processes that it ended."""
        total = 0.0
        for process in [self.process, *self.process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])
        return total

    def _connect(self) -> Any:
        if self.kind == "postgres":
            connection = psycopg2.connect(self.address["url"])
            connection.autocommit = True
            return connection
        names = ("host", "port", "user", "password", "database")
        return pymysql.connect(**{name: self.address[name] for name in names}, autocommit=True)


@contextlib.contextmanager
def started(kind: str) -> Iterator[Server]:
    """Starts a server that ends with the block; nothing of it is kept."""
    program = subprocess.Popen(
        [str(ROOT / ".venv/bin/python"), str(ROOT / "scripts/start-database.py"), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    try:
        line = program.stdout.readline()
        if not line:
            sys.exit(f"{kind} did not start; see the lines above")
        yield Server(json.loads(line), psutil.Process(program.pid))
    finally:
        program.stdin.close()
        program.wait()

"""The places of `mysql`: tables of a MariaDB of the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pymysql

from source_kit.members.mysql_types import EXACT
from source_kit.place import Access, Capability, TypeCase, Typed

_KINDS = {
    "int64": "BIGINT",
    "string": "LONGTEXT",
    "date32[day]": "DATE",
    "timestamp[us]": "DATETIME(6)",
    "timestamp[us, tz=UTC]": "TIMESTAMP(6) NULL",
}
_USER, _PASSWORD = "kit", "right"
_SESSIONS = f"SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{_USER}'"


class MysqlPlace:
    """Tables named `kit_…`, read by a user of their own."""

    def __init__(self, profile: dict[str, Any]) -> None:
        self._profile = profile
        self.server = (str(profile["host"]), int(profile["port"]))
        self._link = pymysql.connect(**profile, autocommit=True)
        self._sql = self._link.cursor()
        self._sql.execute(f"CREATE OR REPLACE USER {_USER}@'%%' IDENTIFIED BY %s", [_PASSWORD])
        self._sql.execute(f"GRANT SELECT ON {profile['database']}.* TO {_USER}@'%'")
        # Any date.
        self._sql.execute("SET sql_mode = '', time_zone = '+00:00'")
        self._tables: list[str] = []

    def access(self, server: tuple[str, int], password: str | None = None) -> Access:
        """By a profile."""
        host, port = server
        own = {"host": host, "port": port, "user": _USER, "password": password or _PASSWORD}
        return Access({"kit": {**self._profile, **own}})

    def typed(self) -> Sequence[Typed]:
        """One table, filled from elsewhere in the world."""
        columns = {f"v{place}": case for place, case in enumerate(EXACT)}
        rows = max(len(case.values) for case in EXACT) + 1
        table = self._made(
            ", ".join(["i INT", *(f"{name} {case.type} NULL" for name, case in columns.items())])
        )
        self._sql.execute("SET time_zone = '+09:00'")
        for row in range(rows):
            given = [(name, case.values[row][0]) for name, case in columns.items() if row < len(case.values)]
            names = "".join(f", {name}" for name, _ in given)
            self._sql.execute(
                f"INSERT INTO {table} (i{names}) VALUES (%s{', %s' * len(given)})",
                [row, *(value for _, value in given)],
            )
        self._sql.execute("SET time_zone = '+00:00'")
        cases = {
            name: TypeCase(case.type, case.arrow, [text for _, text in case.values], case.duckdb)
            for name, case in columns.items()
        }
        return [Typed({"profile": "kit", "table": table}, rows, cases)]

    def table(self, rows: pa.Table) -> dict[str, Any]:
        """A table."""
        table = self._made(", ".join(f"`{field.name}` {_KINDS[str(field.type)]}" for field in rows.schema))
        marks = ", ".join(["%s"] * rows.num_columns)
        values = [
            [value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value for value in row.values()]
            for row in rows.to_pylist()
        ]
        if values:
            self._sql.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
        return {"profile": "kit", "table": table}

    def pieces(self, rows: pa.Table, count: int) -> dict[str, Any]:
        """Split by `id`."""
        return {**self.table(rows), "partition": {"column": "id", "parts": count}}

    def much(self, rows: int, width: int) -> dict[str, Any]:
        """A query."""
        query = f"SELECT CAST(seq AS SIGNED) AS id, REPEAT('x', {width}) AS wide FROM seq_1_to_{rows}"
        return {"profile": "kit", "query": query}

    def missing(self) -> tuple[dict[str, Any], str]:
        """No table."""
        return {"profile": "kit", "table": "kit_nowhere"}, "kit_nowhere"

    def sessions(self) -> int:
        """Those of the user."""
        self._sql.execute(_SESSIONS)
        row = self._sql.fetchone()
        assert row is not None
        return int(row[0])

    def impatient(self, patch: Any) -> None:
        """Nothing is tried again."""

    def close(self) -> None:
        """Drops the tables."""
        for table in self._tables:
            self._sql.execute(f"DROP TABLE {table}")
        self._link.close()

    def _made(self, columns: str) -> str:
        table = f"kit_{len(self._tables)}"
        self._sql.execute(f"DROP TABLE IF EXISTS {table}")
        self._sql.execute(f"CREATE TABLE {table} ({columns})")
        self._tables.append(table)
        return table


class MysqlMember:
    """MySQL and MariaDB."""

    denies: Mapping[Capability, str] = {}
    kinds = ("server",)
    listed: Mapping[str, str] = {}
    elsewhere: Mapping[str, str] = {}

    def open(self, kind: str, fixture: Callable[[str], Any], folder: Path) -> MysqlPlace:
        """The tests' server."""
        return MysqlPlace(fixture("mariadb"))


member = MysqlMember()

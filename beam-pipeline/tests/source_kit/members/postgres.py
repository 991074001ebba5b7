"""The places of `postgres`: a schema of a server of the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa

from source_kit.members.postgres_types import EXACT
from source_kit.place import Access, Capability, TypeCase, Typed

_KINDS = {
    "int64": "bigint",
    "string": "text",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "timestamp[us, tz=UTC]": "timestamptz",
}
# A server that was built without libxml has the type xml and lacks only its parser.
_TYPES = """
CREATE EXTENSION IF NOT EXISTS citext;
CREATE OR REPLACE FUNCTION as_xml(cstring) RETURNS xml LANGUAGE internal AS 'textin';
DROP TYPE IF EXISTS test_mood CASCADE; DROP DOMAIN IF EXISTS test_amount CASCADE;
CREATE TYPE test_mood AS ENUM ('sad', 'o''k');
CREATE DOMAIN test_amount AS numeric(8, 3) CHECK (value > 0);
"""
_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'beamline test/rows'"


class PostgresPlace:
    """Tables named `kit_…`."""

    def __init__(self, profile: dict[str, Any]) -> None:
        self._profile = profile
        self.server = (str(profile["host"]), int(profile["port"]))
        address = {**profile, "dbname": profile["database"]}
        del address["database"]
        self._sql = psycopg.connect(**address, autocommit=True, prepare_threshold=None)
        self._tables: list[str] = []

    def access(self, server: tuple[str, int], password: str | None = None) -> Access:
        """By a profile; the server asks everybody for a password."""
        host, port = server
        own = {} if password is None else {"password": password}
        return Access({"kit": {**self._profile, "host": host, "port": port, **own}})

    def typed(self) -> Sequence[Typed]:
        """One table."""
        self._run(_TYPES)
        columns = {f"v{place}": case for place, case in enumerate(EXACT)}
        rows = max(len(case.values) for case in EXACT) + 1
        table = self._made(", ".join(["i int", *(f"{name} {case.type}" for name, case in columns.items())]))
        for row in range(rows):
            given = [(name, case) for name, case in columns.items() if row < len(case.values)]
            texts = [list(case.values)[row] for _, case in given]
            values = ["as_xml(%s::cstring)" if case.type == "xml" else "%s" for _, case in given]
            names = "".join(f", {name}" for name, _ in given)
            marks = "".join(f", {mark}" for mark in values)
            self._run(f"INSERT INTO {table} (i{names}) VALUES (%s{marks})", [row, *texts])
        cases = {
            name: TypeCase(case.type, case.arrow, list(case.values.values()), case.duckdb)
            for name, case in columns.items()
        }
        return [Typed({"profile": "kit", "table": table}, rows, cases)]

    def table(self, rows: pa.Table) -> dict[str, Any]:
        """A table."""
        table = self._made(", ".join(f'"{field.name}" {_KINDS[str(field.type)]}' for field in rows.schema))
        marks = ", ".join(["%s"] * rows.num_columns)
        with self._sql.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} VALUES ({marks})", [list(row.values()) for row in rows.to_pylist()]
            )
        return {"profile": "kit", "table": table}

    def pieces(self, rows: pa.Table, count: int) -> dict[str, Any]:
        """Split by `id`."""
        return {**self.table(rows), "partition": {"column": "id", "parts": count}}

    def much(self, rows: int, width: int) -> dict[str, Any]:
        """A query."""
        query = f"SELECT n::bigint AS id, repeat('x', {width}) AS wide FROM generate_series(1, {rows}) AS n"
        return {"profile": "kit", "query": query}

    def missing(self) -> tuple[dict[str, Any], str]:
        """No table."""
        return {"profile": "kit", "table": "kit_nowhere"}, "kit_nowhere"

    def sessions(self) -> int:
        """By the name that a step gives to its sessions."""
        row = self._sql.execute(_SESSIONS).fetchone()
        assert row is not None
        return int(row[0])

    def impatient(self, patch: Any) -> None:
        """Nothing is tried again."""

    def close(self) -> None:
        """Drops the tables."""
        for table in self._tables:
            self._run(f"DROP TABLE {table}")
        self._sql.close()

    def _made(self, columns: str) -> str:
        table = f"kit_{len(self._tables)}"
        self._run(f"DROP TABLE IF EXISTS {table}")
        self._run(f"CREATE TABLE {table} ({columns})")
        self._tables.append(table)
        return table

    def _run(self, statement: str, values: Sequence[Any] | None = None) -> None:
        self._sql.execute(statement, values)


class PostgresMember:
    """PostgreSQL."""

    denies: Mapping[Capability, str] = {}
    kinds = ("server",)
    listed: Mapping[str, str] = {}
    elsewhere: Mapping[str, str] = {}

    def open(self, kind: str, fixture: Callable[[str], Any], folder: Path) -> PostgresPlace:
        """The tests' server."""
        return PostgresPlace(fixture("postgres"))


member = PostgresMember()

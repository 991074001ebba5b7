"""The emulator's state on disk: one DuckDB file, so that a job and its record are one transaction."""

from __future__ import annotations

import contextlib
import fcntl
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
from duckdb.func import FunctionNullHandling

from bigquery_emulator.tables import json_text

Cursor = duckdb.DuckDBPyConnection

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS _catalog;
CREATE TABLE IF NOT EXISTS _catalog.datasets (project VARCHAR, dataset VARCHAR, resource VARCHAR);
CREATE TABLE IF NOT EXISTS _catalog.tables
  (project VARCHAR, dataset VARCHAR, name VARCHAR, resource VARCHAR);
CREATE TABLE IF NOT EXISTS _catalog.jobs
  (project VARCHAR, id VARCHAR, parent VARCHAR, created BIGINT, resource VARCHAR);
CREATE OR REPLACE MACRO bq_divide(a, b) AS
  CASE WHEN b = 0 THEN error('division by zero: ' || a || ' / ' || b) ELSE a / b END;
CREATE OR REPLACE MACRO bq_known_day(v) AS
  CASE WHEN v BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN v END;
CREATE OR REPLACE MACRO bq_known_time(v) AS CASE WHEN v < TIME '24:00:00' THEN v END;
"""


class FolderInUse(Exception):
    """Raised when another emulator serves the folder."""


class Database:
    """A folder's database. Readers see what was committed; one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock_file = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock_file.close()
            raise FolderInUse(f"{folder} is served by another BigQuery emulator") from None
        self._root = duckdb.connect(str(folder / "state.duckdb"))
        self._root.execute(_SCHEMA)
        parse = {"bq_parse_json": json_text.parsed, "bq_safe_parse_json": json_text.safely_parsed}
        for name, function in parse.items():
            self._root.create_function(
                name, function, ["varchar"], "json", null_handling=FunctionNullHandling.SPECIAL
            )
        self._writing = threading.Lock()

    @contextlib.contextmanager
    def read(self) -> Iterator[Cursor]:
        """A view of what is committed now, which does not change while it is held."""
        with self._session() as cursor:
            cursor.execute("BEGIN")
            yield cursor
            cursor.execute("ROLLBACK")

    @contextlib.contextmanager
    def write(self) -> Iterator[Cursor]:
        """A transaction: committed at the end of the block, undone where the block raises."""
        with self._writing, self._session() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    @contextlib.contextmanager
    def dry_run(self) -> Iterator[Cursor]:
        """A transaction that is undone."""
        with self._writing, self._session() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            finally:
                cursor.execute("ROLLBACK")

    @contextlib.contextmanager
    def _session(self) -> Iterator[Cursor]:
        cursor = self._root.cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            yield cursor
        finally:
            cursor.close()

"""Load jobs: files into a table."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb

from bigquery_emulator.errors import invalid, not_emulated
from bigquery_emulator.jobs import gcs
from bigquery_emulator.jobs.parquet_source import parquet_rows
from bigquery_emulator.jobs.text_source import csv_rows, json_rows
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor, Database
from bigquery_emulator.tables.destination import Rows, write
from bigquery_emulator.tables.fields import Field, checked
from bigquery_emulator.tables.names import TableId

Resource = dict[str, Any]

_PROPERTIES = ("friendlyName", "description", "labels", "expirationTime")


class LoadJob:
    """One load job; `body` is the file of an upload, else objects are read."""

    def __init__(self, project: str, job: Resource, body: Path | None) -> None:
        self._project = project
        self._job = job
        self._config: Resource = job["configuration"]["load"]
        self._body = body
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: list[Path] = []
        self.steps = [self._load]
        self.target = TableId.of(self._config.get("destinationTable") or {}, project)

    def prepare(self, database: Database) -> None:
        """Fetches the files, before anything is locked."""
        if self._body is not None:
            self._files = [self._body]
            return
        uris = [each for uri in self._config.get("sourceUris") or [] for each in gcs.expand(uri)]
        if not uris:
            raise invalid("Load configuration must specify at least one source URI")
        self._folder = tempfile.TemporaryDirectory(prefix="bigquery-load-")
        for number, uri in enumerate(uris):
            self._files.append(Path(self._folder.name) / str(number))
            gcs.download(uri, self._files[-1])

    def close(self) -> None:
        """Removes the fetched files."""
        if self._folder is not None:
            self._folder.cleanup()

    def _load(self, cursor: Cursor) -> None:
        config = self._config
        table = catalog.find_table(cursor, self.target)
        schema = (config.get("schema") or {}).get("fields")
        given = checked(schema) if schema else None
        replaces = config.get("writeDisposition") == "WRITE_TRUNCATE" and self.target.partition is None
        existing = None if table is None or replaces else table["schema"]["fields"]
        if table is not None and config.get("sourceFormat") != "PARQUET" and not config.get("autodetect"):
            existing = table["schema"]["fields"]
        try:
            rows = self._rows(cursor, given, existing)
            count = write(cursor, rows, self.target, config, "WRITE_APPEND", load=True)
        except duckdb.Error as error:
            raise invalid(f"Error while reading data, error message: {str(error).splitlines()[0]}") from None
        properties = config.get("destinationTableProperties") or {}
        for name in properties:
            if name not in _PROPERTIES:
                raise not_emulated(f"`destinationTableProperties.{name}`")
        if properties and table is None:
            created = catalog.get_table(cursor, self.target)
            catalog.put_table(cursor, self.target, {**created, **properties})
        size = sum(path.stat().st_size for path in self._files)
        self._job["statistics"]["load"] = {
            "inputFiles": str(len(self._files)), "inputFileBytes": str(size),
            "outputRows": str(count), "outputBytes": str(size), "badRecords": "0",
        }  # fmt: skip

    def _rows(self, cursor: Cursor, given: list[Field] | None, existing: list[Field] | None) -> Rows:
        form = self._config.get("sourceFormat") or "CSV"
        if form == "PARQUET":
            return parquet_rows(self._files, given, existing, self._config)
        source = json_rows if form == "NEWLINE_DELIMITED_JSON" else csv_rows
        return source(cursor, self._files, given or existing, self._config)

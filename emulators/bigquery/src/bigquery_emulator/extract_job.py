"""Extract jobs: a table into objects."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from bigquery_emulator import catalog, gcs
from bigquery_emulator.database import Cursor
from bigquery_emulator.errors import not_emulated
from bigquery_emulator.names import TableId

Resource = dict[str, Any]


class ExtractJob:
    """One extract job."""

    def __init__(self, project: str, job: Resource) -> None:
        self._job = job
        self._config: Resource = job["configuration"]["extract"]
        self._source = TableId.of(self._config.get("sourceTable") or {}, project)
        self._uris = self._config.get("destinationUris") or [self._config.get("destinationUri") or ""]
        self.steps = [self._extract]

    def prepare(self) -> None:
        """Nothing is fetched."""

    def close(self) -> None:
        """Nothing is held."""

    def _extract(self, cursor: Cursor) -> None:
        catalog.get_table(cursor, self._source)
        if len(self._uris) != 1:
            raise not_emulated("an extract job with more than one destination URI")
        form = self._config.get("destinationFormat") or "CSV"
        if form != "PARQUET":
            raise not_emulated(f"extracting {form}")
        with tempfile.TemporaryDirectory(prefix="bigquery-extract-") as folder:
            path = Path(folder) / "0"
            cursor.execute(f"COPY (SELECT * FROM {self._source.sql}) TO '{path}' (FORMAT parquet)")
            gcs.upload(path, self._uris[0].replace("*", "000000000000"))
        self._job["statistics"]["extract"] = {"destinationUriFileCounts": ["1"]}

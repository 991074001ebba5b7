"""Extract jobs: a table into objects.

https://cloud.google.com/bigquery/docs/exporting-data
"""

from __future__ import annotations

import base64
import csv
import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bigquery_emulator.errors import invalid, not_emulated
from bigquery_emulator.jobs import gcs
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.cells import decimal_text
from bigquery_emulator.tables.database import Cursor, Database
from bigquery_emulator.tables.fields import Field
from bigquery_emulator.tables.names import TableId, quote
from bigquery_emulator.tables.partitioning import partition_condition

Resource = dict[str, Any]

# With a wildcard in the URI, the service writes as many files as it likes.
_ROWS_IN_FILE = 250_000


class ExtractJob:
    """One extract job."""

    def __init__(self, project: str, job: Resource) -> None:
        self._job = job
        self._config: Resource = job["configuration"]["extract"]
        self._source = TableId.of(self._config.get("sourceTable") or {}, project)
        uris = self._config.get("destinationUris") or [self._config.get("destinationUri") or ""]
        if len(uris) != 1:
            raise not_emulated("an extract job with more than one destination URI")
        self._uri = str(uris[0])
        if self._uri.count("*") > 1:
            raise invalid(f"A destination URI holds one wildcard at most: {self._uri}")
        self._form = self._config.get("destinationFormat") or "CSV"
        self._compression = self._config.get("compression") or "NONE"
        allowed = ("NONE", "GZIP", "SNAPPY", "ZSTD") if self._form == "PARQUET" else ("NONE", "GZIP")
        if self._compression not in allowed:
            raise invalid(f"{self._form} cannot be compressed with {self._compression}")
        self.steps = [self._extract]

    def prepare(self, database: Database) -> None:
        """Nothing is fetched."""

    def close(self) -> None:
        """Nothing is held."""

    def _extract(self, cursor: Cursor) -> None:
        table = catalog.get_stored_table(cursor, self._source)
        fields = table["schema"]["fields"]
        if self._form == "CSV" and any(f["mode"] == "REPEATED" or f["type"] == "RECORD" for f in fields):
            raise invalid("Operation cannot be performed on a nested schema. Field: see the table's schema")
        partition = self._source.partition
        where = f" WHERE {partition_condition(table, partition)}" if partition else ""
        names = ", ".join(quote(field["name"]) for field in fields)
        rows = cursor.execute(
            f"SELECT {names} FROM {self._source.sql}{where} ORDER BY rowid"
        ).to_arrow_table()
        size = _ROWS_IN_FILE if "*" in self._uri else max(rows.num_rows, 1)
        count = 0
        with tempfile.TemporaryDirectory(prefix="bigquery-extract-") as folder:
            path = Path(folder) / "file"
            for start in range(0, max(rows.num_rows, 1), size):
                self._write(path, rows.slice(start, size), fields)
                gcs.upload(path, self._uri.replace("*", f"{count:012d}"))
                count += 1
        self._job["statistics"]["extract"] = {"destinationUriFileCounts": [str(count)]}

    def _write(self, path: Path, rows: pa.Table, fields: Sequence[Field]) -> None:
        if self._form == "PARQUET":
            pq.write_table(rows, path, compression=self._compression, store_schema=False)
            return
        opened = gzip.open if self._compression == "GZIP" else open
        with opened(path, "wt", encoding="utf-8", newline="") as stream:
            if self._form == "CSV":
                writer = csv.writer(
                    stream, delimiter=self._config.get("fieldDelimiter") or ",", lineterminator="\n"
                )
                if self._config.get("printHeader", True):
                    writer.writerow([field["name"] for field in fields])
                for row in rows.to_pylist():
                    writer.writerow(
                        ["" if row[f["name"]] is None else _text(row[f["name"]], f) for f in fields]
                    )
                return
            for row in rows.to_pylist():
                stream.write(json.dumps(_object(row, fields), ensure_ascii=False) + "\n")


def _object(row: dict[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    return {
        field["name"]: _json(value, field)
        for value, field in zip(row.values(), fields, strict=True)
        if value is not None
    }


def _json(value: Any, field: Field) -> Any:
    if field["mode"] == "REPEATED":
        one = {**field, "mode": "NULLABLE"}
        return [_json(each, one) for each in value]
    if field["type"] == "RECORD":
        return _object(value, field["fields"])
    if field["type"] in ("FLOAT", "BOOLEAN"):
        return value
    if field["type"] == "JSON":
        return json.loads(value)
    return _text(value, field)


def _text(value: Any, field: Field) -> str:
    """INT64 and decimals are text, also in JSON, so that they stay exact."""
    match field["type"]:
        case "BYTES":
            return base64.b64encode(value).decode()
        case "BOOLEAN":
            return "true" if value else "false"
        case "NUMERIC" | "BIGNUMERIC":
            return decimal_text(value)
        case "TIMESTAMP":
            return f"{value.replace(tzinfo=None).isoformat(sep=' ')} UTC"
        case "DATETIME" | "DATE" | "TIME":
            return str(value.isoformat())
        case _:
            return str(value)

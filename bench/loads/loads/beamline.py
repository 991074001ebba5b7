"""Publishes by Beamline's publisher process, as a worker does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from loads import measured
from loads.data import File


class Table:
    """A table of a DuckDB file of its own."""

    def __init__(self, root: Path, folder: Path, name: str) -> None:
        self._program = root / "dist" / "src" / "destinations" / "publisher-process.js"
        self._folder = folder
        self._name = name
        self._version = 0

    def publish(self, file: File, mode: str) -> measured.Figures:
        """Publishes the rows of a staged file as the next version."""
        run = f"run{self._version}"
        schema = pq.read_schema(file.path)
        size = file.path.stat().st_size
        request: dict[str, Any] = {
            "destination": f"duckdb:bench#{self._name}",
            "baseVersion": self._version,
            "runKey": run,
            "sink": self._name,
            "mode": mode,
            "merge": {"keys": ["id"], "order": None, "window": None} if mode == "merge" else None,
            "onSchemaChange": "fail",
            "windows": [],
            "again": False,
            "origin": {
                "pipeline": "bench",
                "planSha256": "",
                "manifestUri": "",
                "manifestSha256": run,
                "storeId": "bench",
                "sinks": [self._name],
            },
            "manifestSha256": run,
            "staged": {
                "input": "bench",
                "rows": file.rows,
                "bytes": size,
                "schema": [
                    {"name": field.name, "type": str(field.type), "nullable": True} for field in schema
                ],
                "files": [{"uri": str(file.path), "rows": file.rows, "bytes": size}],
            },
            "stagedRemote": None,
        }
        task = {
            "module": "duckdb",
            "parameters": {"database": f"{self._name}.duckdb", "table": self._name},
            "context": {"root": str(self._folder), "storeId": "bench"},
            "waitMs": 1000,
            "action": {"kind": "publish", "request": request},
        }
        figures = measured.run(["node", self._program], json.dumps(task) + "\n")
        if '"done"' not in figures.pop("said"):
            raise measured.Failed("the publisher did not say that it is done")
        self._version += 1
        return figures

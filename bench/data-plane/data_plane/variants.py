"""What is compared: each variant is a command that copies one table to Parquet (or JSON)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from data_plane.servers import ROOT, Server


@dataclass(frozen=True)
class Variant:
    """One way to copy a table.

    Attributes:
        name: As the report shows it.
        command: From the server, the table and an empty folder to a command line.
        rows_written: Counts the rows in the folder afterwards.
        once_from: From so many rows on it takes so long that it runs only once.
    """

    name: str
    command: Callable[[Server, str, Path], list[str]]
    rows_written: Callable[[Path], int]
    once_from: int | None = None


def variants_of(kind: str, *, dict_rows: bool) -> list[Variant]:
    """The variants of a database, the floor first."""
    found = [
        Variant("DuckDB alone (floor)", _program("floor"), _parquet_rows),
        Variant("Beamline", _beamline, _parquet_rows),
        Variant("dlt, connectorx", _program("dlt_copy", "connectorx"), _parquet_rows),
        Variant("dlt, connectorx, 2 ranges", _program("dlt_copy", "connectorx", "2"), _parquet_rows),
        Variant("dlt, pyarrow", _program("dlt_copy", "pyarrow"), _parquet_rows, 2_000_000),
    ]
    if dict_rows and kind == "postgres":
        found += [
            Variant(f"dict rows, {form}", _program("dict_rows", form), count, 500_000)
            for form, count in (("parquet", _parquet_rows), ("json", _json_rows))
        ]
    return found


def _program(name: str, *arguments: str) -> Callable[[Server, str, Path], list[str]]:
    def command(_: Server, table: str, folder: Path) -> list[str]:
        return [sys.executable, "-m", f"data_plane.programs.{name}", table, str(folder), *arguments]

    return command


def _beamline(server: Server, table: str, folder: Path) -> list[str]:
    """The child process, as the worker starts it."""
    module = {"postgres": "postgres", "mariadb": "mysql"}[server.kind]
    parameters: dict[str, Any] = {"profile": "bench", "table": table}
    if module == "mysql":
        parameters["partition"] = {"column": "id"}
    plan = {
        "version": 1,
        "name": "bench",
        "sources": [{"name": "orders", "module": module, "parameters": parameters}],
        "sinks": [{"name": "lake", "input": "orders"}],
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    names = ("host", "port", "user", "database", "password")
    profiles = folder / "profiles.json"
    profiles.touch(mode=0o600)
    profiles.write_text(json.dumps({"bench": {name: server.address[name] for name in names}}))
    return [
        str(ROOT / ".venv/bin/python"),
        "-m",
        "beam_pipeline.main",
        f"--plan={folder / 'plan.json'}",
        f"--profiles={profiles}",
        f"--staging={folder / 'staging'}",
        "--run_key=bench",
        "--attempt=1",
    ]


def inside(last: dict[str, Any]) -> float:
    """Seconds of the copy itself, from what a variant's command printed at its end."""
    if last.get("event") == "finished":
        return float(last["seconds"]["run"])
    return float(last["inside"])


def _parquet_rows(folder: Path) -> int:
    return sum(_metadata(path).num_rows for path in _data(folder, ".parquet"))


def _metadata(path: Path) -> Any:
    return pq.ParquetFile(path).metadata


def _json_rows(folder: Path) -> int:
    rows = 0
    for path in _data(folder, ".json"):
        with path.open("rb") as lines:
            rows += sum(1 for _ in lines)
    return rows


def _data(folder: Path, suffix: str) -> Sequence[Path]:
    """The files that a variant wrote, without what dlt notes about its own runs."""
    inner = (path for path in folder.rglob(f"*{suffix}") if path.name.startswith("part"))
    loaded = (
        path for path in folder.glob(f"lake/bench/*/*{suffix}") if not path.parent.name.startswith("_dlt")
    )
    return [*inner, *loaded]

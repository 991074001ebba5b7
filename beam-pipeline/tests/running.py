"""Runs plans for tests."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from beam_pipeline.asked import cursors
from beam_pipeline.attempt.plan import Plan
from beam_pipeline.modules.cursor_column import CursorColumn
from beam_pipeline.storage import files

FN_API = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
BUNDLE_BASED = "apache_beam.runners.direct.direct_runner.BundleBasedDirectRunner"


def plan_of(
    sources: dict[str, dict[str, Any]],
    transforms: dict[str, dict[str, Any]] | None = None,
    sinks: dict[str, str] | None = None,
    timezone: str = "UTC",
) -> dict[str, Any]:
    """A plan from steps by name; `module` and, for a transform, `inputs` stand among the parameters."""

    def step(name: str, given: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in given.items() if key not in ("module", "inputs")}
        shown = {"name": name, "module": given["module"], "parameters": rest}
        return shown | ({"inputs": given["inputs"]} if "inputs" in given else {})

    last = list(transforms or sources)[-1]
    return {
        "version": 1,
        "name": "test",
        "timezone": timezone,
        "sources": [step(name, given) for name, given in sources.items()],
        "transforms": [step(name, given) for name, given in (transforms or {}).items()],
        "sinks": [
            {"name": name, "module": "duckdb", "input": source, "mode": "replace"}
            for name, source in (sinks or {"out": last}).items()
        ],
    }


def described(plan: dict[str, Any], column: str, profiles: Path | str) -> CursorColumn:
    """What the first source of a plan says of a column that its windows could be by."""
    source = plan["sources"][0]
    source["incremental"] = {
        "column": column,
        "from": "max_value_in_destination",
        "destination_sink": "out",
        "lag": None,
        "initial_value": None,
    }
    read = Plan.model_validate_json(json.dumps(plan))
    return cursors.describe(read, str(profiles), None)[source["name"]]


class Staged:
    """What an attempt staged."""

    def __init__(self, folder: Path | str) -> None:
        self.manifest = json.loads(files.read_bytes(files.join(str(folder), "manifest.json")))

    def files(self, sink: str = "out") -> list[str]:
        return [file["uri"] for file in self.manifest["sinks"][sink]["files"]]

    def query(self, sql: str, sink: str = "out") -> list[tuple[Any, ...]]:
        """Runs DuckDB SQL over the sink's files, named `t`."""
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            if files.is_local(self.files(sink)[0]):
                connection.execute(f"CREATE VIEW t AS FROM read_parquet({self.files(sink)})")
            else:
                parts = [pq.read_table(files.open_for_read(uri)) for uri in self.files(sink)]
                connection.register("t", pa.concat_tables(parts))
            return connection.execute(sql).fetchall()

    def schema(self, sink: str = "out") -> dict[str, str]:
        return {field["name"]: field["type"] for field in self.manifest["sinks"][sink]["schema"]}


class InProcess:
    """Runs plans in this process: quick, with real exceptions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(
        self,
        plan: dict[str, Any],
        profiles: Path | None = None,
        options: tuple[str, ...] = (),
        windows: dict[str, Any] | None = None,
    ) -> Staged:
        from beam_pipeline.attempt.execute import execute

        folder = Path(tempfile.mkdtemp(dir=self._folder))
        (folder / "plan.json").write_text(json.dumps(plan))
        arguments = argparse.Namespace(
            plan=str(folder / "plan.json"),
            staging=str(folder / "staging"),
            run_key="key",
            attempt="1",
            profiles=None if profiles is None else str(profiles),
            root=None,
            windows=None if windows is None else json.dumps(windows),
        )
        execute(arguments, list(options) or [f"--runner={FN_API}"], str(folder))
        return Staged(folder / "staging")


class Child:
    """Runs plans in a child process, and keeps what it printed."""

    def __init__(self, folder: Path, program: str = "beam_pipeline.main") -> None:
        self.staging: Any = folder / "staging"
        self._folder = folder
        self._program = program
        self.events: list[dict[str, Any]] = []
        self.stderr = ""
        self.code = -1

    def start(
        self,
        plan: dict[str, Any],
        profiles: Path | None = None,
        *options: str,
        env: dict[str, str] | None = None,
        within: list[str] | None = None,
    ) -> subprocess.Popen[str]:
        plan_file = self._folder / "plan.json"
        plan_file.write_text(json.dumps(plan))
        command = [sys.executable, "-m", self._program]
        command += ["--plan", str(plan_file), "--staging", str(self.staging)]
        command += ["--run_key", "key", "--attempt", "1", *options]
        if profiles is not None:
            command += ["--profiles", str(profiles)]
        return subprocess.Popen(
            [*(within or []), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )

    def finish(self, process: subprocess.Popen[str]) -> Staged | None:
        stdout, self.stderr = process.communicate(timeout=120)
        self.code = process.returncode
        self.events += [json.loads(line) for line in stdout.splitlines()]
        staged = self.code == 0 and self.events[-1]["event"] == "finished"
        return Staged(self.staging) if staged else None

    def run(
        self,
        plan: dict[str, Any],
        profiles: Path | None = None,
        *options: str,
        env: dict[str, str] | None = None,
    ) -> Staged:
        staged = self.finish(self.start(plan, profiles, *options, env=env))
        assert staged is not None, f"{self.events[-1]}\n{self.stderr}"
        return staged

    def fail(
        self,
        plan: dict[str, Any],
        profiles: Path | None = None,
        *options: str,
        env: dict[str, str] | None = None,
        within: list[str] | None = None,
    ) -> dict[str, Any]:
        """Runs a plan that must fail.

        Returns:
            The failure.
        """
        self.finish(self.start(plan, profiles, *options, env=env, within=within))
        assert self.code == 1, self.events[-1]
        failure: dict[str, Any] = self.events[-1]["failure"]
        return failure

    def end_when(self, process: subprocess.Popen[str], seen: Any, number: int = signal.SIGTERM) -> float:
        """Sends a signal once a progress event satisfies `seen`.

        Returns:
            Seconds until the process was gone.
        """
        assert process.stdout is not None
        for line in process.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == "progress" and seen(self.events[-1]["steps"]):
                break
        started = time.monotonic()
        process.send_signal(number)
        self.finish(process)
        return time.monotonic() - started

"""Times a small pipeline from `beamline run` to its receipt, and says which part took how long.

A real stack runs (`beamline dev`: Temporal's dev server and a worker). The parts are read from the
timestamps of the run's Temporal history.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_plane.measure import wait_for_calm
from data_plane.servers import ROOT, Server, started

ROWS = 1000
READY_SECONDS = 90

_CONFIG = """\
name: small
sources:
  - name: orders
    module: postgres
    parameters: {{ profile: bench, table: {table} }}
sinks:
  - name: warehouse
    module: duckdb
    input: orders
    mode: replace
    parameters: {{ database: warehouse.duckdb, table: orders }}
"""


def measure(rounds: int, calm: float) -> dict[str, Any]:
    """Runs the small pipeline so often, after one run that warms the stack up."""
    with started("postgres") as server, _project(server) as root, _stack(root) as address:
        samples = [_run(root, address, calm) for _ in range(rounds + 1)][1:]
    parts = {part: round(statistics.median(each[part] for each in samples), 3) for part in samples[0]}
    return {
        "rows": ROWS,
        "medians": parts,
        "fastest": min(each["total"] for each in samples),
        "samples": samples,
    }


def _run(root: Path, address: str, calm: float) -> dict[str, float]:
    wait_for_calm(calm)
    began = time.time()
    command = [str(ROOT / "beamline"), "--root", str(root), "--json", "run", str(root / "small.yaml")]
    process = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    ended = time.time()
    if process.returncode != 0:
        sys.exit(f"the small pipeline failed:\n{process.stdout}\n{process.stderr}")
    receipt = json.loads(process.stdout)
    if receipt["rows_read"] != ROWS:
        sys.exit(f"the small pipeline read {receipt['rows_read']} of {ROWS} rows")
    events = _history(address, str(receipt["workflow_id"]))
    first, last = _time(events[0]), _time(events[-1])
    parts = {"cli, until the workflow starts": first - began}
    covered = 0.0
    for activity in _activities(events):
        name = f"{activity.name} (activity)"
        parts[name] = round(parts.get(name, 0.0) + activity.completed - activity.started, 3)
        covered += activity.completed - activity.started
    parts["workflow tasks, locks and queues"] = last - first - covered
    parts["cli, after the workflow's end"] = ended - last
    parts["total"] = ended - began
    print(f"small pipeline {parts['total']:.2f} s", file=sys.stderr, flush=True)
    return {name: round(seconds, 3) for name, seconds in parts.items()}


@dataclass(frozen=True)
class _Activity:
    name: str
    started: float
    completed: float


def _activities(events: list[dict[str, Any]]) -> Iterator[_Activity]:
    by_id = {event["eventId"]: event for event in events}
    for event in events:
        attributes = event.get("activityTaskCompletedEventAttributes")
        if attributes is not None:
            scheduled = by_id[attributes["scheduledEventId"]]["activityTaskScheduledEventAttributes"]
            begun = by_id[attributes["startedEventId"]]
            yield _Activity(scheduled["activityType"]["name"], _time(begun), _time(event))


def _history(address: str, workflow: str) -> list[dict[str, Any]]:
    command = [_temporal(), "workflow", "show", f"--address={address}", f"--workflow-id={workflow}"]
    shown = subprocess.run([*command, "--output=json"], check=True, capture_output=True, text=True)
    events: list[dict[str, Any]] = json.loads(shown.stdout)["events"]
    return events


def _time(event: dict[str, Any]) -> float:
    return datetime.datetime.fromisoformat(event["eventTime"]).timestamp()


def _temporal() -> str:
    script = "import('./dist/src/dev/services/temporal-cli.js').then((m) => console.log(m.findTemporalCli()))"
    found = subprocess.run(["node", "-e", script], cwd=ROOT, check=True, capture_output=True, text=True)
    return found.stdout.strip()


@contextlib.contextmanager
def _project(server: Server) -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="beamline-bench-"))
    try:
        (root / "small.yaml").write_text(_CONFIG.format(table=server.create_table(ROWS)))
        names = ("host", "port", "user", "database", "password")
        profiles = root / ".connections.json"
        profiles.touch(mode=0o600)
        profiles.write_text(json.dumps({"bench": {name: server.address[name] for name in names}}))
        yield root
    finally:
        shutil.rmtree(root)


@contextlib.contextmanager
def _stack(root: Path) -> Iterator[str]:
    """Runs `beamline dev` and yields the address of its Temporal."""
    log = (root / "dev.log").open("w+")
    stack = subprocess.Popen(
        [
            *("node", str(ROOT / "dist/src/cli/main.js"), "--root", str(root)),
            *("dev", f"--port={_free_port()}", f"--ui-port={_free_port()}"),
        ],
        cwd=root,
        stdout=log,
        stderr=log,
        env={name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")},
    )
    record = root / ".beamline" / "dev.json"
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not record.exists():
            if stack.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                sys.exit(f"beamline dev did not start:\n{log.read()}")
            time.sleep(0.1)
        yield str(json.loads(record.read_text())["temporal"]["address"])
    finally:
        stack.terminate()
        stack.wait()
        log.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

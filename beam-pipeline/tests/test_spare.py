"""A process that imports first and is told later what to do."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from beam_pipeline.telling.parent import TERMINATED
from running import Staged, plan_of


@pytest.fixture
def spare() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "beam_pipeline.main", "--spare"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return str(json.loads(process.stdout.readline())["event"])


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def wait_until_ready(process: subprocess.Popen[str]) -> list[str]:
    """Returns what it said until it was ready."""
    heard = []
    while (event := hear(process)) != "ready":
        heard.append(event)
    return heard


def test_it_is_alive_while_it_imports_and_answers_until_it_has_a_task(
    spare: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert set(wait_until_ready(spare)) == {"warming"}
    for _ in range(2):
        tell(spare, "ping")
        assert hear(spare) == "pong"
    (tmp_path / "a.csv").write_text("id\n1\n2\n")
    plan = plan_of({"rows": {"module": "files", "path": str(tmp_path / "a.csv"), "format": "csv"}})
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    words = ["--exit_with_parent", "--ask_before_reading", f"--plan={tmp_path / 'plan.json'}"]
    words += [f"--staging={tmp_path / 'staging'}", "--run_key=key", "--attempt=1"]
    tell(spare, json.dumps(words))
    events = []
    assert spare.stdout is not None
    for line in spare.stdout:
        events.append(json.loads(line)["event"])
        if events[-1] == "columns":
            tell(spare, "read")
    assert (spare.wait(), events[0], events[-1]) == (0, "started", "finished")
    assert Staged(tmp_path / "staging").query("SELECT sum(id) FROM t") == [(3,)]


def test_it_ends_with_its_parent(spare: subprocess.Popen[str]) -> None:
    wait_until_ready(spare)
    assert spare.stdin is not None
    spare.stdin.close()
    assert spare.wait(timeout=10) == TERMINATED


def test_it_ends_when_it_is_asked_to(spare: subprocess.Popen[str]) -> None:
    wait_until_ready(spare)
    spare.send_signal(signal.SIGTERM)
    assert spare.wait(timeout=10) == -signal.SIGTERM

"""The engine: modules are found, rows are counted and staged once, whatever the runner does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.attempt import sinks
from beam_pipeline.staging.staging import WriteParts
from running import BUNDLE_BASED, Child, InProcess, plan_of

TOTAL = 2 * 3 * 1000


def counting(**parameters: Any) -> dict[str, Any]:
    return plan_of({"numbers": {"module": "counting", **parameters}})


def test_a_module_is_a_folder_and_nothing_else(extended: dict[str, str], child: Child) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "beam_pipeline.modules.catalogue"],
        env={**os.environ, **extended},
        capture_output=True,
        check=True,
    )
    names = [(entry["kind"], entry["name"]) for entry in json.loads(printed.stdout)["modules"]]
    assert ("source", "counting") in names
    assert ("transform", "sizing") in names
    assert child.run(counting(), env=extended).query("SELECT count(*), sum(n) FROM t") == [
        (TOTAL, TOTAL * (TOTAL - 1) // 2)
    ]


# The BundleBased runner flattens one input that is named twice only once: there a third source is read.
@pytest.mark.parametrize(
    ("options", "third"),
    [((), "numbers"), ((f"--runner={BUNDLE_BASED}",), "again")],
    ids=["FnApi", "BundleBased"],
)
def test_the_manifest_says_what_was_staged(
    options: tuple[str, ...], third: str, extended: dict[str, str], child: Child
) -> None:
    sources: dict[str, dict[str, Any]] = {
        name: {"module": "counting", "rows": 500} for name in dict.fromkeys(["numbers", third])
    }
    plan = plan_of(
        {**sources, "others": {"module": "counting", "parts": 1}},
        {"joined": {"module": "joining", "inputs": ["numbers", "others", third]}},
        {"one": "joined", "two": "joined", "three": "numbers"},
    )
    staged = child.run(plan, None, *options, env=extended)
    manifest = staged.manifest
    assert manifest["run_key"] == "key"
    assert manifest["attempt"] == "1"
    assert manifest["steps"]["numbers"] | {"bytes_out": 0} == {
        "kind": "source",
        "module": "counting",
        "row_wise": False,
        "rows_in": None,
        "rows_out": 3000,
        "rows_rejected": 0,
        "bytes_out": 0,
    }
    assert (manifest["steps"]["joined"]["rows_in"], manifest["steps"]["joined"]["rows_out"]) == (
        9000,
        9000,
    )
    assert manifest["steps"]["joined"]["row_wise"] is True
    for sink, rows in (("one", 9000), ("two", 9000), ("three", 3000)):
        entry = manifest["sinks"][sink]
        assert entry["rows"] == rows == sum(file["rows"] for file in entry["files"])
        assert entry["bytes"] == sum(Path(file["uri"]).stat().st_size for file in entry["files"])
        assert staged.query("SELECT count(*) FROM t", sink) == [(rows,)]
        assert entry["schema"] == [{"name": "n", "type": "int64", "nullable": True}]
    last = child.events[-1]
    assert last["event"] == "finished"
    assert last["manifest"].endswith("/manifest.json")
    steps = child.events[-2]["steps"]
    assert {name: step["rows"] for name, step in steps.items()} == {
        "numbers": 3000, third: 3000, "others": 3000, "joined": 9000, "one": 9000, "two": 9000, "three": 3000,
    }  # fmt: skip
    assert all(step["done"] for step in steps.values())


def test_steps_may_have_any_names(extended: dict[str, str], child: Child) -> None:
    source, transform = "orders of 2026/Q1 é", 'the "sum"'
    quoted = f'SELECT sum(n)::BIGINT AS n FROM "{source}"'
    plan = plan_of(
        {source: {"module": "counting", "rows": 10}},
        {transform: {"module": "sql", "inputs": [source], "sql": quoted}},
        {"../out": transform, "manifest.json": source, "_spill": source, "a b": source},
    )
    staged = child.run(plan, None, env=extended)
    assert len(staged.query("FROM t", "../out")) == 1
    for sink in ("manifest.json", "_spill", "a b"):
        assert staged.query("SELECT count(*) FROM t", sink) == [(60,)]
    steps = child.events[-2]["steps"]
    assert set(steps) == {source, transform, "../out", "manifest.json", "_spill", "a b"}


class FailingWriter(WriteParts):
    """Fails after it wrote a batch, as often as its file says."""

    countdown: Path

    def process(self, batch: Any) -> Any:
        yield from super().process(batch)
        left = int(self.countdown.read_text())
        self.countdown.write_text(str(left - 1))
        if left > 0:
            raise RuntimeError("on purpose")


def test_a_bundle_that_is_tried_again_is_staged_once(
    sql: Any, in_process: InProcess, profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FailingWriter.countdown = tmp_path / "countdown"
    FailingWriter.countdown.write_text("3")
    monkeypatch.setattr(sinks, "WriteParts", FailingWriter)
    sql.execute("DROP TABLE IF EXISTS tried; CREATE TABLE tried AS SELECT generate_series(1, 4000) AS id")
    rows = {
        "module": "postgres",
        "profile": "pg",
        "table": "tried",
        "partition": {"column": "id", "parts": 4},
    }
    staged = in_process.run(plan_of({"rows": rows}), profiles, (f"--runner={BUNDLE_BASED}",))
    assert int(FailingWriter.countdown.read_text()) < 0
    assert staged.query("SELECT count(*), count(DISTINCT id) FROM t") == [(4000, 4000)]
    assert staged.manifest["sinks"]["out"]["rows"] == 4000
    assert staged.manifest["steps"]["rows"]["rows_out"] == 4000
    folder = Path(staged.files()[0]).parent
    assert len(list(folder.iterdir())) > len(staged.files()), "no bundle failed, so this proved nothing"


def test_a_failure_names_its_step_and_cause(extended: dict[str, str], child: Child, tmp_path: Path) -> None:
    countdown = tmp_path / "countdown"
    countdown.write_text("99")
    failure = child.fail(counting(crash=str(countdown), message="the cause itself"), env=extended)
    assert failure["type"] == "InternalError"
    assert failure["step"] == "numbers"
    assert failure["cause"] == "RuntimeError: the cause itself"
    assert "the cause itself" in failure["traceback"]
    assert "[while running" not in failure["message"]
    assert not child.staging.exists()


def test_a_failure_before_the_pipeline_runs_names_its_step(extended: dict[str, str], child: Child) -> None:
    plan = plan_of(
        {"numbers": {"module": "counting"}},
        {"shares": {"module": "sql", "inputs": ["numbers"], "sql": "select n frm numbers"}},
    )
    failure = child.fail(plan, env=extended)
    assert (failure["type"], failure["step"]) == ("SqlError", "shares")


def test_an_empty_sink_has_one_file_with_the_schema(extended: dict[str, str], child: Child) -> None:
    staged = child.run(counting(rows=0), env=extended)
    assert staged.manifest["sinks"]["out"]["rows"] == 0
    assert staged.schema() == {"n": "int64"}
    assert len(staged.files()) == 1
    assert staged.query("SELECT count(*) FROM t") == [(0,)]


def test_a_step_that_emits_no_batch_is_a_defect(extended: dict[str, str], child: Child) -> None:
    failure = child.fail(counting(nothing=True), env=extended)
    assert failure["message"] == "step numbers emitted no batch, not even an empty one"


def test_batches_of_different_columns_are_refused(extended: dict[str, str], child: Child) -> None:
    failure = child.fail(counting(mixed=True), env=extended)
    assert failure["type"] == "DataError"
    assert "n: int" in failure["message"]


def test_large_batches_are_cut(extended: dict[str, str], child: Child) -> None:
    plan = plan_of(
        {"numbers": {"module": "counting", "parts": 1, "batches": 1, "rows": 300_001}},
        {"sizes": {"module": "sizing", "inputs": ["numbers"]}},
    )
    rows = child.run(plan, env=extended).query("SELECT max(rows) <= 131072, sum(rows), count(*) FROM t")
    assert rows == [(True, 300_001, 3)]


def test_standard_output_carries_events_only(extended: dict[str, str], child: Child) -> None:
    child.run(counting(noisy=True), env=extended)
    assert child.events[0]["event"] == "started"
    assert "noise from print" in child.stderr
    assert "noise from the system" in child.stderr


def test_progress_comes_every_half_second(extended: dict[str, str], child: Child) -> None:
    started = time.monotonic()
    child.run(counting(seconds=0.4), env=extended)
    seconds = time.monotonic() - started
    lines = [event for event in child.events if event["event"] == "progress"]
    assert len(lines) >= seconds / 0.5 * 0.6
    rows = [line["steps"]["numbers"]["rows"] for line in lines if line["steps"]]
    assert rows == sorted(rows)
    assert 0 < next(number for number in rows if number) < TOTAL


def is_reading(steps: dict[str, Any]) -> bool:
    return "out" in steps and bool(steps["out"]["rows"] > 0)


def test_a_terminated_child_removes_its_staging(extended: dict[str, str], child: Child) -> None:
    process = child.start(counting(seconds=0.3, batches=100), env=extended)
    seconds = child.end_when(process, is_reading)
    assert child.code == 143
    assert seconds < 10  # Of the 30 that it would take.
    assert not child.staging.exists()
    assert {event["event"] for event in child.events} == {"started", "progress"}


def test_a_child_ends_with_its_parent(extended: dict[str, str], child: Child) -> None:
    process = child.start(counting(seconds=0.3, batches=100), None, "--exit_with_parent", env=extended)
    assert process.stdin is not None
    time.sleep(2)
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(3) == 143
    assert not child.staging.exists()


def test_a_child_that_asks_reads_once_it_may(extended: dict[str, str], child: Child) -> None:
    process = child.start(counting(), None, "--ask_before_reading", env=extended)
    assert process.stdin is not None and process.stdout is not None
    told = map(json.loads, process.stdout)
    asked = next(event for event in told if event["event"] == "columns")
    assert asked["steps"] == {}  # Its source cannot tell them.
    time.sleep(1)
    assert not list(child.staging.rglob("*.parquet"))
    process.stdin.write("read\n")
    process.stdin.flush()
    assert [event["event"] for event in told if event["event"] != "progress"] == ["finished"]
    assert process.wait(5) == 0


def test_a_child_that_asks_ends_with_its_parent(extended: dict[str, str], child: Child) -> None:
    process = child.start(counting(), None, "--ask_before_reading", env=extended)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 143
    assert not child.staging.exists()


@pytest.mark.parametrize(
    ("option", "kind", "problem"),
    [
        ("size=1m", "StorageFull", "no space is left"),
        ("size=1m,ro", "PermissionDenied", "may not read or write"),
    ],
)
def test_staging_on_a_bad_disk(
    option: str, kind: str, problem: str, extended: dict[str, str], child: Child, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    child.staging = disk / "staging"
    plan = counting(rows=100_000, batches=20, parts=4)
    failure = child.fail(plan, env=extended, within=["unshare", "-rm", "sh", "-c", MOUNT, option, str(disk)])
    assert failure["type"] == kind
    assert problem in failure["message"]
    assert str(disk) in failure["message"]
    assert failure["retryable"] is False


# A file system of this process's own, so that no right is needed and nothing has to be cleaned up.
MOUNT = 'mount -t tmpfs -o "$0" none "$1" && shift && exec "$@"'

Change = Callable[[dict[str, Any]], None]


def _with(path: str, value: Any) -> Change:
    def change(plan: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        target: Any = plan
        for part in parents:
            target = target[int(part)] if part.isdigit() else target[part]
        target[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_with("sources.0.module", "countng"), "sources[0].module  no source module is named `countng`; did you mean `counting`?"),
        (_with("sources.0.parameters", {"prats": 1}), "sources[0].parameters.prats  unknown key; did you mean `parts`?"),
        (_with("sources.0.parameters", {"parts": "1"}), "sources[0].parameters.parts  Input should be a valid integer"),
        (_with("sinks.0.input", "number"), "sinks[0].input  no step is named `number`; did you mean `numbers`?"),
        (_with("transforms.0.inputs", ["numbers", "numbers"]), "module `sizing` takes 1, got 2"),
        (_with("transforms.0.inputs", ["b"]), "depend on one another in a circle: a, b"),
        (_with("version", 2), "has format 2: a newer Beamline wrote it, and this one reads formats up to 1"),
        (_with("version", 0), "is not a plan: version"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_a_config_error(
    change: Change, problem: str, extended: dict[str, str], child: Child
) -> None:
    plan = plan_of(
        {"numbers": {"module": "counting"}},
        {"a": {"module": "sizing", "inputs": ["numbers"]}, "b": {"module": "sizing", "inputs": ["a"]}},
    )
    change(plan)
    failure = child.fail(plan, env=extended)
    assert failure["type"] == "ConfigError"
    assert problem in failure["message"]

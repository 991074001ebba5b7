"""What is submitted to Dataflow, run by processes of its own: launcher, `jobs.create`, the staged graph, Prism."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apache_beam.portability.api import beam_runner_api_pb2
from prism import Prism, WorkerPool, on_workers

from beam_pipeline.storage import files
from fake_dataflow import FakeDataflow, options, serve
from running import Child, InProcess, Staged, plan_of

ROWS = 40_000
PLAN = plan_of(
    {"orders": {"module": "files", "path": "data/*.csv"}},
    {
        "named": {"module": "select", "inputs": ["orders"], "rename": {"k": "customer"}},
        "sums": {
            "module": "sql", "inputs": ["named"], "scope": "key", "partition_by": ["customer"], "partitions": 4,
            "sql": "SELECT customer, count(*) AS orders, sum(n)::bigint AS total FROM named GROUP BY customer",
        },
    },
    {"out": "sums", "rows": "named"},
)  # fmt: skip


@pytest.fixture
def dataflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDataflow]:
    yield from serve(tmp_path, monkeypatch)


@pytest.fixture
def prism(tmp_path: Path) -> Iterator[Prism]:
    started = Prism(Path(os.environ["BEAMLINE_PRISM"]), tmp_path)
    yield started
    started.close()


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[WorkerPool]:
    faults = tmp_path / "faults"
    faults.mkdir()
    started = WorkerPool(tmp_path, {"BEAMLINE_FAULT_POINTS": str(faults)})
    yield started
    started.close()


@pytest.fixture
def inputs(bucket: str) -> str:
    """Five files with the rows, in the bucket."""
    for part in range(5):
        rows = (f"{n},{n % 101}" for n in range(part, ROWS, 5))
        files.write_whole(f"{bucket}/inputs/data/{part}.csv", "\n".join(["n,k", *rows, ""]).encode())
    return f"{bucket}/inputs"


def submitted(child: Child, bucket: str, inputs: str, dataflow: FakeDataflow, attempt: int) -> Any:
    """Launches an attempt, and returns the graph that the job was asked for with."""
    child.staging = f"{bucket}/staging/key/{attempt}"
    more = ("--sdk_container_image=r/worker:1", f"--dataflow_endpoint={dataflow.endpoint}")
    child.finish(child.start(PLAN, None, "--root", inputs, *options(bucket, *more)))
    assert child.code == 0, f"{child.events[-1]}\n{child.stderr}"
    path, job = dataflow.asked[-1]
    assert path.startswith("/v1b3/projects/project-1/locations/europe-west1/jobs")
    uri = job["environment"]["sdkPipelineOptions"]["options"]["pipelineUrl"]
    return beam_runner_api_pb2.Pipeline.FromString(files.read_bytes(uri))


def rows_of(staged: Staged) -> dict[str, Any]:
    counted = "SELECT count(*), count(DISTINCT n), sum(n) FROM t"
    return {
        "sums": staged.query("FROM t ORDER BY customer"),
        "rows": staged.query(counted, "rows"),
        "counts": {name: step["rows_out"] for name, step in staged.manifest["steps"].items()},
        "schema": staged.schema(),
    }


@pytest.fixture
def expected(in_process: InProcess, inputs: str) -> dict[str, Any]:
    """What the local runner makes of the plan."""
    plan = json.loads(json.dumps(PLAN))
    plan["sources"][0]["parameters"]["path"] = f"{inputs}/data/*.csv"
    found = rows_of(in_process.run(plan))
    assert found["rows"] == [(ROWS, ROWS, sum(range(ROWS)))]
    return found


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_staged_graph_gives_what_the_local_runner_gives(
    workers: int, child: Child, bucket: str, inputs: str, dataflow: FakeDataflow, prism: Prism,
    pool: WorkerPool, expected: dict[str, Any],
) -> None:  # fmt: skip
    graph = submitted(child, bucket, inputs, dataflow, 1)
    state, log = prism.run(on_workers(graph, pool, workers))
    assert state == "DONE", log
    assert len(pool.processes) == workers
    assert rows_of(Staged(child.staging)) == expected


@pytest.mark.parametrize("point", ["beam:staging", "beam:before-manifest", "beam:after-manifest"])
def test_a_killed_worker_commits_nothing_and_the_next_attempt_all(
    point: str, child: Child, bucket: str, inputs: str, dataflow: FakeDataflow, prism: Prism, pool: WorkerPool,
    expected: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    graph = submitted(child, bucket, inputs, dataflow, 1)
    (tmp_path / "faults" / point).write_text("SIGKILL")
    state, log = prism.run(on_workers(graph, pool, 2))
    assert (tmp_path / "faults" / f"{point}.hit").exists()
    # Prism has no second try for a bundle, as Dataflow has: the job fails.
    assert state == "FAILED", log
    assert "SDK worker disconnected" in log
    assert files.exists(f"{child.staging}/manifest.json") is (point == "beam:after-manifest")
    graph = submitted(child, bucket, inputs, dataflow, 2)
    state, log = prism.run(on_workers(graph, pool, 2))
    assert state == "DONE", log
    assert rows_of(Staged(child.staging)) == expected


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("point", ["beam:staging", "beam:before-manifest", "beam:after-manifest"])
def test_bundles_of_a_killed_worker_are_tried_again_and_no_row_is_lost_or_doubled(
    point: str, workers: int, child: Child, bucket: str, inputs: str, dataflow: FakeDataflow, prism: Prism,
    pool: WorkerPool, expected: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    pool.program = "retrying.py"
    graph = submitted(child, bucket, inputs, dataflow, 1)
    (tmp_path / "faults" / point).write_text("SIGKILL")
    state, log = prism.run(on_workers(graph, pool, workers))
    told = "".join(path.read_text() for path in sorted(tmp_path.glob("worker-*.log")))
    assert state == "DONE", f"{log}\n{told}"
    assert "the worker ended with -9; tried again: ['inst" in told
    assert rows_of(Staged(child.staging)) == expected


def test_bundles_that_are_done_twice_count_once(
    child: Child, bucket: str, inputs: str, dataflow: FakeDataflow, prism: Prism, pool: WorkerPool,
    expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("TWICE", "1")
    pool.program = "retrying.py"
    graph = submitted(child, bucket, inputs, dataflow, 1)
    state, log = prism.run(on_workers(graph, pool, 1))
    told = (tmp_path / "worker-0.log").read_text()
    assert state == "DONE", f"{log}\n{told}"
    assert told.count("tried again: ['inst") >= 5
    # What was done twice is there twice, and named once.
    staged = Staged(child.staging)
    assert len(files.match(f"{child.staging}/rows/*.parquet")) == 2 * len(staged.files("rows"))
    assert rows_of(staged) == expected

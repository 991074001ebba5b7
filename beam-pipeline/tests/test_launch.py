"""The launcher of a Flex Template: what it submits, up to the border of the service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apache_beam.internal import pickler
from apache_beam.portability.api import beam_runner_api_pb2

from beam_pipeline.modules.at_once import AtOnce
from beam_pipeline.storage import files
from fake_dataflow import FakeDataflow, options, serve
from running import Child, plan_of

IMAGE = "europe-docker.pkg.dev/p/r/beamline:1"


@pytest.fixture(autouse=True)
def dataflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDataflow]:
    yield from serve(tmp_path, monkeypatch)


@pytest.fixture
def launcher(child: Child, bucket: str) -> Child:
    child.staging = f"{bucket}/staging/key/1"
    return child


PLAN = plan_of(
    {"rows": {"module": "files", "path": "data/*.csv"}},
    {"sums": {"module": "sql", "inputs": ["rows"], "scope": "all", "sql": "select sum(n) as s from rows"}},
)


def submitted(child: Child) -> dict[str, Any]:
    assert child.code == 0, f"{child.events[-1]}\n{child.stderr}"
    last = dict(child.events[-1])
    assert last.pop("event") == "submitted"
    return last


def staged_graph(bucket: str) -> beam_runner_api_pb2.Pipeline:
    (uri,) = files.match(f"{bucket}/df-staging/**/pipeline.pb")
    return beam_runner_api_pb2.Pipeline.FromString(files.read_bytes(uri))


def staged_functions(bucket: str) -> dict[str, Any]:
    """What the staged graph runs, by the names of its steps."""
    graph = staged_graph(bucket)
    return {
        transform.unique_name: pickler.loads(payload.do_fn.payload)[0]
        for transform in graph.components.transforms.values()
        if transform.spec.urn == "beam:transform:pardo:v1"
        and (payload := beam_runner_api_pb2.ParDoPayload.FromString(transform.spec.payload)).do_fn.urn
        == "beam:dofn:pickled_python_info:v1"
    }


def test_the_job_is_submitted_and_not_awaited(launcher: Child, bucket: str, dataflow: FakeDataflow) -> None:
    more = (
        f"--sdk_container_image={IMAGE}",
        f"--dataflow_endpoint={dataflow.endpoint}",
        "--labels=beamline-run=q4kx7mw2ta",
        "--labels=beamline-ordinal=1",
        "--experiments=enable_recommendations",
        "--dataflow_service_options=enable_prime",
        "--max_num_workers=5",
        "--machine_type=e2-standard-2",
    )
    files.write_whole(f"{bucket}/inputs/data/a.csv", b"n\n1\n")
    launcher.finish(launcher.start(PLAN, None, "--root", f"{bucket}/inputs", *options(bucket, *more)))
    assert submitted(launcher) == {
        "job_id": "2026-11-25_job", "job_name": "job-1", "project": "project-1", "region": "europe-west1",
    }  # fmt: skip
    ((path, job),) = dataflow.asked
    assert path.startswith("/v1b3/projects/project-1/locations/europe-west1/jobs")
    assert job["labels"] == {"beamline-run": "q4kx7mw2ta", "beamline-ordinal": "1"}
    assert job["type"] in ("JOB_TYPE_BATCH", 1)
    environment = job["environment"]
    assert "enable_recommendations" in environment["experiments"]
    assert environment["serviceOptions"] == ["enable_prime"]
    (pool,) = environment["workerPools"]
    assert pool["machineType"] == "e2-standard-2"
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 5
    assert [image["containerImage"] for image in pool["sdkHarnessContainerImages"]] == [IMAGE]
    # No code is staged: the image holds it. The second is Beam's list of this process's packages.
    uploaded = [uri.rsplit("/", 1)[-1] for uri in files.match(f"{bucket}/df-staging/**")]
    assert uploaded == ["pipeline.pb", "submission_environment_dependencies.txt"]


def test_the_graph_that_is_staged_is_the_plans(launcher: Child, bucket: str, dataflow: FakeDataflow) -> None:
    more = (f"--sdk_container_image={IMAGE}", f"--dataflow_endpoint={dataflow.endpoint}")
    launcher.finish(launcher.start(PLAN, None, *options(bucket, *more)))
    submitted(launcher)
    graph = staged_graph(bucket)
    names = {transform.unique_name for transform in graph.components.transforms.values()}
    assert {"rows/plan", "rows/read", "sums", "out", "(beamline) manifest"} <= names
    (environment,) = graph.components.environments.values()
    assert environment.urn == "beam:env:docker:v1"
    assert beam_runner_api_pb2.DockerPayload.FromString(environment.payload).container_image == IMAGE


def test_the_graph_reads_the_windows_that_the_launcher_was_given(
    launcher: Child, bucket: str, dataflow: FakeDataflow
) -> None:
    given = {"column": "id", "type": "integer", "low": "3", "low_inclusive": True, "high": "987654"}
    plan = plan_of({"rows": {"module": "mysql", "profile": "my", "query": "SELECT 1 AS id"}})
    windows = json.dumps({"rows": {**given, "next": "987654", "basis": "record"}})
    more = (f"--sdk_container_image={IMAGE}", f"--dataflow_endpoint={dataflow.endpoint}")
    launcher.finish(launcher.start(plan, None, "--windows", windows, *options(bucket, *more)))
    submitted(launcher)
    found = staged_functions(bucket)
    assert found["(beamline) manifest"]._head["windows"] == json.loads(windows)
    assert found["rows/plan"]._reader._planner._context.window.high == "987654"


def test_the_graph_knows_how_many_bundles_a_worker_runs_at_once(
    launcher: Child, bucket: str, dataflow: FakeDataflow
) -> None:
    more = (f"--sdk_container_image={IMAGE}", f"--dataflow_endpoint={dataflow.endpoint}")
    threads = "--number_of_worker_harness_threads=4"
    launcher.finish(launcher.start(PLAN, None, *options(bucket, *more, threads)))
    submitted(launcher)
    assert staged_functions(bucket)["sums/run"]._room.at_once == AtOnce(threads=4, processes=None)


def test_a_sink_in_the_job_is_in_the_graph(
    launcher: Child, bucket: str, dataflow: FakeDataflow, extended: dict[str, str]
) -> None:
    parameters = {"folder": f"{bucket}/feed"}
    sink = {"name": "feed", "module": "recording", "input": "rows", "parameters": parameters}
    plan = {**PLAN, "job_sinks": [sink]}
    more = (f"--sdk_container_image={IMAGE}", f"--dataflow_endpoint={dataflow.endpoint}")
    launcher.finish(launcher.start(plan, None, *options(bucket, *more), env=extended))
    submitted(launcher)
    graph = staged_graph(bucket)
    names = {transform.unique_name for transform in graph.components.transforms.values()}
    assert {"feed/write", "(beamline) count feed"} <= names


def test_with_a_template_location_the_job_is_described_and_left_to_the_launcher(
    launcher: Child, bucket: str
) -> None:
    where = f"{bucket}/template_launches/1/job_object"
    more = (f"--sdk_container_image={IMAGE}", f"--template_location={where}")
    launcher.finish(launcher.start(PLAN, None, *options(bucket, *more)))
    assert submitted(launcher)["job_id"] is None
    job = json.loads(files.read_bytes(where))
    assert job["name"] == "job-1"


def test_an_image_without_the_package_is_refused(launcher: Child, bucket: str) -> None:
    failure = launcher.fail(PLAN, None, *options(bucket))
    assert failure["type"] == "ConfigError"
    assert failure["message"].startswith("--sdk_container_image is missing")
    assert json.loads(files.read_bytes(f"{launcher.staging}/failure.json")) == failure


def test_what_is_not_the_name_of_an_image_is_refused(
    launcher: Child, bucket: str, dataflow: FakeDataflow
) -> None:
    more = ("--sdk_container_image=gs://b/worker:1", f"--dataflow_endpoint={dataflow.endpoint}")
    failure = launcher.fail(PLAN, None, *options(bucket, *more))
    assert failure["type"] == "ConfigError"
    assert failure["message"].startswith(
        "--sdk_container_image  `gs://b/worker:1` is not the name of a container"
    )
    assert dataflow.asked == []


def test_an_image_that_is_given_twice_is_that_of_the_launch(
    launcher: Child, bucket: str, dataflow: FakeDataflow
) -> None:
    """Google's launcher adds the flag of the environment, and the parameter is a flag itself."""
    more = (f"--sdk_container_image={IMAGE}", f"--dataflow_endpoint={dataflow.endpoint}")
    launcher.finish(launcher.start(PLAN, None, *options(bucket, *more, *more)))
    submitted(launcher)
    (pool,) = dataflow.asked[0][1]["environment"]["workerPools"]
    assert [image["containerImage"] for image in pool["sdkHarnessContainerImages"]] == [IMAGE]


def test_a_wrong_plan_fails_before_anything_is_submitted(
    launcher: Child, bucket: str, dataflow: FakeDataflow
) -> None:
    more = (f"--sdk_container_image={IMAGE}", f"--dataflow_endpoint={dataflow.endpoint}")
    wrong = plan_of({"rows": {"module": "file", "path": "x.csv"}})
    failure = launcher.fail(wrong, None, *options(bucket, *more))
    assert "did you mean `files`?" in failure["message"]
    assert dataflow.asked == []


def test_a_run_that_has_ended_is_not_submitted(
    launcher: Child, bucket: str, dataflow: FakeDataflow, tmp_path: Path
) -> None:
    files.write_whole(f"{bucket}/receipt.json", b"{}")
    more = (f"--sdk_container_image={IMAGE}", f"--dataflow_endpoint={dataflow.endpoint}")
    failure = launcher.fail(PLAN, None, "--closed", f"{bucket}/receipt.json", *options(bucket, *more))
    assert failure["type"] == "RunEnded"
    assert dataflow.asked == []
    assert files.match(f"{launcher.staging}/**") == []

"""Attempts whose plan, staging and sources are in Cloud Storage."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from beam_pipeline.storage import files
from running import BUNDLE_BASED, FN_API, Child, plan_of

TOTAL = 2 * 3 * 1000


@pytest.fixture
def cloud(child: Child, bucket: str) -> Child:
    """A child that stages in Cloud Storage."""
    child.staging = f"{bucket}/staging/key/1"
    return child


def counting(**parameters: Any) -> dict[str, Any]:
    return plan_of({"numbers": {"module": "counting", **parameters}})


@pytest.mark.parametrize(
    "options",
    [(), (f"--runner={BUNDLE_BASED}",), (f"--runner={FN_API}", "--direct_running_mode=multi_processing")],
    ids=["FnApi", "BundleBased", "processes"],
)
def test_rows_are_staged_and_committed(
    options: tuple[str, ...], extended: dict[str, str], cloud: Child
) -> None:
    staged = cloud.run(counting(), None, *options, env=extended)
    assert staged.query("SELECT count(*), sum(n) FROM t") == [(TOTAL, TOTAL * (TOTAL - 1) // 2)]
    entry = staged.manifest["sinks"]["out"]
    assert all(file["uri"].startswith(f"{cloud.staging}/out/part-") for file in entry["files"])
    assert entry["bytes"] == sum(len(files.read_bytes(file["uri"])) for file in entry["files"])
    assert cloud.events[-1]["manifest"] == f"{cloud.staging}/manifest.json"


def test_an_empty_source_is_committed(extended: dict[str, str], cloud: Child) -> None:
    staged = cloud.run(counting(rows=0), env=extended)
    assert staged.schema() == {"n": "int64"}
    assert staged.query("SELECT count(*) FROM t") == [(0,)]


def test_sql_over_whole_inputs_spills_to_cloud_storage_where_workers_are_processes(
    extended: dict[str, str], cloud: Child
) -> None:
    plan = plan_of(
        {"numbers": {"module": "counting"}},
        {
            "total": {
                "module": "sql",
                "inputs": ["numbers"],
                "scope": "all",
                "sql": "select sum(n)::bigint as s from numbers",
            }
        },
    )
    options = (f"--runner={FN_API}", "--direct_running_mode=multi_processing")
    staged = cloud.run(plan, None, *options, env=extended)
    assert staged.query("SELECT s FROM t") == [(TOTAL * (TOTAL - 1) // 2,)]
    assert files.match(f"{cloud.staging}/_spill/**")


def test_the_plan_and_the_files_of_a_source_are_read_from_cloud_storage(bucket: str, cloud: Child) -> None:
    files.write_whole(f"{bucket}/inputs/data/a.csv", b"n,t\n1,a\n2,b\n")
    files.write_whole(f"{bucket}/inputs/data/b.csv", b"n,t\n3,c\n")
    plan = plan_of({"rows": {"module": "files", "path": "data/*.csv"}})
    files.write_whole(f"{bucket}/plan.json", json.dumps(plan).encode())
    staged = cloud.run(plan, None, "--plan", f"{bucket}/plan.json", "--root", f"{bucket}/inputs")
    assert staged.query("SELECT * FROM t ORDER BY n") == [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_attempt_that_is_ended_in_the_middle_commits_nothing(
    number: signal.Signals, extended: dict[str, str], cloud: Child
) -> None:
    process = cloud.start(counting(seconds=0.3, batches=100), env=extended)
    cloud.end_when(process, lambda steps: "out" in steps and steps["out"]["rows"] > 0, number)
    assert cloud.code == (-9 if number == signal.SIGKILL else 143)
    assert not files.exists(f"{cloud.staging}/manifest.json")


def test_an_attempt_that_runs_twice_changes_nothing(extended: dict[str, str], cloud: Child) -> None:
    first = cloud.run(counting(), env=extended)
    committed = files.read_bytes(f"{cloud.staging}/manifest.json")
    finished = cloud.events[-1]
    second = cloud.run(counting(), env=extended)
    assert files.read_bytes(f"{cloud.staging}/manifest.json") == committed
    assert second.files() == first.files()
    assert (cloud.events[-1]["manifest"], cloud.events[-1]["sha256"]) == (
        finished["manifest"],
        finished["sha256"],
    )
    assert second.query("SELECT count(*) FROM t") == [(TOTAL,)]
    # Two attempts did write: the second's files are there, and nobody reads them.
    assert len(files.match(f"{cloud.staging}/out/*")) > len(first.files())


def test_an_attempt_that_woke_late_and_was_ended_leaves_what_is_committed(
    extended: dict[str, str], cloud: Child, tmp_path_factory: pytest.TempPathFactory
) -> None:
    late = cloud.start(counting(seconds=1, batches=100), env=extended)
    other = Child(tmp_path_factory.mktemp("other"))
    other.staging = cloud.staging
    staged = other.run(counting(), env=extended)
    cloud.end_when(late, lambda steps: True)
    assert cloud.code == 143
    assert staged.query("SELECT count(*) FROM t") == [(TOTAL,)]


def test_two_jobs_of_one_attempt_at_a_time_commit_once(
    extended: dict[str, str], cloud: Child, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Child(tmp_path_factory.mktemp("other"))
    other.staging = cloud.staging
    running = [(one, one.start(counting(), env=extended)) for one in (cloud, other)]
    manifests = [one.finish(process) for one, process in running]
    assert all(manifests)
    assert cloud.events[-1]["sha256"] == other.events[-1]["sha256"]
    found = manifests[0]
    assert found is not None
    assert found.query("SELECT count(*) FROM t") == [(TOTAL,)]


def test_the_manifest_of_another_attempt_is_not_adopted(extended: dict[str, str], cloud: Child) -> None:
    files.write_whole(f"{cloud.staging}/manifest.json", b'{"run_key": "other"}')
    failure = cloud.fail(counting(), env=extended)
    assert "is of another attempt: its run_key is other, not key" in failure["message"]


def test_the_manifest_of_other_windows_is_not_adopted(extended: dict[str, str], cloud: Child) -> None:
    cloud.run(counting(), env=extended)
    uri = f"{cloud.staging}/manifest.json"
    manifest = json.loads(files.read_bytes(uri))
    files.write_whole(uri, json.dumps({**manifest, "windows": {"rows": {"column": "id"}}}).encode())
    failure = cloud.fail(counting(), env=extended)
    assert "is of another attempt: its windows is {'rows': {'column': 'id'}}, not {}" in failure["message"]
    # Of a version that knew no windows.
    del manifest["windows"]
    files.write_whole(uri, json.dumps(manifest).encode())
    assert cloud.run(counting(), env=extended)


def test_a_run_that_has_ended_is_refused(extended: dict[str, str], bucket: str, cloud: Child) -> None:
    files.write_whole(f"{bucket}/receipt.json", b"{}")
    failure = cloud.fail(counting(), None, "--closed", f"{bucket}/receipt.json", env=extended)
    assert (failure["type"], failure["retryable"]) == ("RunEnded", False)
    assert files.match(f"{cloud.staging}/**") == []
    files.remove_tree(bucket)
    cloud.run(counting(), None, "--closed", f"{bucket}/receipt.json", env=extended)


def test_a_failure_is_told_in_the_staging_too(extended: dict[str, str], cloud: Child, tmp_path: Any) -> None:
    failure = cloud.fail(plan_of({"numbers": {"module": "countng"}}), env=extended)
    assert json.loads(files.read_bytes(f"{cloud.staging}/failure.json")) == failure


def test_the_options_of_a_dataflow_job_do_no_harm_to_a_local_run(
    extended: dict[str, str], bucket: str, cloud: Child
) -> None:
    """Beam's own client would wait 21 to 25 s for credentials; ours asks for none where there is an emulator."""
    options = (
        "--project=project-1", "--region=local1", "--job_name=job-1", f"--temp_location={bucket}/temp",
        f"--staging_location={bucket}/df", "--labels=beamline-run=key", "--num_workers=2", "--max_num_workers=3",
        "--machine_type=e2-standard-2", "--sdk_container_image=r/worker:1", "--no_use_public_ips",
    )  # fmt: skip
    staged = cloud.run(counting(rows=1), None, *options, "--root", "", "--profiles", "", env=extended)
    assert staged.query("SELECT count(*) FROM t") == [(6,)]
    assert "credentials" not in cloud.stderr


def test_the_workers_of_another_process_name_the_failures_type(
    extended: dict[str, str], cloud: Child
) -> None:
    plan = plan_of({"rows": {"module": "files", "path": "gs://test/nothing/*.csv"}})
    options = (f"--runner={FN_API}", "--direct_running_mode=multi_processing")
    failure = cloud.fail(plan, None, *options, env=extended)
    assert (failure["type"], failure["step"]) == ("ResourceError", "rows")
    assert failure["message"].startswith("sources[0].parameters.path  no file matches")
    assert "beam_pipeline.errors.ResourceError: sources[0].parameters.path" in failure["traceback"]
    assert "[while running 'rows/plan']" in failure["traceback"]

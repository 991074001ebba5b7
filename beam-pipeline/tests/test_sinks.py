"""Sinks in the job: found by their folder, counted in the manifest, and plain about what a retry does."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.attempt.plan import Plan
from beam_pipeline.errors import ConfigError, InternalError
from beam_pipeline.modules import catalogue, registry
from beam_pipeline.modules.params import Capabilities
from running import Child, plan_of


def plan(folder: Path, *, staged: bool = True, **parameters: Any) -> dict[str, Any]:
    """Numbers that come to a table, if `staged`, and to a folder."""
    counting = {"module": "counting", "parts": 2, "batches": 3, "rows": 10}
    document = plan_of({"numbers": counting | parameters.pop("counting", {})})
    if not staged:
        document["sinks"] = []
    given = {"folder": str(folder), "id": "n", **parameters}
    feed = {"name": "feed", "module": "recording", "input": "numbers", "parameters": given}
    return {**document, "job_sinks": [feed]}


@pytest.mark.parametrize("staged", [True, False], ids=["beside a table", "alone"])
def test_writes_while_the_job_runs_and_is_counted(
    staged: bool, child: Child, tmp_path: Path, extended: dict[str, str]
) -> None:
    manifest = child.run(plan(tmp_path / "rows", staged=staged), env=extended).manifest
    assert sorted(int(path.stem) for path in (tmp_path / "rows").iterdir()) == list(range(60))
    told = manifest["written"]["feed"]
    assert told.pop("bytes") > 0
    assert told == {
        "kind": "in_job",
        "module": "recording",
        "input": "numbers",
        "idempotence": "idempotent by id",
        "rows": 60,
    }
    assert {name: sink["kind"] for name, sink in manifest["sinks"].items()} == (
        {"out": "staged"} if staged else {}
    )
    assert child.events[-2]["steps"]["feed"] | {"bytes": 0} == {
        "kind": "sink", "rows": 60, "bytes": 0, "done": True,
    }  # fmt: skip


def test_a_killed_attempt_is_made_again(child: Child, tmp_path: Path, extended: dict[str, str]) -> None:
    slow = plan(tmp_path / "rows", seconds=0.2, counting={"parts": 1, "batches": 50})
    process = child.start(slow, env=extended)
    child.end_when(process, lambda steps: steps.get("feed", {"rows": 0})["rows"] > 20, signal.SIGKILL)
    assert 0 < len(list((tmp_path / "rows").iterdir())) < 500
    again = Child(tmp_path / "again")
    (tmp_path / "again").mkdir()
    quick = plan(tmp_path / "rows", counting={"parts": 1, "batches": 50})
    assert again.run(quick, env=extended).manifest["written"]["feed"]["rows"] == 500
    assert len(list((tmp_path / "rows").iterdir())) == 500


def test_a_plan_of_before_has_none() -> None:
    old = plan_of({"numbers": {"module": "counting"}})
    assert Plan.model_validate_json(json.dumps(old)).job_sinks == []


def test_a_plan_has_a_sink() -> None:
    with pytest.raises(ValueError, match="has no sink"):
        Plan.model_validate_json(json.dumps({**plan_of({"n": {"module": "counting"}}), "sinks": []}))


def test_a_sink_that_is_not_there_is_named(child: Child, tmp_path: Path, extended: dict[str, str]) -> None:
    document = plan(tmp_path / "rows")
    document["job_sinks"][0]["module"] = "recordin"
    failure = child.fail(document, env=extended)
    assert failure["type"] == "ConfigError"
    assert failure["step"] == "feed"
    assert (
        "job_sinks[0].module  no sink module is named `recordin`; did you mean `recording`?"
        in failure["message"]
    )


@pytest.mark.parametrize("said", [None, "", "idempotent", "probably once"])
def test_a_module_that_does_not_say_what_a_retry_does_is_refused(
    said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Params:
        capabilities = Capabilities(inputs=1, idempotence=said)

    module = registry.Module("sink", "vague")
    monkeypatch.setattr(registry.Module, "params_type", Params)
    with pytest.raises(InternalError, match=r"modules/sink/vague/params.py must say .*`at-least-once`.*got"):
        catalogue._entry(module)


def test_only_sinks_say_it() -> None:
    assert all("idempotence" not in entry["capabilities"] for entry in catalogue.catalogue()["modules"])


def test_no_sink_is_shipped() -> None:
    assert registry.discover("sink") == []
    with pytest.raises(ConfigError, match=r"no sink module is named `x` \(none\)"):
        registry.find("sink", "x", "job_sinks[0].module")

"""Runs one attempt: builds the graph, and runs it to its end or submits it."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections.abc import Callable
from typing import Any

from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions

from beam_pipeline import window
from beam_pipeline.attempt import graph, launch, plan
from beam_pipeline.errors import InternalError
from beam_pipeline.modules.at_once import AtOnce
from beam_pipeline.staging.staging import described
from beam_pipeline.storage import files
from beam_pipeline.telling.progress import progress

# Named in full: plain `DirectRunner` first tries to download another runner.
LOCAL_RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


def execute(
    arguments: argparse.Namespace,
    beam_options: list[str],
    temp_dir: str,
    ask: Callable[[dict[str, Any]], None] | None = None,
) -> tuple[str, dict[str, Any]]:
    """Runs the plan to its end, or submits it where the runner is Dataflow's.

    Args:
        arguments: Of the process.
        beam_options: Beam's own.
        temp_dir: For what spills.
        ask: Gets the `steps` of a `columns` event, and returns if the rows may be read.

    Returns:
        The event and its fields (docs/contracts.md, section 3): `finished` or `submitted`.

    Raises:
        BeamlineError: Something the code foresaw went wrong.
        RuntimeError: A worker failed; the text holds its traceback.
    """
    started = time.monotonic()
    pinned = plan.read(arguments.plan)
    options = _options(beam_options)
    runner = str(options.view_as(StandardOptions).runner)
    direct = options.view_as(DirectOptions)
    remote = launch.is_dataflow(options)
    attempt = graph.Attempt(
        run_key=arguments.run_key,
        name=arguments.attempt,
        staging=arguments.staging,
        plan_sha256=pinned.sha256,
        profiles=arguments.profiles,
        temp_dir=temp_dir,
        in_process=not remote and _is_in_process(runner, direct.direct_running_mode),
        workers=launch.prepare(options) if remote else direct.direct_num_workers,
        at_once=launch.at_once(options) if remote else _at_once(runner, direct.direct_num_workers),
        root=arguments.root,
        windows=window.read(arguments.windows),
    )
    files.make_folder(attempt.staging)
    with graph.new_pipeline(options) as pipeline:
        graph.build(pipeline, pinned.plan, attempt, None if ask is None else _asking(ask))
        built = time.monotonic()
        if remote:
            return "submitted", launch.submit(pipeline, options)
        pipeline.run().wait_until_finish()
    seconds = {"build": round(built - started, 3), "run": round(time.monotonic() - built, 3)}
    manifest = _finished(files.join(attempt.staging, "manifest.json"))
    return "finished", {**manifest, "seconds": seconds}


def _asking(ask: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    return lambda steps: ask({name: described(schema) for name, schema in steps.items()})


def _options(given: list[str]) -> Any:
    options = PipelineOptions(given)
    if options.view_as(StandardOptions).runner is None:
        options.view_as(StandardOptions).runner = LOCAL_RUNNER
        direct = options.view_as(DirectOptions)
        if not any(option.startswith("--direct_") for option in given):
            direct.direct_num_workers = len(os.sched_getaffinity(0))
            # With one worker Beam warns that the mode does nothing.
            if direct.direct_num_workers > 1:
                direct.direct_running_mode = "multi_threading"
    return options


def _is_in_process(runner: str, mode: str) -> bool:
    name = runner.rsplit(".", 1)[-1]
    return name in ("FnApiRunner", "BundleBasedDirectRunner") and mode != "multi_processing"


def _at_once(runner: str, workers: int) -> AtOnce:
    """Of a runner on this machine, whose workers are threads or processes; of another, one to a processor."""
    name = runner.rsplit(".", 1)[-1]
    if name == "BundleBasedDirectRunner":
        return AtOnce(processes=1)
    # 0 is Beam's word for one to a processor.
    return AtOnce(processes=workers or None) if name == "FnApiRunner" else AtOnce()


def _finished(uri: str) -> dict[str, Any]:
    content = files.read_bytes(uri)
    manifest = json.loads(content)
    for name, step in manifest["steps"].items():
        progress.settle(name, step["rows_out"], step["bytes_out"])
    sinks = {**manifest["sinks"], **manifest.get("written", {})}
    for name, sink in sinks.items():
        progress.settle(name, sink["rows"])
    if not sinks:
        raise InternalError(f"{uri} names no sink")
    return {"manifest": uri, "sha256": hashlib.sha256(content).hexdigest()}

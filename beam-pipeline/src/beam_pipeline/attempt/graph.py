"""Builds the Beam graph from a plan."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import apache_beam as beam

from beam_pipeline.attempt import sinks
from beam_pipeline.attempt.plan import Plan, PlanSource, PlanTransform, in_order
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules import alone as by_one
from beam_pipeline.modules import columns_check, registry
from beam_pipeline.modules.at_once import AtOnce
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.registry import Module
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.staging import coder
from beam_pipeline.staging.staging import Meter, WriteManifest
from beam_pipeline.storage import files
from beam_pipeline.telling.progress import progress
from beam_pipeline.window import RunWindows, SourceWindow

coder.register()

# Begins the labels of the steps that no config names: a step's own transform may use any other.
OWN = "(beamline)"


@dataclass(frozen=True)
class Attempt:
    """One try at a run: where it stages, and what its workers are like."""

    run_key: str
    name: str
    staging: str
    plan_sha256: str
    profiles: str | None
    temp_dir: str
    in_process: bool
    workers: int
    at_once: AtOnce
    root: str | None = None
    # None where no row is read: incremental sources need none then.
    windows: RunWindows | None = field(default_factory=RunWindows)


@contextlib.contextmanager
def new_pipeline(options: Any = None) -> Iterator[Any]:
    """A pipeline whose temporary folder goes in any case: Beam removes it only where it is run."""
    pipeline = beam.Pipeline(options=options)
    try:
        yield pipeline
    finally:
        shutil.rmtree(pipeline.local_tempdir, ignore_errors=True)


def build(
    pipeline: Any, plan: Plan, attempt: Attempt, ask: Callable[[dict[str, Any]], None] | None = None
) -> Any:
    """Adds the whole plan to the pipeline.

    Args:
        pipeline: Is not run here.
        plan: All of it.
        attempt: Whose steps stage.
        ask: Gets the Arrow schema of each step, as far as it is known, and returns if the rows may be read.

    Returns:
        A PCollection of one element, `{"manifest", "sha256"}`, that exists once all is staged.
    """
    graph = _Graph(pipeline, plan, attempt)
    _check_windows(plan, attempt.windows or RunWindows())
    graph.add_steps()
    unreached: dict[str, str] | None = None if attempt.in_process else {}
    steps = graph.columns(all_sources=ask is not None, unreached=unreached)
    if ask is not None:
        ask(steps)
    return graph.add_sinks()


def columns(
    pipeline: Any,
    plan: Plan,
    attempt: Attempt,
    unreached: dict[str, str],
    alone: dict[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The Arrow schema of each step, as far as it can be known without reading a row.

    Args:
        pipeline: Is not run.
        plan: Whose steps.
        attempt: Without windows.
        unreached: Gets why a source could not be asked, by its name.
        alone: Gets the steps that one worker does alone.

    Raises:
        BeamlineError: What a run of the plan would meet, too.
    """
    graph = _Graph(pipeline, plan, attempt)
    graph.add_steps()
    found = graph.columns(all_sources=True, unreached=unreached)
    if alone is not None:
        alone |= by_one.alone(graph.sources, graph.transforms)
    return found


def _check_windows(plan: Plan, windows: RunWindows) -> None:
    names = [source.name for source in plan.sources]
    for name in windows.by_source:
        if name not in names:
            near = did_you_mean(name, names)
            raise ConfigError(f"--windows  no source is named `{name}`{near} ({', '.join(names)})")


class _Graph:
    def __init__(self, pipeline: Any, plan: Plan, attempt: Attempt) -> None:
        self._pipeline = pipeline
        self._plan = plan
        self._attempt = attempt
        self._outputs: dict[str, Any] = {}
        self._facts: list[Any] = []
        self._steps: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, Any] = {}
        self.transforms: list[tuple[str, list[str], Any]] = []

    def add_steps(self) -> None:
        for index, source in enumerate(self._plan.sources):
            with columns_check.of_step(source.name):
                self.add_source(index)
        for index, transform in in_order(self._plan):
            with columns_check.of_step(transform.name):
                self.add_transform(index, transform)

    def columns(
        self, *, all_sources: bool = False, unreached: dict[str, str] | None = None
    ) -> dict[str, Any]:
        return columns_check.schemas(
            self.sources, self.transforms, all_sources=all_sources, unreached=unreached
        )

    def add_source(self, index: int) -> None:
        source = self._plan.sources[index]
        path = f"sources[{index}]"
        module = registry.find("source", source.module, f"{path}.module")
        params = module.parse(source.parameters, f"{path}.parameters")
        context = replace(self._context(source.name, path), window=self._window(source, module, path))
        transform = module.transform_type(params, context)
        self._steps[source.name] = {
            "kind": "source", "module": source.module, "row_wise": False, "inputs": None,
        }  # fmt: skip
        consistency = getattr(transform, "consistency", None)
        if consistency is not None:
            self._steps[source.name]["consistency"] = consistency
        progress.begin(source.name, "source")
        self.sources[source.name] = transform
        self._keep(source.name, self._pipeline | source.name >> transform)

    def add_transform(self, index: int, step: PlanTransform) -> None:
        path = f"transforms[{index}]"
        module = registry.find("transform", step.module, f"{path}.module")
        params = module.parse(step.parameters, f"{path}.parameters")
        wanted = params.capabilities.inputs
        if wanted is not None and len(step.inputs) != wanted:
            raise ConfigError(f"{path}.inputs  module `{step.module}` takes {wanted}, got {len(step.inputs)}")
        inputs = tuple(self._input(name, f"{path}.inputs") for name in step.inputs)
        transform = module.transform_type(params, self._context(step.name, path, tuple(step.inputs)))
        self._steps[step.name] = {
            "kind": "transform", "module": step.module, "row_wise": params.row_wise,
            "inputs": step.inputs,
        }  # fmt: skip
        progress.begin(step.name, "transform")
        self.transforms.append((step.name, list(step.inputs), transform))
        applied = inputs[0] if wanted == 1 else inputs
        self._keep(step.name, applied | step.name >> transform)

    def add_sinks(self) -> Any:
        staging = self._attempt.staging
        for index, sink in enumerate(self._plan.sinks):
            batches = self._input(sink.input, f"sinks[{index}].input")
            self._facts.append(sinks.staged(sink, batches, staging))
        in_job = {sink.name: self.add_job_sink(index) for index, sink in enumerate(self._plan.job_sinks)}
        facts = self._facts | f"{OWN} facts" >> beam.Flatten()
        head = {
            "version": 1,
            "run_key": self._attempt.run_key,
            "attempt": self._attempt.name,
            "plan_sha256": self._attempt.plan_sha256,
            "steps": self._steps,
            "sinks": {sink.name: sinks.head_of_staged(sink) for sink in self._plan.sinks},
            **({"written": in_job} if in_job else {}),
            "windows": (self._attempt.windows or RunWindows()).given,
        }
        # From an impulse, not from a grouping: an empty source must commit, too.
        return (
            self._pipeline
            | f"{OWN} end" >> beam.Impulse()
            | f"{OWN} manifest" >> beam.ParDo(WriteManifest(staging, head), beam.pvalue.AsList(facts))
        )

    def add_job_sink(self, index: int) -> dict[str, Any]:
        """Adds a sink that writes inside the job; what the manifest begins with of it."""
        sink = self._plan.job_sinks[index]
        path = f"job_sinks[{index}]"
        with columns_check.of_step(sink.name):
            module = registry.find("sink", sink.module, f"{path}.module")
            params = module.parse(sink.parameters, f"{path}.parameters")
            transform = module.transform_type(params, self._context(sink.name, path, (sink.input,)))
            batches = self._input(sink.input, f"{path}.input")
        self._facts.append(sinks.written(sink, batches, transform, f"{OWN} count {sink.name}"))
        return sinks.head_of_written(sink, module)

    def _keep(self, name: str, batches: Any) -> None:
        metered = batches | f"{OWN} count {name}" >> beam.ParDo(Meter(name)).with_outputs(
            "tally", main="batches"
        )
        self._outputs[name] = metered.batches
        self._facts.append(metered.tally)

    def _input(self, name: str, where: str) -> Any:
        if name not in self._outputs:
            near = did_you_mean(name, self._outputs)
            raise ConfigError(f"{where}  no step is named `{name}`{near} ({', '.join(self._outputs)})")
        return self._outputs[name]

    def _window(self, source: PlanSource, module: Module, path: str) -> SourceWindow | None:
        """The window to read; a source that is read in windows is never read whole for want of one."""
        windows = self._attempt.windows
        window = None if windows is None else windows.by_source.get(source.name)
        if window is None:
            if source.incremental is not None and self._attempt.windows is not None:
                raise ConfigError(f"--windows  has no window for `{source.name}`, which is read in windows")
            return None
        if not module.is_incremental:
            raise ConfigError(f"{path}.incremental  module `{module.name}` cannot read a window of rows")
        return window

    def _context(self, step: str, path: str, inputs: tuple[str, ...] = ()) -> StepContext:
        attempt = self._attempt
        spill = attempt.temp_dir if attempt.in_process else files.join(attempt.staging, "_spill")
        return StepContext(
            step=step,
            pipeline=self._plan.name,
            plan_path=path,
            profiles=attempt.profiles,
            temp_dir=attempt.temp_dir,
            shared_dir=spill,
            root=attempt.root,
            in_process=attempt.in_process,
            workers=attempt.workers,
            inputs=inputs,
            timezone=self._plan.timezone,
            run_key=attempt.run_key,
            attempt=attempt.name,
            at_once=attempt.at_once,
        )

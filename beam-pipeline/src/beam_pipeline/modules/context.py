"""What a module is told about the step it runs as."""

from __future__ import annotations

from dataclasses import dataclass, field

from beam_pipeline.modules.at_once import AtOnce
from beam_pipeline.window import SourceWindow


@dataclass(frozen=True)
class StepContext:
    """The surroundings of one step; it travels inside the pipeline, so it holds no secret.

    Attributes:
        step: The step's name in the config.
        pipeline: The pipeline's name.
        plan_path: Path of the step in the plan, for messages (`sources[0]`).
        profiles: Path or URI of the connection profiles, if there are any.
        temp_dir: A local folder for spilled data, removed when the process ends.
        in_process: Every worker is a thread of this process, which stays until the end: a connection
            kept here outlives the ranges that others read.
        workers: How many threads run at a time.
        inputs: The names of the steps that a transform reads, in the config's order.
        root: Path or URI to which relative paths of files are relative; None means the working directory.
        timezone: The pipeline's zone: that of dates and times without one, where a step asks for it.
        shared_dir: A folder that every worker reaches, by path or URI, for what one leaves for another.
        window: Which rows of a source are read; None means all.
        run_key: Key of the run; with `attempt` it names what a step makes elsewhere, such as a job.
        attempt: Name of this try at the run.
        at_once: How many bundles one machine runs at a time.
    """

    step: str
    pipeline: str
    plan_path: str
    profiles: str | None
    temp_dir: str
    in_process: bool
    workers: int
    inputs: tuple[str, ...] = ()
    shared_dir: str = ""
    root: str | None = None
    timezone: str = "UTC"
    window: SourceWindow | None = None
    run_key: str = ""
    attempt: str = ""
    at_once: AtOnce = field(default_factory=AtOnce)

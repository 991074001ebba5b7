"""Submits a pipeline to Dataflow and does not wait: what the launcher of a Flex Template does."""

from __future__ import annotations

from typing import Any

from apache_beam.options.pipeline_options import (
    DebugOptions,
    GoogleCloudOptions,
    SetupOptions,
    StandardOptions,
    WorkerOptions,
)

from beam_pipeline.attempt import parameters
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.at_once import AtOnce

# Ranges of a source are planned for so many threads where nothing says how many workers there may be.
_THREADS = 8


def is_dataflow(options: Any) -> bool:
    """Whether the pipeline is for Dataflow."""
    runner = str(options.view_as(StandardOptions).runner or "")
    return runner.rsplit(".", 1)[-1] == "DataflowRunner"


def prepare(options: Any) -> int:
    """Checks and completes the options of a Dataflow job.

    Returns:
        How many threads its workers may have.

    Raises:
        ConfigError: No image is named that could have this package in it.
    """
    workers = options.view_as(WorkerOptions)
    if not workers.sdk_container_image:
        raise ConfigError(
            "--sdk_container_image is missing: the workers need the image that Dockerfile.worker builds; set "
            "`launch.sdk_container_image`, or build the template's spec with --sdk-image (docs/container.md)"
        )
    if not parameters.is_image(workers.sdk_container_image):
        raise ConfigError(
            f"--sdk_container_image  `{workers.sdk_container_image}` is not the name of a container image, "
            "such as `europe-docker.pkg.dev/my-project/beamline/worker:0.1.0`; set "
            "`launch.sdk_container_image`, or build the template's spec again with another --sdk-image "
            "(docs/container.md)"
        )
    # The image holds every module; nothing of this process has to be pickled.
    options.view_as(SetupOptions).save_main_session = False
    return int(workers.max_num_workers or workers.num_workers or _THREADS)


def at_once(options: Any) -> AtOnce:
    """How many bundles one of the job's workers runs at a time.

    A worker has a process for each of its processors, unless an experiment makes it one. The service says
    that a batch job has a thread for each processor where the option does not say how many
    (`num_threads_per_worker` of its API); a number is taken as that of each process, which is the most.
    """
    debug = options.view_as(DebugOptions)
    threads = debug.number_of_worker_harness_threads
    one_process = "no_use_multiple_sdk_containers" in (debug.experiments or [])
    return AtOnce(threads=threads or 1, processes=1 if threads and one_process else None)


def submit(pipeline: Any, options: Any) -> dict[str, Any]:
    """Submits the job, or writes its description where `--template_location` says so.

    Returns:
        `job_id` (null where only a description was written), `job_name`, `project` and `region`.
    """
    cloud = options.view_as(GoogleCloudOptions)
    result = pipeline.run()
    submitted = None if cloud.template_location else result.job_id()
    return {
        "job_id": submitted,
        "job_name": cloud.job_name,
        "project": cloud.project,
        "region": cloud.region,
    }

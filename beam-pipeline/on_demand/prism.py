"""Beam's Prism, and processes that do the work of its jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from apache_beam.portability import common_urns
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_job_api_pb2,
    beam_job_api_pb2_grpc,
    beam_runner_api_pb2,
    endpoints_pb2,
)

_HERE = Path(__file__).parent
_ENDED = ("DONE", "FAILED", "CANCELLED")


class WorkerPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):  # type: ignore[misc]
    """Starts a process for each worker that Prism asks for: an EXTERNAL environment.

    Args:
        folder: For the workers' logs.
        env: What is added to their environment.
    """

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        # `retrying.py` tries bundles again.
        self.program = "worker.py"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._folder = folder
        self._env = env
        self._server = grpc.server(ThreadPoolExecutor(4))
        beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def StartWorker(self, request: Any, _: Any) -> Any:
        name = request.worker_id
        command = [sys.executable, str(_HERE / self.program), request.control_endpoint.url, name]
        with (self._folder / f"worker-{len(self.processes)}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **self._env}
            )
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, _: Any) -> Any:
        _end(self.processes[request.worker_id])
        return beam_fn_api_pb2.StopWorkerResponse()

    def close(self) -> None:
        self._server.stop(None)
        for process in self.processes.values():
            _end(process)


def on_workers(graph: Any, pool: WorkerPool, count: int) -> Any:
    """The graph of a job, to be run by `count` processes: each gets some of the steps that run our code."""
    deployed = beam_runner_api_pb2.Pipeline()
    deployed.CopyFrom(graph)
    environments = deployed.components.environments
    (image,) = environments
    dependencies = environments[image].capabilities
    payload = beam_runner_api_pb2.ExternalPayload(
        endpoint=endpoints_pb2.ApiServiceDescriptor(url=pool.address)
    )
    names = [f"worker-{number}" for number in range(count)]
    for name in names:
        environments[name].CopyFrom(
            beam_runner_api_pb2.Environment(
                urn=common_urns.environments.EXTERNAL.urn,
                payload=payload.SerializeToString(),
                capabilities=dependencies,
            )
        )
    del environments[image]
    given = [each for each in deployed.components.transforms.values() if each.environment_id]
    for number, transform in enumerate(sorted(given, key=lambda each: each.unique_name)):
        transform.environment_id = names[number % count]
    for strategy in deployed.components.windowing_strategies.values():
        strategy.environment_id = names[0] if strategy.environment_id else ""
    return deployed


class Prism:
    """A Prism that runs jobs until it is closed."""

    def __init__(self, program: Path, folder: Path) -> None:
        port = _free_port()
        self._log = folder / "prism.log"
        options = [f"--job_port={port}", "--serve_http=false", "--log_kind=text"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([program, *options], stdout=log, stderr=log)
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        grpc.channel_ready_future(channel).result(30)
        self._jobs = beam_job_api_pb2_grpc.JobServiceStub(channel)

    def run(self, graph: Any, seconds: float = 600) -> tuple[str, str]:
        """Runs a job to its end.

        Returns:
            Its state and its messages.
        """
        prepared = self._jobs.Prepare(beam_job_api_pb2.PrepareJobRequest(job_name="staged", pipeline=graph))
        started = self._jobs.Run(beam_job_api_pb2.RunJobRequest(preparation_id=prepared.preparation_id))
        state = "UNSPECIFIED"
        until = time.monotonic() + seconds
        while state not in _ENDED and time.monotonic() < until:
            time.sleep(0.1)
            told = self._jobs.GetState(beam_job_api_pb2.GetJobStateRequest(job_id=started.job_id))
            state = beam_job_api_pb2.JobState.Enum.Name(told.state)
        return state, self._log.read_text()

    def close(self) -> None:
        _end(self._process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])

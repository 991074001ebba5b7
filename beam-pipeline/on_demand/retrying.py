"""A worker to Prism that tries bundles again, as Dataflow does: `retrying.py ENDPOINT ID`.

Prism fails a job when the connection of a worker ends. This process keeps the connection, and has the work
done by another process behind it. If that one dies, a new one gets the bundles that it had begun, with the
same inputs; what the dead one had sent of them is thrown away, what it did elsewhere stays. With TWICE in the
environment each bundle is done twice: the worker is killed once it says that the bundle is done.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_id_interceptor import WorkerIdInterceptor

_WORKER = Path(__file__).with_name("worker.py")
_ANY_SIZE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_SINK = "beam:runner:sink:v1"


@dataclass
class Bundle:
    """One that is not answered yet."""

    request: Any
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    response: Any = None


class Worker:
    """A process that works, and what is to be sent to it."""

    def __init__(self, address: str, number: int) -> None:
        self.requests: queue.Queue[Any] = queue.Queue()
        self.data: queue.Queue[Any] = queue.Queue()
        self.name = f"try-{number}"
        self.process = subprocess.Popen([sys.executable, str(_WORKER), address, self.name])


class Front:
    """Stands between Prism and the worker."""

    def __init__(self, endpoint: str, name: str) -> None:
        channel = grpc.intercept_channel(
            grpc.insecure_channel(endpoint, options=_ANY_SIZE), WorkerIdInterceptor(name)
        )
        self.control = beam_fn_api_pb2_grpc.BeamFnControlStub(channel)
        self.state = beam_fn_api_pb2_grpc.BeamFnStateStub(channel)
        self._data = beam_fn_api_pb2_grpc.BeamFnDataStub(channel)
        self._answers: queue.Queue[Any] = queue.Queue()
        self._outputs: queue.Queue[Any] = queue.Queue()
        self._lock = threading.RLock()
        self._bundles: dict[str, Bundle] = {}
        self._twice = "TWICE" in os.environ
        self._lost: set[str] = set()
        self._sinks: dict[str, set[str]] = {}
        self._server = grpc.server(ThreadPoolExecutor(32), options=_ANY_SIZE)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        beam_fn_api_pb2_grpc.add_BeamFnControlServicer_to_server(_Control(self), self._server)
        beam_fn_api_pb2_grpc.add_BeamFnDataServicer_to_server(_Data(self), self._server)
        beam_fn_api_pb2_grpc.add_BeamFnStateServicer_to_server(_State(self), self._server)
        beam_fn_api_pb2_grpc.add_BeamFnLoggingServicer_to_server(_Logging(), self._server)
        self._server.start()
        self.worker = Worker(self.address, 0)

    def run(self) -> None:
        """Works until Prism hangs up."""
        for target in (self._read_data, self._watch):
            threading.Thread(target=target, daemon=True).start()
        try:
            for request in self.control.Control(iter(self._answers.get, None)):
                self._take(request)
        except grpc.RpcError as error:
            print("Prism hung up:", error.code(), flush=True)

    def describe(self, request: Any) -> Any:
        """The description of a bundle, with this process's address in place of Prism's."""
        described = self.control.GetProcessBundleDescriptor(request)
        sinks = set()
        for name, transform in described.transforms.items():
            if transform.spec.urn.startswith("beam:runner:"):
                port = beam_fn_api_pb2.RemoteGrpcPort.FromString(transform.spec.payload)
                port.api_service_descriptor.url = self.address
                transform.spec.payload = port.SerializeToString()
            if transform.spec.urn == _SINK:
                sinks.add(name)
        described.state_api_service_descriptor.url = self.address
        with self._lock:
            self._sinks[request.process_bundle_descriptor_id] = sinks
        return described

    def answered(self, worker: Worker, response: Any) -> None:
        """Takes what the worker answers, unless another one has its place by now."""
        with self._lock:
            if self.worker is not worker:
                return
            bundle = self._bundles.get(response.instruction_id)
            if bundle is not None and self._twice and response.instruction_id not in self._lost:
                self._lost.add(response.instruction_id)
                worker.process.kill()
                return
            if bundle is None:
                self._answers.put(response)
                return
            response.process_bundle.ClearField("monitoring_infos")
            response.process_bundle.ClearField("monitoring_data")
            bundle.response = response
            self._commit(response.instruction_id, bundle)

    def sent(self, worker: Worker, data: Any) -> None:
        """Takes an output of the worker, unless another one has its place by now."""
        with self._lock:
            if self.worker is not worker:
                return
            bundle = self._bundles.get(data.instruction_id)
            if bundle is not None:
                bundle.outputs.append(data)
                self._commit(data.instruction_id, bundle)

    def _take(self, request: Any) -> None:
        kind = request.WhichOneof("request")
        if kind in ("process_bundle_progress", "process_bundle_split"):
            answer = beam_fn_api_pb2.InstructionResponse(instruction_id=request.instruction_id)
            getattr(answer, kind).SetInParent()
            self._answers.put(answer)
            return
        with self._lock:
            if kind == "process_bundle":
                bundle = self._bundles.setdefault(request.instruction_id, Bundle(None))
                bundle.request = request
            self.worker.requests.put(request)

    def _read_data(self) -> None:
        for elements in self._data.Data(iter(self._outputs.get, None)):
            for data in elements.data:
                with self._lock:
                    self._bundles.setdefault(data.instruction_id, Bundle(None)).inputs.append(data)
                    self.worker.data.put(beam_fn_api_pb2.Elements(data=[data]))

    def _commit(self, name: str, bundle: Bundle) -> None:
        """Hands a bundle over once all of it is there, and never a part of it."""
        response = bundle.response
        if response is None:
            return
        sinks = self._sinks[bundle.request.process_bundle.process_bundle_descriptor_id]
        complete = {data.transform_id for data in bundle.outputs if data.is_last}
        if not response.error and not sinks <= complete:
            return
        del self._bundles[name]
        if not response.error and bundle.outputs:
            self._outputs.put(beam_fn_api_pb2.Elements(data=bundle.outputs))
        self._answers.put(response)

    def _watch(self) -> None:
        number = 0
        while True:
            code = self.worker.process.wait()
            number += 1
            with self._lock:
                begun = {name: bundle for name, bundle in self._bundles.items() if bundle.request is not None}
                print(f"the worker ended with {code}; tried again: {sorted(begun)}", flush=True)
                self.worker.requests.put(None)
                self.worker.data.put(None)
                self.worker = Worker(self.address, number)
                for bundle in self._bundles.values():
                    bundle.outputs.clear()
                    bundle.response = None
                    if bundle.request is not None:
                        self.worker.requests.put(bundle.request)
                    for data in bundle.inputs:
                        self.worker.data.put(beam_fn_api_pb2.Elements(data=[data]))


def _hear(said: Iterable[Any], take: Callable[[Any], None]) -> None:
    """Takes what a worker says, until it is gone."""

    def read() -> None:
        with contextlib.suppress(Exception):
            for each in said:
                take(each)

    threading.Thread(target=read, daemon=True).start()


class _Control(beam_fn_api_pb2_grpc.BeamFnControlServicer):  # type: ignore[misc]
    def __init__(self, front: Front) -> None:
        self._front = front

    def Control(self, responses: Any, _: Any) -> Iterator[Any]:
        worker = self._front.worker
        _hear(responses, lambda response: self._front.answered(worker, response))
        yield from iter(worker.requests.get, None)

    def GetProcessBundleDescriptor(self, request: Any, _: Any) -> Any:
        return self._front.describe(request)


class _Data(beam_fn_api_pb2_grpc.BeamFnDataServicer):  # type: ignore[misc]
    def __init__(self, front: Front) -> None:
        self._front = front

    def Data(self, elements: Any, _: Any) -> Iterator[Any]:
        worker = self._front.worker
        _hear((data for each in elements for data in each.data), lambda data: self._front.sent(worker, data))
        yield from iter(worker.data.get, None)


class _State(beam_fn_api_pb2_grpc.BeamFnStateServicer):  # type: ignore[misc]
    def __init__(self, front: Front) -> None:
        self._front = front

    def State(self, requests: Any, _: Any) -> Iterator[Any]:
        yield from self._front.state.State(requests)


class _Logging(beam_fn_api_pb2_grpc.BeamFnLoggingServicer):  # type: ignore[misc]
    def Logging(self, entries: Any, _: Any) -> Iterator[Any]:
        for _each in entries:
            pass
        yield from ()


def main() -> None:
    """Works until Prism hangs up, and takes the worker along."""
    front = Front(*sys.argv[1:])

    def end(*_: Any) -> None:
        front.worker.process.kill()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    front.run()
    end()


if __name__ == "__main__":
    main()

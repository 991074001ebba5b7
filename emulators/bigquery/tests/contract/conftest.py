"""Whom the contract is checked with: the emulator, and others where they can be reached."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from serving import emulator

ABSENT = {
    "local-bigquery": "local_bigquery cannot be imported (PyPI local-bigquery 0.3.2, Python 3.13)",
    "service": "BEAMLINE_TEST_PROJECT names no project of the service",
}
if importlib.util.find_spec("local_bigquery") is not None:
    del ABSENT["local-bigquery"]
if os.environ.get("BEAMLINE_TEST_PROJECT"):
    del ABSENT["service"]
PARTNERS = [name for name in ("emulator", "local-bigquery", "service") if name not in ABSENT]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "absent" in metafunc.fixturenames:
        metafunc.parametrize("absent", ABSENT)


@pytest.fixture(scope="session", params=PARTNERS)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("contract")
    if request.param == "emulator":
        with emulator(folder) as served:
            yield served.client("contract")
    elif request.param == "service":
        yield bigquery.Client(os.environ["BEAMLINE_TEST_PROJECT"])
    else:
        with _local_bigquery(str(folder)) as endpoint:
            options = {"api_endpoint": endpoint}
            yield bigquery.Client("contract", AnonymousCredentials(), client_options=options)


@pytest.fixture
def reason(absent: str) -> str:
    return ABSENT[absent]


@pytest.fixture
def dataset(client: Any) -> Iterator[str]:
    name = f"beamline_contract_{uuid.uuid4().hex[:12]}"
    client.create_dataset(name)
    yield name
    client.delete_dataset(name, delete_contents=True)


class _local_bigquery:  # noqa: N801
    def __init__(self, folder: str) -> None:
        ports = []
        for _ in range(2):
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                ports.append(str(taken.getsockname()[1]))
        self._endpoint = f"http://127.0.0.1:{ports[0]}"
        start = "from local_bigquery.cli import main; main()"
        flags = ["--host", "127.0.0.1", "--port", ports[0], "--grpc-port", ports[1], "--data-dir", folder]
        self._process = subprocess.Popen([sys.executable, "-c", start, "serve", *flags])

    def __enter__(self) -> str:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self._endpoint}/bigquery/v2/projects/contract/datasets")
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                break
        return self._endpoint

    def __exit__(self, *_: Any) -> None:
        self._process.kill()
        self._process.wait()

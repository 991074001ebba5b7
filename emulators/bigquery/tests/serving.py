"""Starts the emulators as their users do: as processes, which tests may kill."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EMULATORS = Path(__file__).parents[2]
SOURCES = EMULATORS / "bigquery" / "src"


class Emulator:
    """One process that serves `folder`."""

    def __init__(self, folder: Path, *arguments: str, module: str = "bigquery_emulator", **env: str) -> None:
        command = [sys.executable, "-m", module, "--folder", str(folder), *arguments]
        sources = EMULATORS / module.removesuffix("_emulator") / "src"
        self.process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(sources), **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1].decode()
        self.ready = json.loads(line)
        self.endpoint = str(self.ready["endpoint"])

    def kill(self) -> None:
        """SIGKILL, then waits."""
        self.process.kill()
        self.process.communicate()

    def client(self, project: str = "p") -> Any:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery

        options = {"api_endpoint": self.endpoint}
        return bigquery.Client(project, AnonymousCredentials(), client_options=options)


@contextlib.contextmanager
def emulator(folder: Path, *arguments: str, **env: str) -> Iterator[Emulator]:
    """A BigQuery emulator that ends with the block."""
    started = Emulator(folder, *arguments, **env)
    try:
        yield started
    finally:
        started.kill()


@contextlib.contextmanager
def storage(folder: Path) -> Iterator[tuple[str, Any]]:
    """A storage emulator with the bucket `b`: its endpoint, and the bucket."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage as client

    started = Emulator(folder, "--bucket", "b", module="storage_emulator")
    try:
        options = {"api_endpoint": started.endpoint}
        yield started.endpoint, client.Client("p", AnonymousCredentials(), client_options=options).bucket("b")
    finally:
        started.kill()

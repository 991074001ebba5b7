"""Starts the emulator as its users do: as a process, which tests may kill."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parents[1] / "src"


class Emulator:
    """One process that serves `folder`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "storage_emulator", "--folder", str(folder), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
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

    def client(self) -> Any:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        options = {"api_endpoint": self.endpoint}
        return storage.Client("p", AnonymousCredentials(), client_options=options)


@contextlib.contextmanager
def emulator(folder: Path, *arguments: str) -> Iterator[Emulator]:
    """An emulator that ends with the block."""
    started = Emulator(folder, *arguments)
    try:
        yield started
    finally:
        started.kill()

"""Runs a command and measures it: wall time, CPU, and the memory of it and its children."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from data_plane.servers import Server

SAMPLE_SECONDS = 0.05
MIB = 1 << 20


class CommandFailed(Exception):
    """A measured command ended with an error; the message holds the end of its output."""


@dataclass(frozen=True)
class Measured:
    """One run of one command; times in seconds, memory in MiB.

    Attributes:
        wall: From the start of the process to its end.
        cpu: User and system time of the process and its children, without the server's.
        peak_mb: Most memory of the process tree at a moment (RSS; sampled, and the kernel's own
            high-water mark of the largest process).
        server_cpu: What the database server used meanwhile.
        other_cpu: What everything else on the machine used meanwhile: how disturbed the run was.
        last: The last JSON line that the command printed.
    """

    wall: float
    cpu: float
    peak_mb: int
    server_cpu: float
    other_cpu: float
    last: dict[str, Any]


def measured(command: Sequence[str], environment: Mapping[str, str], server: Server) -> Measured:
    """Runs a command to its end.

    Raises:
        CommandFailed: It ended with another code than 0.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        busy, served = _busy_seconds(), server.cpu_seconds()
        started = time.monotonic()
        process = subprocess.Popen(
            list(command), env={**os.environ, **environment}, stdout=output, stderr=errors
        )
        peak = _Peak(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        sampled = peak.stop()
        cpu = usage.ru_utime + usage.ru_stime
        server_cpu = server.cpu_seconds() - served
        other = _busy_seconds() - busy - cpu - server_cpu
        output.seek(0)
        lines = output.read().splitlines()
        if process.returncode != 0:
            errors.seek(0)
            tail = "\n".join([*lines[-3:], *errors.read().splitlines()[-30:]])
            raise CommandFailed(f"{' '.join(command)}\nended with {process.returncode}:\n{tail}")
    return Measured(
        wall=round(wall, 3),
        cpu=round(cpu, 3),
        peak_mb=round(max(sampled, usage.ru_maxrss * 1024) / MIB),
        server_cpu=round(server_cpu, 3),
        other_cpu=round(max(other, 0.0), 3),
        last=json.loads(lines[-1]),
    )


def wait_for_calm(seconds: float) -> None:
    """Waits, at most so long, until others use less than a fifth of one core."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = _busy_seconds()
        time.sleep(1)
        if _busy_seconds() - before < 0.2:
            return


class _Peak:
    """Samples the memory of a process tree until it is told to stop."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._most = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self._most

    def _sample(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            total = 0
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in [self._root, *self._root.children(recursive=True)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        total += process.memory_info().rss
            self._most = max(self._most, total)


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)

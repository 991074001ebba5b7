"""Runs a program and measures it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from typing import Any

Figures = dict[str, Any]


class Failed(Exception):
    """A program that did not do its work."""


def run(command: Sequence[object], given: str = "") -> Figures:
    """Runs a program to its end: its seconds, start included.

    Raises:
        Failed: It did not exit with 0.
    """
    started = time.monotonic()
    child = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(given)
    child.stdin.flush()
    said = child.stdout.read()
    if child.wait() != 0:
        raise Failed(said.strip().splitlines()[-1] if said.strip() else f"exit code {child.returncode}")
    return {"seconds": round(time.monotonic() - started, 3), "said": said[-400:]}

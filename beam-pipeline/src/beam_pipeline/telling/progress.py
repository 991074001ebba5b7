"""Counters of this process, by step: what the progress lines show while the pipeline runs.

They are signs of life, not the truth: a bundle that is retried counts twice. The totals of the manifest
are committed with the bundles (staging.py).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any


@dataclass
class _Step:
    kind: str
    rows: int = 0
    bytes: int = 0
    total_rows: int | None = None
    parts: int | None = None
    parts_done: int = 0
    done: bool = False

    def event(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"kind": self.kind, "rows": self.rows, "bytes": self.bytes}
        if self.total_rows is not None:
            shown["total_rows"] = max(self.total_rows, self.rows)
        shown["done"] = self.done
        return shown


class Progress:
    """Thread-safe counters of every step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: dict[str, _Step] = {}

    def begin(self, step: str, kind: str) -> None:
        """Shows a step from now on."""
        with self._lock:
            self._steps[step] = _Step(kind)

    def add(self, step: str, rows: int, size: int) -> None:
        """Counts rows and bytes that left a step."""
        with self._lock:
            counted = self._steps.setdefault(step, _Step("transform"))
            counted.rows += rows
            counted.bytes += size

    def expect(self, step: str, *, rows: int | None = None, parts: int | None = None) -> None:
        """Says how much a source will read, as far as it knows: rows, ranges, or both."""
        with self._lock:
            counted = self._steps.setdefault(step, _Step("source"))
            if rows is not None:
                counted.total_rows = rows
            if parts is not None:
                counted.parts = parts

    def part_done(self, step: str) -> None:
        """Says that one of the announced parts was read to its end."""
        with self._lock:
            counted = self._steps.setdefault(step, _Step("source"))
            counted.parts_done += 1
            counted.done = counted.parts is not None and counted.parts_done >= counted.parts

    def settle(self, step: str, rows: int, size: int | None = None) -> None:
        """Sets the committed totals of a step that is done."""
        with self._lock:
            counted = self._steps.setdefault(step, _Step("transform"))
            counted.rows = rows
            counted.bytes = counted.bytes if size is None else size
            counted.total_rows = None if counted.total_rows is None else rows
            counted.done = True

    def steps(self) -> dict[str, dict[str, Any]]:
        """The `steps` of a progress event (docs/contracts.md, section 3)."""
        with self._lock:
            return {name: step.event() for name, step in self._steps.items()}


# One for the process: Beam copies a DoFn, so a DoFn cannot carry it.
progress = Progress()

"""How many bundles one machine runs at a time."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class AtOnce:
    """The bundles of one machine at a time; it travels inside the pipeline, and is counted where it arrives.

    Attributes:
        threads: Bundles of one process.
        processes: On one machine; None for one for each of its processors.
    """

    threads: int = 1
    processes: int | None = None

    def here(self) -> int:
        """How many there are on this machine."""
        return self.threads * (self.processes or os.cpu_count() or 1)

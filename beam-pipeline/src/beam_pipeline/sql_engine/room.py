"""What the queries of one step may use on one machine, where several may run at once."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from beam_pipeline.modules.at_once import AtOnce
from beam_pipeline.sql import duckdb_session

_UNITS = "KMGT"


@dataclass(frozen=True)
class Room:
    """What there is for the queries of a step on one machine.

    Attributes:
        at_once: How many bundles one machine runs at a time.
        temp_dir: Where a machine has it, what does not fit into memory goes there.
        threads: Of one query; None for an equal part of the processors.
        queries: How many queries the step makes in all; None where nothing bounds them.
    """

    at_once: AtOnce
    temp_dir: str
    threads: int | None
    queries: int | None = None

    def share(self) -> int:
        """How many of the step's queries this machine may run at once."""
        here = self.at_once.here()
        return here if self.queries is None else min(self.queries, here)

    def threads_of_one(self) -> int:
        """Threads of one query."""
        return self.threads or max(1, duckdb_session.available_threads() // self.share())

    def folder(self) -> tempfile.TemporaryDirectory[str]:
        """A new local folder for what does not fit into memory."""
        temp = self.temp_dir if Path(self.temp_dir).is_dir() else None
        return tempfile.TemporaryDirectory(prefix="sql-", dir=temp, ignore_cleanup_errors=True)


def divided(limit: str, share: int) -> str:
    """An equal part of a limit such as `1GB` or `2.5 GiB`, in a unit of which it is at least one."""
    found = re.fullmatch(r"([0-9.]+) ?([KMGT])(i?)B", limit)
    assert found is not None
    value, unit, step = float(found[1]) / share, _UNITS.index(found[2]), 1024 if found[3] else 1000
    while value < 1 and unit > 0:
        value, unit = value * step, unit - 1
    number = f"{value:.3f}".rstrip("0").rstrip(".")
    return f"{number}{_UNITS[unit]}{found[3]}B"

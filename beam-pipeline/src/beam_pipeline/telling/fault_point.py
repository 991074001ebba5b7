"""Named step boundaries at which a crash test may stop or kill this process."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def fault_point(name: str) -> None:
    """Raises the signal that a test put at this point; otherwise does nothing.

    The environment variable BEAMLINE_FAULT_POINTS names a folder; a file of the point's name in it holds
    the signal (`SIGKILL`, `SIGSTOP`). Taking the file is atomic, so one process is hit, once;
    `<name>.hit` then holds its process id. The orchestrator's twin is `src/process/fault-point.ts`.
    """
    folder = os.environ.get("BEAMLINE_FAULT_POINTS")
    if not folder:
        return
    taken = Path(folder, f"{name}.{os.getpid()}")
    try:
        Path(folder, name).rename(taken)
    except FileNotFoundError:
        return
    number = signal.Signals[taken.read_text().strip()]
    told = taken.with_suffix(".tmp")
    told.write_text(str(os.getpid()))
    told.rename(Path(folder, f"{name}.hit"))
    os.kill(os.getpid(), number)

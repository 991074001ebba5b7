"""Runs a plan in a process of its own and measures how much memory that took at most.

    python peak_memory.py PLAN STAGING [PROFILES]

prints the megabytes that the process had before, and its peak.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def growth(
    plan: dict[str, Any], folder: Path, profiles: Path | None = None, program: Sequence[str] = ()
) -> int:
    """By how many megabytes a process grew that ran a plan; its staged files are in `folder`/staging.

    Args:
        plan: What to run.
        folder: Is empty.
        profiles: Those of the plan.
        program: What calls `main` for it, instead of this file.
    """
    path = folder / "plan.json"
    path.write_text(json.dumps(plan))
    given = [] if profiles is None else [str(profiles)]
    done = subprocess.run(
        [sys.executable, *(program or [__file__]), str(path), str(folder / "staging"), *given],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    before, peak = json.loads(done.stdout.splitlines()[-1])
    return int(peak - before)


def main(argv: Sequence[str]) -> None:
    import argparse

    from beam_pipeline.attempt.execute import execute
    from beam_pipeline.staging import coder  # noqa: F401  so that importing is not measured

    plan, staging, *profiles = argv
    before = megabytes()
    arguments = argparse.Namespace(
        plan=plan,
        staging=staging,
        run_key="key",
        attempt="1",
        profiles=profiles[0] if profiles else None,
        root=None,
        windows=None,
    )
    with tempfile.TemporaryDirectory() as temporary:
        runner = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
        execute(arguments, [f"--runner={runner}"], temporary)
    print(json.dumps([before, megabytes()]))


def megabytes() -> int:
    """The peak of this program; that of `getrusage` begins with what the process had that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:", 1)[1].split(maxsplit=1)[0]) // 1024


if __name__ == "__main__":
    main(sys.argv[1:])

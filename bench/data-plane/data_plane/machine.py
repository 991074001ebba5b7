"""What the measurements ran on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

from data_plane.servers import ROOT

_COMPARED = ("apache-beam", "connectorx", "dlt", "duckdb", "psycopg2-binary", "pyarrow", "PyMySQL")
_OWN = ("apache-beam", "adbc-driver-postgresql", "asyncmy", "pyarrow")


def description() -> dict[str, str | int]:
    """Processor, cores, memory and system."""
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / (1 << 30)),
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Versions of what is compared and of what Beamline itself uses."""
    found = {name: version(name) for name in _COMPARED}
    own = subprocess.run(
        [
            str(ROOT / ".venv/bin/python"),
            "-c",
            "import sys; from importlib.metadata import version; "
            "print(*(version(name) for name in sys.argv[1:]))",
            *_OWN,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    found |= {f"beamline: {name}": number for name, number in zip(_OWN, own, strict=True)}
    commit = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    node = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True)
    return {
        "commit": subprocess.run(commit, check=True, capture_output=True, text=True).stdout.strip(),
        "python": platform.python_version(),
        "node": node.stdout.strip(),
        **found,
    }


def load() -> list[float]:
    """The system's load averages: of one, five and fifteen minutes."""
    return [round(value, 2) for value in psutil.getloadavg()]

"""Where things are: the project, its state folder and the user's cache."""

from __future__ import annotations

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".beamline"


def cache_directory() -> Path:
    """`BEAMLINE_CACHE`, else `beamline` in the user's cache (as in `src/dev/services/tools.ts`)."""
    if override := os.environ.get("BEAMLINE_CACHE"):
        return Path(override)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beamline"


def pinned(tool: str) -> str:
    """The version of a tool, from `beamline.tools` in package.json."""
    version: str = json.loads((ROOT / "package.json").read_text())["beamline"]["tools"][tool]
    return version


def pinned_sha256(tool: str, system: str) -> str | None:
    """A program's SHA-256 for a system such as `linux-x86_64`: `beamline.sha256` in package.json."""
    sums: dict[str, dict[str, str]] = json.loads((ROOT / "package.json").read_text())["beamline"]["sha256"]
    return sums.get(f"{tool}@{pinned(tool)}", {}).get(system)

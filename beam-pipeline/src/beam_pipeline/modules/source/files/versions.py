"""Folders that the sink `files` wrote: which of their versions is read."""

from __future__ import annotations

import re
from pathlib import Path

from beam_pipeline.errors import ConfigError

# What lies beside the versions, and makes them versions.
_LOG = "_beamline"
_CURRENT = "current"
_VERSION = re.compile(r"v[0-9]+-.+")


def settled(paths: list[str], pattern: str) -> list[str]:
    """The files with `current` resolved, so that a publish in between changes nothing.

    Raises:
        ConfigError: The pattern matches every version of such a folder, so rows would come several times.
    """
    known: dict[str, bool] = {}
    found = []
    for path in paths:
        parts = path.split("/")
        for place in range(1, len(parts) - 1):
            part = parts[place]
            if part != _CURRENT and _VERSION.fullmatch(part) is None:
                continue
            root = "/".join(parts[:place]) or "/"
            if root not in known:
                known[root] = Path(root, _LOG).is_dir() and Path(root, _CURRENT).is_symlink()
            if not known[root]:
                continue
            if part != _CURRENT and part not in pattern.split("/"):
                raise ConfigError(
                    f"`{pattern}` matches every version in {root}, which Beamline wrote: its rows would come "
                    f"several times; read the newest with a path that begins with {root}/{_CURRENT}/"
                )
            if part == _CURRENT:
                parts[place] = Path(root, _CURRENT).resolve().name
        found.append("/".join(parts))
    return found

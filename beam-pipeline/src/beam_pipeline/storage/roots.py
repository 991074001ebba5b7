"""Where this process may read files that a config names, links resolved: the orchestrator says it."""

from __future__ import annotations

import json
from pathlib import Path

from beam_pipeline.errors import ConfigError


class _Allowed:
    folders: tuple[Path, ...] | None = None


def allow(text: str | None) -> None:
    """Sets the folders from now on; None allows every file, as for a person's own command.

    Args:
        text: JSON list of absolute paths.

    Raises:
        ConfigError: It is no such list.
    """
    if text is None:
        _Allowed.folders = None
        return
    try:
        folders = json.loads(text)
        if not isinstance(folders, list) or not all(isinstance(folder, str) for folder in folders):
            raise ValueError(text)
    except ValueError:
        raise ConfigError("--roots is a JSON list of folders") from None
    _Allowed.folders = tuple(Path(folder).resolve() for folder in folders)


def check(path: str, where: str) -> str:
    """Returns the path if it is below one of the folders.

    Args:
        path: As it was given, relative to the working directory.
        where: What names it, for messages.

    Raises:
        ConfigError: It is elsewhere; the message says what would allow it.
    """
    allowed = _Allowed.folders
    if allowed is None:
        return path
    real = Path(path).resolve()
    if any(real.is_relative_to(root) for root in allowed):
        return path
    declared = json.dumps([*(str(root) for root in allowed[1:]), str(real.parent)])
    leads = "" if str(real) == path else f", which leads to `{real}`"
    raise ConfigError(
        f"{where}  `{path}`{leads} is outside of the project `{allowed[0]}`, where runs read and write; to "
        f"allow it, write in the project's beamline.yaml: roots: {declared}"
    )

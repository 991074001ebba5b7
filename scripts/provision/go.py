"""Builds programs with Go, which proves what it builds by the public list of hashes of modules."""

from __future__ import annotations

import shutil
from pathlib import Path

from provision.step import StepFailed, run_quietly


def build(package: str, version: str, folder: Path) -> Path:
    """Builds one program into a folder; its log has the program's name.

    Raises:
        StepFailed: There is no Go, or it does not build.
    """
    if shutil.which("go") is None:
        raise StepFailed("`go` was not found.")
    name = package.rsplit("/", 1)[-1]
    environment = {"GOBIN": str(folder), "GOFLAGS": "-trimpath"}
    run_quietly(f"{name}-build", ["go", "install", f"{package}@v{version}"], env=environment)
    return folder / name

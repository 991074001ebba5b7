"""What cannot work is said before anything is installed for minutes."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from provision.paths import ROOT, cache_directory
from provision.step import StepFailed


def check_folders() -> None:
    """Whether programs can be put into the clone and into the cache, and run there.

    Raises:
        StepFailed: if not, with the reason in one sentence.
    """
    check_name(ROOT)
    check_folder(ROOT, "move the clone to a folder of your own that lets programs run")
    check_folder(cache_directory(), "name another one in BEAMLINE_CACHE")


def check_name(folder: Path) -> None:
    """Python's `venv` and PYTHONPATH have no way to write a colon, launch scripts none for the others."""
    text = str(folder)
    bad = next((character for character in text if character in ':?"$`\\' or ord(character) < 32), None)
    if bad is not None:
        raise StepFailed(
            f"the path of this clone, {text!r}, has the character {bad!r} in it, which the installed "
            "programs cannot have in theirs: move or rename the folder."
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise StepFailed(
            f"the path of this clone, {text!r}, is not UTF-8: move or rename the folder."
        ) from None


def check_folder(folder: Path, remedy: str) -> None:
    """Makes the folder if it is not there, and runs a small program in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".beamline-try-") as scratch:
            program = Path(scratch) / "try"
            with os.fdopen(os.open(program, os.O_CREAT | os.O_WRONLY, 0o700), "w") as file:
                file.write("#!/bin/sh\n")
            runs = os.access(program, os.X_OK)
            if runs:
                subprocess.run([str(program)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StepFailed(f"nothing can be installed into {folder} ({reason}): {remedy}.") from None
    if not runs:
        raise StepFailed(f"programs in {folder} cannot be run (is it mounted noexec?): {remedy}.")

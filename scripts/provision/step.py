"""One part of the set-up: done once, safe to interrupt, safe to run twice at the same time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from provision.console import Console
from provision.paths import ROOT, STATE


class StepFailed(Exception):
    """A part could not be installed; the message says what to do."""


class Step(ABC):
    """Subclasses say whether they are done and how to get there; `perform` does the rest."""

    title: str
    hint: str = ""

    @property
    @abstractmethod
    def lock(self) -> Path:
        """The file that keeps two set-ups from doing this step at the same time."""

    @abstractmethod
    def is_done(self) -> bool: ...

    @abstractmethod
    def run(self, notes: list[str]) -> None:
        """Does the work; interrupted anywhere, `is_done` stays false and the next `run` repairs it."""


def perform(step: Step, console: Console) -> bool:
    """Does the step if it is not done yet, and says whether anything was done."""
    if step.is_done():
        return False
    make_state_private()
    step.lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(step.lock, "w", opener=private_file) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with console.step(step.title, "waiting for another set-up that is doing this"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        if step.is_done():
            return True
        with console.step(step.title, step.hint) as notes:
            step.run(notes)
    return True


def make_state_private() -> None:
    """The state folder, with its logs, is the user's alone; also one that an older version made."""
    STATE.mkdir(mode=0o700, exist_ok=True)
    if STATE.stat().st_mode & 0o077:
        STATE.chmod(0o700)


def private_file(path: str | Path, flags: int) -> int:
    """Opens a file of the state for `open(…, opener=…)`."""
    return os.open(path, flags, 0o600)


def content_key(paths: Iterable[Path], *extra: str) -> str:
    """A hash of the files' names and bytes."""
    digest = hashlib.sha256("\0".join(extra).encode())
    for path in sorted(paths):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamped(stamp: Path, key: str) -> bool:
    try:
        return stamp.read_text() == key
    except OSError:
        return False


def write_stamp(stamp: Path, key: str) -> None:
    """Marks the work as done, in one step."""
    with tempfile.NamedTemporaryFile("w", dir=stamp.parent, prefix=stamp.name, delete=False) as file:
        file.write(key)
    Path(file.name).replace(stamp)


def run_quietly(
    name: str, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, advice: str = ""
) -> str:
    """Runs a command and returns its standard output; what it printed is shown only if it fails."""
    log_path = STATE / "logs" / f"setup-{name}.log"
    make_state_private()
    log_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with open(log_path, "w+", errors="replace", opener=private_file) as log:
            result = subprocess.run(
                [str(part) for part in command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                check=False,
                env={**os.environ, **(env or {})},
            )
            log.write(result.stdout)
    except FileNotFoundError as error:
        raise StepFailed(f"`{command[0]}` was not found. {advice}".rstrip()) from error
    if result.returncode != 0:
        lines = log_path.read_text(errors="replace").splitlines()
        if len(lines) > 30:  # npm says the cause first, most others last
            lines = [*lines[:12], "…", *lines[-18:]]
        tail = "\n".join(f"      {line}" for line in lines)
        raise StepFailed(
            f"{Path(command[0]).name} ended with code {result.returncode} "
            f"({log_path.relative_to(ROOT)}):\n{tail}" + (f"\n    {advice}" if advice else "")
        )
    return result.stdout

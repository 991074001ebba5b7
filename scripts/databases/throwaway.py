"""Temporary directories that are swept also after their owner was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "beamline-db-"


@contextmanager
def throwaway_directory(kind: str) -> Iterator[Path]:
    """Makes an empty directory and removes it at the end, with those whose owner was killed."""
    sweep()
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-"))
    if os.geteuid() == 0:
        directory.chmod(0o711)  # The server is another user, and passes through it.
    with (directory / "owner.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def sweep() -> None:
    """Removes the directories that nobody holds; the lock of a dead process is free."""
    for lock_path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/owner.lock"):
        with suppress(OSError), lock_path.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock.fileno()).st_uid == os.geteuid():
                shutil.rmtree(lock_path.parent, ignore_errors=True)

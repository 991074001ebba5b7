"""Whole files that somebody named: regular ones, of a bounded size."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class Unreadable(Exception):
    """No regular file, or too large a one; the text says which, after the file's name."""


def read(path: str, most: int) -> bytes:
    """Reads a file of at most `most` bytes, whatever its size is said to be.

    A pipe is not waited for, and no device is opened.

    Raises:
        Unreadable: It is no regular file, or larger.
        OSError: As of `open`.
    """
    _check(Path(path).stat(), most)
    with open(path, "rb", opener=_open) as stream:
        _check(os.fstat(stream.fileno()), most)
        content = stream.read(most + 1)
    if len(content) > most:
        raise Unreadable(f"has more than {most} bytes")
    return content


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _check(found: os.stat_result, most: int) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise Unreadable("is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable("is no regular file")
    if found.st_size > most:
        raise Unreadable(f"has {found.st_size} bytes; at most {most} are read")

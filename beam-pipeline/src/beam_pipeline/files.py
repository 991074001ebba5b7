"""Files by path or URI: plain local calls for a path, Beam's FileSystems for `gs://` and the like."""

from __future__ import annotations

import glob
import os
import shutil
import time
import uuid
from pathlib import Path
from typing import Any

from beam_pipeline import errors


def is_local(uri: str) -> bool:
    """Whether the URI is a path of this machine."""
    return "://" not in uri


def join(uri: str, *names: str) -> str:
    """Appends names to a path or URI."""
    return "/".join((uri.rstrip("/"), *names))


def read_bytes(uri: str) -> bytes:
    """Reads a whole small file."""
    try:
        if is_local(uri):
            return Path(uri).read_bytes()
        with _filesystems().open(uri) as stream:
            return bytes(stream.read())
    except OSError as error:
        raise errors.from_os_error(error, uri) from error


def make_folder(uri: str) -> None:
    """Makes a folder and its parents; object stores need none."""
    if is_local(uri):
        try:
            Path(uri).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise errors.from_os_error(error, uri) from error


def open_for_write(uri: str) -> Any:
    """Opens a new file as a stream of bytes that Arrow can write to.

    A local folder must exist: a file is never the reason that a removed folder comes back.
    """
    import pyarrow as pa

    if is_local(uri):
        return pa.OSFile(uri, "wb")
    return pa.PythonFile(_filesystems().create(uri), "wb")


def open_for_read(uri: str) -> Any:
    """Opens a file as a stream of bytes that Arrow can read from."""
    import pyarrow as pa

    try:
        if is_local(uri):
            return pa.OSFile(uri, "rb")
        return pa.PythonFile(_filesystems().open(uri, compression_type="uncompressed"), "r")
    except OSError as error:
        raise errors.from_os_error(error, uri) from error


def match(pattern: str) -> list[str]:
    """The files that a pattern names, sorted; `*`, `?`, `[…]`, and `**` for folders at any depth."""
    if is_local(pattern):
        # Path.glob takes no absolute pattern.
        found = glob.glob(pattern, recursive=True)  # noqa: PTH207
        return sorted(path for path in found if Path(path).is_file())
    return sorted(entry.path for entry in _filesystems().match([pattern])[0].metadata_list)


def write_whole(uri: str, content: bytes) -> None:
    """Writes a file so that a reader sees all of it or none of it, also after a power cut."""
    if not is_local(uri):
        with _filesystems().create(uri) as stream:
            stream.write(content)
        return
    final = Path(uri)
    draft = final.with_name(f".{final.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.rename(final)
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise errors.from_os_error(error, uri) from error


def remove_tree(uri: str) -> None:
    """Removes a folder and all in it, also while another thread still adds to it."""
    if is_local(uri):
        for _ in range(20):
            shutil.rmtree(uri, ignore_errors=True)
            if not Path(uri).exists():
                return
            time.sleep(0.02)
        return
    found = _filesystems().match([join(uri, "**")])[0].metadata_list
    _filesystems().delete([entry.path for entry in found])


def _filesystems() -> Any:
    from apache_beam.io.filesystems import FileSystems

    return FileSystems

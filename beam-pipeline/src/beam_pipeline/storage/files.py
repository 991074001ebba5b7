"""Files by path or URI: local calls for a path, Google's client for `gs://`, else Beam's FileSystems."""

from __future__ import annotations

import glob
import os
import shutil
import time
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

from beam_pipeline import errors
from beam_pipeline.storage import regular

# Of what is read as a whole: plans, connection profiles, manifests.
MOST_BYTES = 100_000_000


def is_local(uri: str) -> bool:
    """Whether the URI is a path of this machine."""
    return "://" not in uri


def is_object(uri: str) -> bool:
    """Whether the URI is in Cloud Storage."""
    return uri.startswith("gs://")


def resolve(path: str, root: str | None) -> str:
    """A relative path below `root`; a URI, an absolute path, or any path where there is no root, as it is."""
    if root is None or not is_local(path) or Path(path).is_absolute():
        return path
    return join(root, os.path.normpath(path) if ".." in path.split("/") else path.removeprefix("./"))


def join(uri: str, *names: str) -> str:
    """Appends names to a path or URI."""
    return "/".join((uri.rstrip("/"), *names))


def read_bytes(uri: str, most: int = MOST_BYTES) -> bytes:
    """Reads a whole small file, of at most `most` bytes.

    Raises:
        BeamlineError: Classified.
    """
    try:
        if is_local(uri):
            return regular.read(uri, most)
        if is_object(uri):
            return bytes(_gcs().read_bytes(uri, most))
        with _filesystems().open(uri) as stream:
            content = bytes(stream.read(most + 1))
    except OSError as error:
        raise errors.from_os_error(error, uri) from error
    except regular.Unreadable as error:
        raise errors.ResourceError(f"{uri} {error}") from None
    if len(content) > most:
        raise errors.ResourceError(f"{uri} has more than {most} bytes")
    return content


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
    if is_object(uri):
        # Parquet is written in many small pieces, and each costs a call into Python.
        return pa.BufferedOutputStream(pa.PythonFile(_gcs().open_for_write(uri), "wb"), 1 << 20)
    return pa.PythonFile(_filesystems().create(uri), "wb")


def open_for_read(uri: str) -> Any:
    """Opens a file as a stream of bytes that Arrow can read from."""
    import pyarrow as pa

    try:
        if is_local(uri):
            return pa.OSFile(uri, "rb")
        if is_object(uri):
            return pa.PythonFile(_gcs().open_for_read(uri), "rb")
        return pa.PythonFile(_filesystems().open(uri, compression_type="uncompressed"), "r")
    except OSError as error:
        raise errors.from_os_error(error, uri) from error


def match(pattern: str) -> list[str]:
    """The files that a pattern names, sorted; `*`, `?`, `[…]`, and `**` for folders at any depth."""
    if is_local(pattern):
        # Path.glob takes no absolute pattern.
        found = glob.glob(pattern, recursive=True)  # noqa: PTH207
        return sorted(path for path in found if Path(path).is_file())
    if is_object(pattern):
        return list(_gcs().match(pattern))
    return sorted(entry.path for entry in _filesystems().match([pattern])[0].metadata_list)


def size(uri: str) -> int:
    """The bytes of a file."""
    try:
        if is_local(uri):
            return Path(uri).stat().st_size
        if is_object(uri):
            return int(_gcs().size(uri))
        return int(_filesystems().match([uri])[0].metadata_list[0].size_in_bytes)
    except OSError as error:
        raise errors.from_os_error(error, uri) from error


def exists(uri: str) -> bool:
    """Whether there is such a file."""
    if is_local(uri):
        return Path(uri).exists()
    if is_object(uri):
        return bool(_gcs().exists(uri))
    return bool(_filesystems().exists(uri))


def write_once(uri: str, content: bytes) -> bytes:
    """Writes a file that is written once, so that a reader sees all of it or none of it.

    Returns:
        What is there now: in Cloud Storage an object that is there already stays as it is.
    """
    if is_object(uri):
        return bytes(_gcs().create_once(uri, content))
    write_whole(uri, content)
    return content


def write_whole(uri: str, content: bytes) -> None:
    """Writes a file so that a reader sees all of it or none of it, also after a power cut."""
    if is_object(uri):
        _gcs().write(uri, content)
        return
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
        draft.unlink(missing_ok=True)
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
    if is_object(uri):
        _gcs().remove_tree(uri)
        return
    found = _filesystems().match([join(uri, "**")])[0].metadata_list
    _filesystems().delete([entry.path for entry in found])


def _gcs() -> ModuleType:
    from beam_pipeline.storage import gcs

    return gcs


def _filesystems() -> Any:
    from apache_beam.io.filesystems import FileSystems

    return FileSystems

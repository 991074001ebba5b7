"""Cloud Storage: the operations of files.py on `gs://` URIs.

Google's client is imported at the first use: a run on local files never pays for it.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from beam_pipeline import errors
from beam_pipeline.storage.pattern import literal_prefix, pattern_regex

SCHEME = "gs://"
# Of one resumable upload, in memory, for each open file; a multiple of 256 KiB, as the service wants.
UPLOAD_CHUNK = 8 << 20
READ_CHUNK = 8 << 20
# The service takes at most 100 calls in a batch.
_BATCH = 100
_BATCHES_AT_ONCE = 8


def read_bytes(uri: str, most: int) -> bytes:
    """Reads an object of at most `most` bytes.

    Raises:
        BeamlineError: Classified.
    """
    with _classified(uri):
        blob = _blob(uri)
        # The size of this generation, and then this generation: not of one that comes between.
        blob.reload()
        if blob.size is not None and blob.size > most:
            raise errors.ConfigError(f"{uri} has {blob.size} bytes; at most {most} are read")
        return bytes(blob.download_as_bytes(if_generation_match=blob.generation))


def exists(uri: str) -> bool:
    """Whether there is such an object."""
    with _classified(uri):
        return bool(_blob(uri).exists())


def size(uri: str) -> int:
    """The bytes of an object."""
    with _classified(uri):
        blob = _blob(uri)
        blob.reload()
        return int(blob.size)


def create_once(uri: str, content: bytes) -> bytes:
    """Creates an object unless it is there.

    Returns:
        What it holds now: another's content where another was first. A retry of an upload whose answer
        was lost finds its own.
    """
    from google.api_core import exceptions

    with _classified(uri):
        try:
            _blob(uri).upload_from_string(content, if_generation_match=0, checksum="crc32c")
        except exceptions.PreconditionFailed:
            return bytes(_blob(uri).download_as_bytes())
    return content


def write(uri: str, content: bytes) -> None:
    """Creates or replaces an object."""
    with _classified(uri):
        _blob(uri).upload_from_string(content, checksum="crc32c")


def open_for_write(uri: str) -> Any:
    """A new object as a binary stream; the object is there once the stream is closed."""
    return _Writer(uri)


def open_for_read(uri: str) -> Any:
    """An object as a seekable binary stream.

    Raises:
        ConfigError: There is none.
    """
    with _classified(uri):
        blob = _blob(uri)
        blob.reload()  # says now that it is missing, and pins the generation
        return _Reader(uri, blob.open("rb", chunk_size=READ_CHUNK))


def match(pattern: str) -> list[str]:
    """The objects that a pattern names, sorted; a folder's placeholder is none."""
    bucket, name = split(pattern)
    wanted = pattern_regex(name)
    with _classified(pattern):
        listed = _client().list_blobs(bucket, prefix=literal_prefix(name), fields="items(name),nextPageToken")
        names = [blob.name for blob in listed]
    return sorted(
        f"{SCHEME}{bucket}/{name}" for name in names if wanted.fullmatch(name) and not name.endswith("/")
    )


def remove_tree(uri: str) -> None:
    """Deletes every object below a prefix, many at a time; none left to delete is no error."""
    bucket_name, name = split(uri)
    with _classified(uri):
        prefix = f"{name.rstrip('/')}/"
        listed = _client().list_blobs(bucket_name, prefix=prefix, fields="items(name),nextPageToken")
        names = [blob.name for blob in listed]
        batches = [names[start : start + _BATCH] for start in range(0, len(names), _BATCH)]
        if not batches:
            return
        with ThreadPoolExecutor(min(len(batches), _BATCHES_AT_ONCE)) as pool:
            list(pool.map(functools.partial(_delete, bucket_name), batches))


def split(uri: str) -> tuple[str, str]:
    """The bucket and the object's name.

    Raises:
        ConfigError: The URI lacks one of them.
    """
    bucket, _, name = uri.removeprefix(SCHEME).partition("/")
    if not bucket or not name:
        raise errors.ConfigError(f"{uri}: a URI in Cloud Storage is gs://BUCKET/NAME")
    return bucket, name


def _delete(bucket_name: str, names: list[str]) -> None:
    from google.api_core import exceptions

    client = _client()
    bucket = client.bucket(bucket_name)
    with contextlib.suppress(exceptions.NotFound), client.batch():
        for name in names:
            bucket.delete_blob(name)


class _Stream:
    """A stream whose errors are classified; Arrow calls it."""

    def __init__(self, uri: str, stream: Any) -> None:
        self._uri = uri
        self._stream = stream

    @property
    def closed(self) -> bool:
        return bool(self._stream.closed)

    def close(self) -> None:
        with _classified(self._uri):
            self._stream.close()

    def flush(self) -> None:
        """Does nothing: the object appears when the stream is closed."""


class _Writer(_Stream):
    def __init__(self, uri: str) -> None:
        with _classified(uri):
            blob = _blob(uri)
            super().__init__(uri, blob.open("wb", chunk_size=UPLOAD_CHUNK, ignore_flush=True))
        self._size = 0

    def write(self, data: Any) -> int:
        with _classified(self._uri):
            self._stream.write(memoryview(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def seekable(self) -> bool:
        return False


class _Reader(_Stream):
    def read(self, size: int = -1) -> bytes:
        with _classified(self._uri):
            return bytes(self._stream.read(size))

    def seek(self, position: int, whence: int = 0) -> int:
        with _classified(self._uri):
            return int(self._stream.seek(position, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


@functools.lru_cache(1)
def _client_of(process: int, emulator: str | None) -> Any:
    """One client for a process; a forked one makes its own."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    # No call here is about a project; without a name the client would look for one.
    project = os.environ.get("GOOGLE_CLOUD_PROJECT") or "beamline"
    if emulator and not os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        # Looking for credentials where there are none takes many seconds.
        return storage.Client(project, AnonymousCredentials())
    return storage.Client(project)


def _client() -> Any:
    return _client_of(os.getpid(), os.environ.get("STORAGE_EMULATOR_HOST"))


def _blob(uri: str) -> Any:
    bucket, name = split(uri)
    return _client().bucket(bucket).blob(name)


@contextlib.contextmanager
def _classified(uri: str) -> Iterator[None]:
    import requests
    from google.api_core import exceptions
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
    from google.cloud.storage.exceptions import InvalidResponse

    try:
        yield
    except DefaultCredentialsError as error:
        raise errors.PermissionDenied(
            f"{uri}: this process has no Google credentials; run `gcloud auth application-default login`, or "
            "set GOOGLE_APPLICATION_CREDENTIALS",
            cause=_line(error),
        ) from error
    except (exceptions.GoogleAPICallError, InvalidResponse) as error:
        status = error.response.status_code if isinstance(error, InvalidResponse) else error.code
        raise _of_status(status, uri, _line(error)) from error
    except (exceptions.RetryError, requests.RequestException, GoogleAuthError, ConnectionError) as error:
        raise errors.ConnectionLost(
            f"{uri}: Cloud Storage cannot be reached; another attempt may work", cause=_line(error)
        ) from error


def _of_status(status: Any, uri: str, cause: str) -> errors.BeamlineError:
    if status in (401, 403):
        return errors.PermissionDenied(
            f"{uri}: this process's account may not read or write it; grant it Storage Object User "
            "(roles/storage.objectUser) on the bucket",
            cause=cause,
        )
    if status == 404:
        return errors.ResourceError(f"{uri}: there is no such object or bucket", cause=cause)
    if status in (408, 429) or (isinstance(status, int) and status >= 500):
        return errors.ConnectionLost(
            f"{uri}: Cloud Storage is not available now; another attempt may work", cause=cause
        )
    return errors.InternalError(f"{uri}: Cloud Storage refused the call: {cause}", cause=cause)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:500]

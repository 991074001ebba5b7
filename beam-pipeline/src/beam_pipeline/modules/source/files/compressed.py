"""Opens a file that is to be read: decompressed if its name says that it is compressed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from beam_pipeline import errors
from beam_pipeline.modules.source.files import encodings
from beam_pipeline.storage import files

# A packed file may begin with a short member.
_START_BYTES = 4096
_CODECS = {"gz": "gzip", "zst": "zstd", "bz2": "bz2"}


@contextlib.contextmanager
def opened(path: str) -> Iterator[Any]:
    """Yields a stream of bytes.

    Raises:
        BeamlineError: Classified, also what reading in the block raises.
    """
    codec = _CODECS.get(path.rpartition(".")[2])
    with files.open_for_read(path) as stream:
        try:
            if codec is None:
                yield stream
            else:
                with pa.CompressedInputStream(stream, codec) as decompressed:
                    yield decompressed
        except OSError as error:
            if codec is not None and (error.errno is None or re.search("zlib|Truncated", str(error))):
                raise errors.DataError(f"{path}: is not a complete {codec} file ({error})") from error
            raise errors.from_os_error(error, path) from error


def chunks(stream: Any, size: int) -> Iterator[bytes]:
    """Yields what a stream holds, piece by piece; the first piece is no shorter than its marks may be."""
    start = b""
    while content := stream.read(size):
        start += content
        if len(start) >= _START_BYTES:
            yield start
            break
    else:
        if start:
            yield start
        return
    while content := stream.read(size):
        yield content


def check_start(path: str, start: bytes) -> None:
    """Refuses a file that holds no text at all.

    Raises:
        DataError: Its first bytes say that it is compressed.
    """
    extension = encodings.packed(start)
    if extension is None:
        return
    advice = (
        "unpack it" if extension == "zip" else f"let its name end in .{extension}, so that it is decompressed"
    )
    raise errors.DataError(f"{path}: is no text but a compressed file ({extension}); {advice}")

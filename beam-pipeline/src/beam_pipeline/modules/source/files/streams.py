"""Opens a file that is to be read: decompressed if its name ends in .gz."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from beam_pipeline import errors, files


@contextlib.contextmanager
def opened(path: str) -> Iterator[Any]:
    """Yields a stream of bytes.

    Raises:
        BeamlineError: Classified, also what reading in the block raises.
    """
    with files.open_for_read(path) as stream:
        try:
            if path.endswith(".gz"):
                with pa.CompressedInputStream(stream, "gzip") as decompressed:
                    yield decompressed
            else:
                yield stream
        except pa.ArrowInvalid:
            raise
        except OSError as error:
            if re.search("zlib|Truncated", str(error)):
                raise errors.DataError(f"{path}: is not a complete gzip file ({error})") from error
            raise errors.from_os_error(error, path) from error

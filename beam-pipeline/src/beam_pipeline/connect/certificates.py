"""The certificates and keys of connections: PEM text (what a reference stood for), or where it lies."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from beam_pipeline.errors import BeamlineError, ResourceError
from beam_pipeline.storage import files, roots

# A bundle of every public authority has less than a fourth of this.
_MOST_BYTES = 1 << 20
_BEGIN = "-----BEGIN "


def pem(text: str, where: str, *, anywhere: bool = True) -> str:
    """The PEM text that an attribute of a connection means.

    Args:
        text: PEM text, or the path or URI of a file with it.
        where: The attribute, for messages.
        anywhere: Whether the file may lie outside of what `roots` allows.

    Raises:
        ResourceError: There is no such file, or it holds no PEM text. Nothing of its content is repeated.
    """
    if _BEGIN in text:
        return text
    if files.is_local(text) and not anywhere:
        roots.check(text, f"{where}: ")
    try:
        content = files.read_bytes(text, _MOST_BYTES)
    except BeamlineError as error:
        raise ResourceError(f"{where}: {error}") from None
    if _BEGIN.encode() not in content:
        raise ResourceError(f"{where}: {text} holds no certificate or key in PEM form (`{_BEGIN}…`)")
    return content.decode(errors="replace")


@contextlib.contextmanager
def as_files(*texts: str | None) -> Iterator[list[str | None]]:
    """Yields the path of a file for each PEM text, which only this user may read; they go at the end."""
    with tempfile.TemporaryDirectory(prefix="beamline-tls-") as folder:
        paths: list[str | None] = []
        for number, text in enumerate(texts):
            path = Path(folder) / f"{number}.pem"
            if text is not None:
                path.touch(mode=0o600)
                path.write_text(text, encoding="utf-8")
            paths.append(None if text is None else str(path))
        yield paths

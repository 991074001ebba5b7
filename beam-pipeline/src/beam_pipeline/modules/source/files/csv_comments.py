"""Leaves out lines of a CSV file that are no rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)")
_END = b"\r\n"


def without_comments(
    chunks: Iterator[bytes], comment: bytes, is_quoted_after: Callable[[bytes, bool], bool]
) -> Iterator[bytes]:
    """Yields the text with every comment as a blank line, so that lines keep their numbers.

    Args:
        chunks: The text.
        comment: What a comment begins with; the same inside a quoted value is text.
        is_quoted_after: Whether a quoted value goes on behind a line; gets the line, and whether one goes
            on before it.
    """
    rest = b""
    quoted = False
    for chunk in chunks:
        rest += chunk
        done: list[bytes] = []
        # A line that ends in CR may have an LF to come.
        end = 0
        for found in _LINE.finditer(rest, 0, len(rest) - 1):
            line = found[0] if found[0][-1:] != b"\r" or rest[found.end()] != _END[1] else None
            if line is None:
                break
            end = found.end()
            quoted = _take(line, comment, quoted, is_quoted_after, done)
        rest = rest[end:]
        yield b"".join(done)
    done = []
    for line in rest.splitlines(keepends=True):
        quoted = _take(line, comment, quoted, is_quoted_after, done)
    yield b"".join(done)


def _take(
    line: bytes,
    comment: bytes,
    quoted: bool,
    is_quoted_after: Callable[[bytes, bool], bool],
    done: list[bytes],
) -> bool:
    if not quoted and line.startswith(comment):
        done.append(line[len(line.rstrip(_END)) :])
        return False
    done.append(line)
    return is_quoted_after(line, quoted)

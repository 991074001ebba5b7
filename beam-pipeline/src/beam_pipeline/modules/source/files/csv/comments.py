"""Leaves out lines of a CSV file that are no rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from beam_pipeline.modules.source.files.csv.text import LINE_END

_END = b"\r\n"


def without_comments(
    chunks: Iterator[bytes],
    line: int,
    comment: bytes,
    is_quoted_after: Callable[[bytes, bool], bool],
    check_size: Callable[[int, int], None],
) -> Iterator[bytes]:
    """Yields the text with every comment as a blank line, so that lines keep their numbers.

    Args:
        chunks: The text.
        line: Number of its first line.
        comment: What a comment begins with; the same inside a quoted value is text.
        is_quoted_after: Whether a quoted value goes on behind a line; gets the line, and whether one goes
            on before it.
        check_size: Raises where a line is too long; gets how much of it there is, and its number.
    """
    rest = b""
    quoted = False
    for chunk in chunks:
        # Of what is here from before, only the last byte may belong to a line end.
        looked = max(0, len(rest) - 1)
        rest += chunk
        done: list[bytes] = []
        end = 0
        for found in LINE_END.finditer(rest, looked):
            if found[0] == b"\r" and found.end() == len(rest):
                break  # an LF may come
            quoted = _take(rest[end : found.end()], comment, quoted, is_quoted_after, done)
            end = found.end()
            line += 1
        rest = rest[end:]
        check_size(len(rest), line)
        yield b"".join(done)
    done = []
    for last in rest.splitlines(keepends=True):
        quoted = _take(last, comment, quoted, is_quoted_after, done)
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

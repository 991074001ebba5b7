"""Reads the text of a CSV file as UTF-8: decoded, and without the lines that are no rows."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files import encodings
from beam_pipeline.modules.source.files.compressed import check_start, chunks, opened
from beam_pipeline.modules.source.files.params import CsvOptions, FilesParams

_READ_BYTES = 1 << 20
# Lines that are skipped must fit.
_SKIPPED_BYTES = 16 << 20
_SEPARATOR = re.compile(rb'"?sep=([^"\r\n])"?(\r\n|\r|\n|$)', re.IGNORECASE)
LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Text:
    """The text of one file.

    Attributes:
        delimiter: Between its values.
        line: Number of the first line of `chunks`.
        chunks: The text in UTF-8, piece by piece.
    """

    delimiter: str
    line: int
    chunks: Iterator[bytes]


def text_of(path: str, params: FilesParams) -> Text:
    """Opens the text of a file; what it yields must be read to its end, or closed.

    Raises:
        DataError: It is too short for the lines to skip, or says that it has another delimiter.
    """
    options = params.csv
    decoded = _decoded(path, options)
    start = _begun(decoded, path, options.skip)
    line = 1
    delimiter = params.delimiter
    found = _SEPARATOR.match(start)
    if found is not None:
        delimiter = found[1].decode()
        if options.delimiter not in (None, delimiter):
            raise DataError(
                f"{path}:1: the line says that `{delimiter}` stands between values, `csv.delimiter` says "
                f"`{options.delimiter}`; set `csv: {{delimiter: '{delimiter}'}}`"
            )
        start, line = start[found.end() :], 2
    for _ in range(options.skip):
        end = LINE_END.search(start)
        start = b"" if end is None else start[end.end() :]
        line += 1
    rest = _joined(start, decoded)
    return Text(delimiter, line, _without_end(rest, path, options.skip_end) if options.skip_end else rest)


def count_lines(text: bytes) -> int:
    """How many lines end in the text."""
    ends = text.count(b"\n")
    return ends + text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else ends


def _begun(pieces: Iterator[bytes], path: str, skip: int) -> bytes:
    """The first chunk, and as many more as the lines to skip need; one more line may be `sep=`."""
    start = b""
    for piece in pieces:
        start += piece
        if count_lines(start[:-1]) > skip + 1 or not skip:
            break
        if len(start) > _SKIPPED_BYTES:
            raise DataError(
                f"{path}:1: the lines to skip are longer than {_SKIPPED_BYTES >> 20} MB; check `csv.skip`"
            )
    return start


def _joined(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if start:
        yield start
    yield from rest


def _without_end(pieces: Iterator[bytes], path: str, lines: int) -> Iterator[bytes]:
    """All but the last lines."""
    kept = b""
    for piece in pieces:
        kept += piece
        # The end of the last line that is not whole yet is still to come.
        ends = [match.end() for match in LINE_END.finditer(kept[:-1])]
        if len(ends) > lines:
            yield kept[: ends[-lines - 1]]
            kept = kept[ends[-lines - 1] :]
        elif len(kept) > _SKIPPED_BYTES:
            raise DataError(
                f"{path}: the last lines are longer than {_SKIPPED_BYTES >> 20} MB; check `csv.skip_end`"
            )
    ends = [match.end() for match in LINE_END.finditer(kept[:-1])]
    if len(ends) >= lines:
        yield kept[: ends[-lines]]


def _decoded(path: str, options: CsvOptions) -> Iterator[bytes]:
    name = codecs.lookup(options.encoding).name
    decoder = None if name == "utf-8" else codecs.getincrementaldecoder(name)()
    line = 1
    with opened(path) as stream:
        start = True
        for chunk in chunks(stream, _READ_BYTES):
            content = chunk
            if start:
                check_start(path, content)
                if decoder is None:
                    _check_utf8(path, content)
            if decoder is not None:
                content, line = _recoded(decoder, content, False, (path, line, options.encoding))
            yield content.removeprefix(b"\xef\xbb\xbf") if start else content
            start = False
        if decoder is not None:
            rest, _ = _recoded(decoder, b"", True, (path, line, options.encoding))
            yield rest


def _recoded(
    decoder: codecs.IncrementalDecoder, content: bytes, final: bool, place: tuple[str, int, str]
) -> tuple[bytes, int]:
    """The content in UTF-8, and the number of the line at its end."""
    path, line, encoding = place
    try:
        recoded = decoder.decode(content, final).encode()
    except UnicodeError as error:
        if isinstance(error, UnicodeDecodeError):
            before = codecs.getincrementaldecoder(encoding)("ignore").decode(error.object[: error.start])
            line += before.count("\n")
        raise DataError(
            f"{path}:{line}: the text is not {encoding}; set `csv: {{encoding: …}}`, for example utf-8"
        ) from None
    return recoded, line + recoded.count(b"\n")


def _check_utf8(path: str, start: bytes) -> None:
    encoding = encodings.wide_encoding(start)
    if encoding is not None:
        raise DataError(
            f"{path}:1: the text is {encoding}, which is not utf-8; set `csv: {{encoding: {encoding}}}`"
        )

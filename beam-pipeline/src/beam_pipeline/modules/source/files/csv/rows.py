"""Cuts the text of a CSV file into blocks of whole rows, and finds quotes that make no sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files.csv import comments as csv_comments
from beam_pipeline.modules.source.files.csv import escapes as csv_escapes
from beam_pipeline.modules.source.files.csv.text import Text, count_lines, text_of
from beam_pipeline.modules.source.files.params import FilesParams

# What is read at a time, up to the end of its last row.
BLOCK_BYTES = 8 << 20
ROW_BYTES = 64 << 20
_SHOWN_BYTES = 20

_LF, _CR = 10, 13


@dataclass(frozen=True)
class Rows:
    """Whole rows in UTF-8, and the line of the first."""

    content: bytes
    line: int
    delimiter: str


class _MisquotedError(Exception):
    """Raised at a quote that makes no sense; carries its place and what is wrong."""

    def __init__(self, place: int, what: str) -> None:
        super().__init__(place, what)
        self.place = place
        self.what = what


def blocks(path: str, params: FilesParams) -> Iterator[Rows]:
    """Yields the rows of a file.

    Raises:
        DataError: A row is too long, a quote is never closed, or text stands behind a closing quote.
    """
    text = text_of(path, params)
    cutter = _Cutter(path, params, text.delimiter)
    line, pieces, size, wanted = text.line, list[bytes](), 0, BLOCK_BYTES
    for chunk in cutter.without_comments(text):
        pieces.append(chunk)
        size += len(chunk)
        if size < wanted:
            continue
        content = b"".join(pieces)
        end = cutter.end_of_rows(content, line, final=False)
        pieces, size = [content[end:]], size - end
        # Where no row ends, twice as much the next time: what is looked at again stays in proportion.
        wanted = BLOCK_BYTES if end else 2 * size
        if end:
            rows = cutter.rows(content[:end], line)
            line += count_lines(rows.content)
            yield rows
    content = b"".join(pieces)
    if content:
        cutter.end_of_rows(content, line, final=True)
        yield cutter.rows(content, line)


class _Cutter:
    def __init__(self, path: str, params: FilesParams, delimiter: str) -> None:
        options = params.csv
        self._path = path
        self._delimiter = delimiter
        self._escape = None if options.escape is None else options.escape.encode()
        self._comment = None if options.comment is None else options.comment.encode()
        self._quote = -1 if options.quote is None else ord(options.quote)
        self._separators = {ord(delimiter), _LF, _CR}

    def without_comments(self, text: Text) -> Iterator[bytes]:
        """The text without its comments."""
        if self._comment is None:
            return text.chunks
        return csv_comments.without_comments(
            text.chunks, text.line, self._comment, self._is_quoted_after, self._check_size
        )

    def rows(self, content: bytes, line: int) -> Rows:
        """Whole rows, with escapes as Arrow reads them."""
        if self._escape is not None:
            content = csv_escapes.kept(content, self._escape, self._quote, self._delimiter)
        return Rows(content, line, self._delimiter)

    def end_of_rows(self, content: bytes, line: int, *, final: bool) -> int:
        """Where the last whole row ends: all of the content where it is `final`."""
        looked = content if self._escape is None else csv_escapes.masked(content, self._escape)
        try:
            end = self._scan(looked, final)
        except _MisquotedError as error:
            raise self._misquoted(error, content, line) from None
        if not final and end == 0:
            self._check_size(len(content), line)
        return len(content) if final else end

    def _check_size(self, size: int, line: int) -> None:
        if size > ROW_BYTES:
            raise DataError(
                f"{self._path}:{line}: a row is longer than {ROW_BYTES >> 20} MB, or a quote is never "
                "closed; if quotes have no meaning in this file, set `csv: {quote: null}`"
            )

    def _is_quoted_after(self, line: bytes, quoted: bool) -> bool:
        looked = line if self._escape is None else csv_escapes.masked(line, self._escape)
        quotes = [place for place, sign in enumerate(looked) if sign == self._quote]
        if not quotes:
            return quoted
        # A quote before it opens what goes on from the line before.
        before = bytes([self._quote]) if quoted else b""
        shifted = ([0] if quoted else []) + [place + len(before) for place in quotes]
        try:
            opening, closing = self._walk(before + looked, shifted, final=False)
        except _MisquotedError:
            return False  # it is told when the rows are cut
        return len(opening) > len(closing)

    def _misquoted(self, error: _MisquotedError, content: bytes, line: int) -> DataError:
        before = content[: error.place]
        shown = content[error.place : error.place + _SHOWN_BYTES].decode(errors="replace").splitlines()[0]
        hint = "if quotes have no meaning in this file, set `csv: {quote: null}`"
        if error.what == "text" and self._escape is None:
            sign = "\\" if not before.endswith(b"\\") else before[-1:].decode()
            hint = (
                f"if a sign stands before the quotes inside values, set `csv: {{escape: '{sign}'}}`; {hint}"
            )
        what = {
            "text": f"text stands behind a closing quote (`{shown}`); quotes inside a value are doubled; ",
            "open": "a quote in this row is never closed; ",
        }[error.what]
        return DataError(f"{self._path}:{line + count_lines(before)}: {what}{hint}")

    def _scan(self, content: bytes, final: bool) -> int:
        data = numpy.frombuffer(content, numpy.uint8)
        quotes = numpy.flatnonzero(data == self._quote) if self._quote >= 0 else numpy.empty(0, numpy.int64)
        opening, closing = quotes[0::2], quotes[1::2]
        if not self._is_plain(data, opening, closing):
            opening, closing = self._walk(content, quotes.tolist(), final)
        if final:
            if len(opening) > len(closing):
                raise _MisquotedError(int(opening[-1]), "open")
            return len(content)
        return self._last_end(content, opening, closing)

    def _last_end(self, content: bytes, opening: Any, closing: Any) -> int:
        """Behind the last line end outside of quotes; 0 if there is none."""
        # A line end that comes behind the last byte may belong to it.
        has_cr = b"\r" in content[:-1]
        end = len(content)
        while end > 0:
            end = max(
                content.rfind(b"\n", 0, end),
                content.rfind(b"\r", 0, min(end, len(content) - 1)) if has_cr else -1,
            )
            before = int(numpy.searchsorted(opening, end))
            if end < 0 or before == int(numpy.searchsorted(closing, end)):
                return end + 1
            end = int(opening[before - 1])
        return 0

    def _is_plain(self, data: Any, opening: Any, closing: Any) -> bool:
        """Whether every value that has a quote is quoted as a whole, with doubled quotes inside."""
        if len(opening) == 0:
            return True
        separates = numpy.zeros(256, bool)
        separates[list(self._separators)] = True
        begins = (opening == 0) | separates[data[opening - 1]]
        begins[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
        if not begins.all():
            return False
        if self._escape is not None and (opening[1:] == closing[: len(opening) - 1] + 1).any():
            return False
        last = len(data) - 1
        ends = (closing == last) | separates[data[numpy.minimum(closing + 1, last)]]
        ends[: len(opening) - 1] |= (opening[1:] == closing[: len(opening) - 1] + 1)[: len(closing)]
        return bool(ends.all())

    def _walk(self, content: bytes, quotes: list[int], final: bool) -> tuple[Any, Any]:
        """Where quoted values begin and end; a quote inside an unquoted one is a sign like any."""
        opening: list[int] = []
        closing: list[int] = []
        inside = False
        doubled = -1
        for place in quotes:
            if place == doubled:
                continue
            if not inside:
                if place == 0 or content[place - 1] in self._separators:
                    opening.append(place)
                    inside = True
                continue
            after = content[place + 1] if place + 1 < len(content) else None
            if after == self._quote and self._escape is None:
                doubled = place + 1
            elif after is None or after in self._separators:
                if after is None and not final:
                    break
                closing.append(place)
                inside = False
            else:
                raise _MisquotedError(place + 1, "text")
        return numpy.array(opening, numpy.int64), numpy.array(closing, numpy.int64)

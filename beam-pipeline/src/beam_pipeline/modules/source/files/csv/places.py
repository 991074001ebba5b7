"""Finds the place of a fault in rows of a CSV file, slowly: only to say where it is."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files.csv.rows import Rows
from beam_pipeline.modules.source.files.params import FilesParams

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")


class Record(NamedTuple):
    """One row: its line, its values (a blank line has none), and the byte and the line behind it."""

    line: int
    end: int
    next_line: int
    values: list[str]


class _Lines:
    """The lines as text, and how far they were read."""

    def __init__(self, rows: Rows) -> None:
        self.offset = 0
        self.line = rows.line
        self._found = _LINE.finditer(rows.content)
        self._size = len(rows.content)

    def __iter__(self) -> Iterator[str]:
        while self.offset < self._size:
            line = next(self._found)[0]
            self.offset += len(line)
            self.line += 1
            yield line.decode(errors="replace")


def records(rows: Rows, params: FilesParams) -> Iterator[Record]:
    """Yields each row, blank lines included."""
    options = params.csv
    csv.field_size_limit(sys.maxsize)
    lines = _Lines(rows)
    reader = csv.reader(
        lines,
        delimiter=rows.delimiter,
        quotechar=options.quote,
        quoting=csv.QUOTE_NONE if options.quote is None else csv.QUOTE_MINIMAL,
        doublequote=options.escape is None,
        escapechar=options.escape,
    )
    line = rows.line
    for values in reader:
        yield Record(line, lines.offset, lines.line, values)
        line = lines.line


def line_of(rows: Rows, index: int, params: FilesParams, *, with_blank: bool) -> int:
    """The line where a row begins."""
    found = (record for record in records(rows, params) if record.values or with_blank)
    return next((record.line for place, record in enumerate(found) if place == index), rows.line)


def malformed(error: Exception, path: str, rows: Rows, width: int, params: FilesParams) -> DataError:
    """The error of rows that Arrow could not parse, with its place."""
    for record in records(rows, params):
        if record.values and len(record.values) != width:
            return DataError(
                f"{path}:{record.line}: the row has {len(record.values)} values, the file has {width} "
                "columns; mend the row, or check `csv.delimiter` and `csv.quote`; lines that are no rows are "
                "left out by `csv.skip`, `csv.skip_end` and `csv.comment`"
            )
    return undecodable(path, rows) or DataError(f"{path}:{rows.line}: {error}")


def undecodable(path: str, rows: Rows) -> DataError | None:
    """The error of the first line that is no UTF-8; None if all are."""
    for number, found in enumerate(_LINE.finditer(rows.content), rows.line):
        try:
            found[0].decode()
        except UnicodeDecodeError as error:
            return DataError(
                f"{path}:{number}: byte {error.start + 1} of the line is not utf-8; "
                "set `csv: {encoding: …}`, for example latin-1"
            )
    return None

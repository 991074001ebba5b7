"""Reads CSV files: every value as text, which is then cast exactly."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from beam_pipeline import exact_cast
from beam_pipeline.errors import BeamlineError, ConfigError, DataError
from beam_pipeline.modules.source.files.columns import (
    SAMPLE_ROWS,
    Column,
    check_declared,
    declared_types,
    misfit,
    schema_of,
)
from beam_pipeline.modules.source.files.inference import infer
from beam_pipeline.modules.source.files.params import FilesParams
from beam_pipeline.modules.source.files.streams import opened

UNSEEN = pa.string()
# What is read at a time; a row must fit.
BLOCK_BYTES = 8 << 20


def columns(path: str, params: FilesParams) -> list[Column]:
    """The columns of a file, with types inferred from its first rows.

    Raises:
        DataError: The file is empty and no columns are declared, or its names are wrong.
    """
    declared = declared_types(params.columns)
    with opened(path) as stream:
        if not stream.read(1):
            if not declared:
                raise DataError(
                    f"{path}: the file is empty, without even a header; declare the columns in `columns` "
                    "if that is to mean no rows"
                )
            return [Column(name, kind, True) for name, kind in declared.items()]
    names, first = _first_block(path, params)
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(f"{path}:1: more than one column is named `{repeated[0]}`")
    check_declared(declared, names, path)
    found = []
    for place, name in enumerate(names):
        if name in declared:
            found.append(Column(name, declared[name], True))
        else:
            found.append(
                Column(
                    name, None if first is None else infer(first.column(place).slice(0, SAMPLE_ROWS)), False
                )
            )
    return found


def batches(path: str, columns: list[Column], params: FilesParams) -> Iterator[Any]:
    """Yields the rows of a file.

    Raises:
        DataError: A row is ragged or a value does not fit; the message names file, line and column.
    """
    schema = schema_of(columns)
    rows = 0
    with opened(path) as stream:
        if not stream.read(1):
            return
    try:
        last = None
        for texts in _texts(path, params):
            order = {name: place for place, name in enumerate(texts.schema.names)}
            arrays = [
                _typed(texts.column(order[column.name]), column, path, rows, params) for column in columns
            ]
            rows += texts.num_rows
            last = texts
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
    except pa.ArrowInvalid as error:
        raise _malformed(error, path, params) from error
    _check_last_quote(last, path, params)


def _typed(texts: Any, column: Column, path: str, before: int, params: FilesParams) -> Any:
    if pa.types.is_string(column.type):
        return texts
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    try:
        return exact_cast.cast(texts, column.type)
    except exact_cast.UnsupportedCastError:
        raise ConfigError(
            f"column `{column.name}`: a CSV file cannot hold {column.type}; declare it as text or json"
        ) from None
    except exact_cast.InexactError as error:
        line = _line_of_row(path, before + error.index, params)
        raise misfit(f"{path}:{line}", column, error.value) from None


def _first_block(path: str, params: FilesParams) -> tuple[list[str], Any]:
    try:
        with _reader(path, params) as reader:
            names = list(reader.schema.names)
            try:
                return names, reader.read_next_batch()
            except StopIteration:
                return names, None
    except pa.ArrowInvalid as error:
        raise _malformed(error, path, params) from error


def _texts(path: str, params: FilesParams) -> Iterator[Any]:
    with _reader(path, params) as reader:
        yield from reader


class _reader:  # noqa: N801  # used as a function
    """A streaming reader of text columns, and its file."""

    def __init__(self, path: str, params: FilesParams) -> None:
        self._file = opened(path)
        self._params = params

    def __enter__(self) -> Any:
        stream = self._file.__enter__()
        options = self._params.csv
        given = None if options.header else list(self._params.columns or {})
        try:
            return pacsv.open_csv(
                stream,
                pacsv.ReadOptions(
                    use_threads=False,
                    block_size=BLOCK_BYTES,
                    encoding=options.encoding,
                    column_names=given or None,
                    autogenerate_column_names=given == [],
                ),
                pacsv.ParseOptions(
                    delimiter=self._params.delimiter,
                    quote_char=options.quote or False,
                    double_quote=options.escape is None,
                    escape_char=options.escape or False,
                    newlines_in_values=options.quote is not None,
                ),
                pacsv.ConvertOptions(
                    default_column_type=pa.string(),
                    null_values=options.null_values,
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except BaseException:
            self._file.__exit__(*sys.exc_info())
            raise

    def __exit__(self, *error: Any) -> None:
        self._file.__exit__(*error)


def _malformed(error: Exception, path: str, params: FilesParams) -> BeamlineError:
    """Finds the place of a fault that the reader only named."""
    text = str(error)
    if "straddl" in text:
        return DataError(
            f"{path}: a row is longer than {BLOCK_BYTES >> 20} MB, or a quote is never closed; if "
            "quotes have no meaning in this file, set `csv: {quote: null}`"
        )
    if "Expected" in text:
        for line, record, wanted in _records(path, params):
            if len(record) != wanted:
                return DataError(
                    f"{path}:{line}: the row has {len(record)} values, the file has {wanted} columns; "
                    "mend the row, or check `csv.delimiter` and `csv.quote`"
                )
    if "UTF" in text or "codec" in text:
        return _undecodable(path, params)
    return DataError(f"{path}: {text}")


def _undecodable(path: str, params: FilesParams) -> DataError:
    with opened(path) as stream:
        for number, line in enumerate(io.BufferedReader(_Raw(stream)), 1):
            try:
                line.decode(params.csv.encoding)
            except UnicodeDecodeError as error:
                return DataError(
                    f"{path}:{number}: byte {error.start + 1} of the line is not {params.csv.encoding}; "
                    "set `csv: {encoding: …}`, for example latin-1"
                )
    return DataError(f"{path}: the text is not {params.csv.encoding}")


def _line_of_row(path: str, row: int, params: FilesParams) -> int:
    """The line where a row begins; both count from what the file is, quoted line ends included."""
    skip = row + (1 if params.csv.header else 0)
    for place, (line, _, _) in enumerate(_records(path, params)):
        if place == skip:
            return line
    return 0


def _records(path: str, params: FilesParams) -> Iterator[tuple[int, list[str], int]]:
    """Yields line, values and the number of columns of each record, slowly: only to place an error."""
    options = params.csv
    csv.field_size_limit(sys.maxsize)
    with opened(path) as stream:
        text = io.TextIOWrapper(
            io.BufferedReader(_Raw(stream)), options.encoding, errors="replace", newline=""
        )
        records = csv.reader(
            text,
            delimiter=params.delimiter,
            quotechar=options.quote,
            quoting=csv.QUOTE_NONE if options.quote is None else csv.QUOTE_MINIMAL,
            doublequote=options.escape is None,
            escapechar=options.escape,
        )
        wanted = 0 if options.header else len(params.columns or {})
        begins = 1
        for record in records:
            if record:
                wanted = wanted or len(record)
                yield begins, record, wanted
            begins = records.line_num + 1


def _check_last_quote(last: Any, path: str, params: FilesParams) -> None:
    """A quote that is never closed makes the rest of the file one value."""
    if last is None or params.csv.quote is None or last.num_rows == 0 or last.num_columns == 0:
        return
    value = last.column(last.num_columns - 1)[last.num_rows - 1].as_py()
    if value is None or "\n" not in value:
        return
    with opened(path) as stream:
        tail = b""
        while block := stream.read(1 << 20):
            tail = (tail + block)[-16:]
    if not tail.decode(params.csv.encoding, errors="replace").rstrip("\r\n").endswith(params.csv.quote):
        line = max((line for line, _, _ in _records(path, params)), default=0)
        raise DataError(
            f"{path}:{line}: a quote in this row is never closed; if quotes have no meaning in this "
            "file, set `csv: {quote: null}`"
        )


class _Raw(io.RawIOBase):
    """An Arrow stream as Python's own kind."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

"""Reads CSV files: every value as text, which is then cast exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.modules.source.files.columns import inference
from beam_pipeline.modules.source.files.columns.column import (
    SAMPLE_ROWS,
    Column,
    Declared,
    check_declared,
    check_names,
    misfit,
    schema_of,
)
from beam_pipeline.modules.source.files.columns.inference import wider
from beam_pipeline.modules.source.files.csv import places as csv_places
from beam_pipeline.modules.source.files.csv.rows import Rows, blocks
from beam_pipeline.modules.source.files.csv.text import count_lines
from beam_pipeline.modules.source.files.params import FilesParams
from beam_pipeline.sql import exact_cast
from beam_pipeline.staging.empty_batch import empty_batch

__all__ = ["ANY", "batches", "columns", "settled", "wider"]
# What to declare for any value at all.
ANY = "text"
_SHORT = 1 << 16


def columns(path: str, declared: Declared, params: FilesParams) -> list[Column]:
    """The columns of a file, with types inferred from its first rows.

    Raises:
        DataError: The file is empty and no columns are declared, or its names are wrong.
    """
    first = next(_rows(path, params), None)
    if first is None:
        if not declared:
            raise DataError(
                f"{path}: the file is empty, without even a header; declare the columns in `columns` "
                "if that is to mean no rows"
            )
        return [Column(name, kind, True) for name, kind in declared.items()]
    names, body = _split(path, first, declared, params)
    check_names(names, f"{path}:{first.line}", _naming(first) if params.csv.header else "")
    check_declared(declared, names, path)
    texts = _texts(path, body, len(names), params)
    return [
        Column(name, declared[name], True)
        if name in declared
        else Column(name, inference.infer(texts.column(place).slice(0, SAMPLE_ROWS)), False)
        for place, name in enumerate(names)
    ]


def batches(path: str, columns: list[Column], params: FilesParams) -> Iterator[Any]:
    """Yields the rows of a file.

    Raises:
        DataError: A row is ragged or a value does not fit; the message names file, line and column.
    """
    schema = schema_of(columns)
    declared = {column.name: column.type for column in columns if column.declared}
    order: dict[str, int] = {}
    for rows in _rows(path, params):
        body = rows
        if not order:
            names, body = _split(path, rows, declared, params)
            order = {name: place for place, name in enumerate(names)}
        texts = _texts(path, body, len(order), params)
        arrays = [_typed(texts.column(order[column.name]), column, path, body, params) for column in columns]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _naming(first: Rows) -> str:
    """What to do about a wrong header."""
    return (
        f"; mend the header, or leave it out with `csv: {{header: false, skip: {first.line}}}` and name all "
        "columns in `columns`, in order"
    )


def settled(kind: Any) -> Any:
    """The type of a column; of one without a value wherever we looked, a type that holds whatever comes."""
    return pa.string() if kind is None else kind


def _rows(path: str, params: FilesParams) -> Iterator[Rows]:
    """The rows, without blank lines before the header."""
    started = not params.csv.header
    for rows in blocks(path, params):
        content = rows.content if started else rows.content.lstrip(b"\r\n")
        blank = count_lines(rows.content[: len(rows.content) - len(content)])
        if content:
            started = True
            yield Rows(content, rows.line + blank, rows.delimiter)


def _split(path: str, first: Rows, declared: Declared, params: FilesParams) -> tuple[list[str], Rows]:
    """The names of the columns, by the header or the options, and the rows below it."""
    if not params.csv.header:
        if declared:
            return list(declared), first
        found = (record.values for record in csv_places.records(first, params) if record.values)
        return [f"f{place}" for place in range(len(next(found, [""])))], first
    head = next(csv_places.records(first, params))
    if any("\ufffd" in name for name in head.values):
        wrong = csv_places.undecodable(path, first)
        if wrong is not None:
            raise wrong
    return head.values, Rows(first.content[head.end :], head.next_line, first.delimiter)


def _texts(path: str, rows: Rows, width: int, params: FilesParams) -> Any:
    """The rows as texts; the columns are named by their places."""
    is_blank_null = width == 1 and params.csv.blank_lines != "skip"
    texts = _parsed(path, rows, width, params, skip_blank=not is_blank_null)
    if width == 1 and params.csv.blank_lines is None and _may_hold_blank(rows.content):
        blank = next((one for one in csv_places.records(rows, params) if not one.values), None)
        if blank is not None:
            raise DataError(
                f"{path}:{blank.line}: the line is blank, and the file has one column: say what that means, "
                "`csv: {blank_lines: null}` (a row that holds NULL) or `csv: {blank_lines: skip}` (no row)"
            )
    return texts


def _may_hold_blank(content: bytes) -> bool:
    return any(ends in content for ends in (b"\n\n", b"\n\r", b"\r\r")) or content[:1] in (b"\n", b"\r")


def _parsed(path: str, rows: Rows, width: int, params: FilesParams, *, skip_blank: bool) -> Any:
    options = params.csv
    schema = pa.schema([(str(place), pa.string()) for place in range(width)])
    # Arrow takes no text that is empty.
    is_short = len(rows.content) < _SHORT
    if not rows.content or (is_short and skip_blank and not rows.content.strip(b"\r\n")):
        return empty_batch(schema)
    try:
        table = pacsv.read_csv(
            pa.BufferReader(rows.content),
            pacsv.ReadOptions(use_threads=False, block_size=len(rows.content) + 1, column_names=schema.names),
            pacsv.ParseOptions(
                delimiter=rows.delimiter,
                quote_char=options.quote or False,
                double_quote=options.escape is None,
                escape_char=options.escape or False,
                newlines_in_values=options.quote is not None or options.escape is not None,
                ignore_empty_lines=skip_blank,
            ),
            pacsv.ConvertOptions(
                default_column_type=pa.string(),
                null_values=options.null_values,
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowException as error:
        raise csv_places.malformed(error, path, rows, width, params) from error
    return table.combine_chunks().to_batches()[0] if table.num_rows else empty_batch(schema)


def _typed(texts: Any, column: Column, path: str, rows: Rows, params: FilesParams) -> Any:
    if pa.types.is_string(column.type):
        return texts
    is_blank_null = params.csv.blank_lines == "null"
    filled = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    cast = exact_cast.cast if column.declared else inference.cast_inferred
    try:
        return cast(filled, column.type)
    except exact_cast.UnsupportedCastError:
        raise ConfigError(
            f"column `{column.name}`: a CSV file cannot hold {column.type}; declare it as text or json"
        ) from None
    except exact_cast.InexactError as error:
        line = csv_places.line_of(rows, error.index, params, with_blank=is_blank_null)
        raise misfit(f"{path}:{line}", column, error.value, "text") from None

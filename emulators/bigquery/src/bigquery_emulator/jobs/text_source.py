"""JSON and CSV files as rows."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from bigquery_emulator.errors import BigQueryError, invalid, not_emulated
from bigquery_emulator.jobs.autodetect import detected
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.destination import Rows
from bigquery_emulator.tables.fields import MOST_COLUMNS, Field
from bigquery_emulator.tables.names import quote
from bigquery_emulator.tables.values import BadValue, arrow_type, row_of

Config = dict[str, Any]

_BATCH = 50_000


def json_rows(cursor: Cursor, files: Sequence[Path], fields: list[Field] | None, config: Config) -> Rows:
    """The rows of files with one JSON object in each line.

    Raises:
        BigQueryError: A line is no object, or does not fit the schema; names the line.
    """
    if fields is None:
        fields = detected([given for _, given in _objects(files)], config)
    return _registered(cursor, _objects(files), fields, config)


def csv_rows(cursor: Cursor, files: Sequence[Path], fields: list[Field] | None, config: Config) -> Rows:
    """The rows of CSV files.

    Raises:
        BigQueryError: A value does not fit the schema.
    """
    skipped = int(config.get("skipLeadingRows") or 0)
    if config.get("allowJaggedRows"):
        raise not_emulated("`allowJaggedRows`")
    tables = [_table(path, config) for path in files]
    if fields is None:
        names = next((_header(table, skipped) for table in tables), [])
        skipped = max(skipped, 1)
        fields = detected(
            [dict(zip(names, row, strict=True)) for table in tables for row in _tuples(table.slice(skipped))],
            config,
        )
    names = [field["name"] for field in fields]
    for table in tables:
        if table.num_columns != len(names) and table.num_rows:
            raise _broken(f"CSV table has {table.num_columns} columns, the schema has {len(names)}.")
    rows = (
        (number, dict(zip(names, row, strict=True)))
        for table in tables
        for number, row in enumerate(_tuples(table.slice(skipped)), skipped + 1)
    )
    return _registered(cursor, rows, fields, config)


def registered(cursor: Cursor, rows: list[dict[str, Any]], fields: list[Field]) -> Rows:
    """Converted rows as something to select from."""
    schema = pa.schema([pa.field(field["name"], arrow_type(field)) for field in fields])
    return _selectable(cursor, pa.Table.from_pylist(rows, schema=schema), fields)


def _registered(
    cursor: Cursor, rows: Iterator[tuple[int, dict[str, Any]]], fields: list[Field], config: Config
) -> Rows:
    schema = pa.schema([pa.field(field["name"], arrow_type(field)) for field in fields])
    ignore = bool(config.get("ignoreUnknownValues"))
    batches = []
    held: list[dict[str, Any]] = []
    for number, given in rows:
        try:
            held.append(row_of(given, fields, ignore_unknown=ignore))
        except BadValue as error:
            raise _broken(f"Parsing error in row {number}: {error}") from None
        if len(held) == _BATCH:
            batches += pa.Table.from_pylist(held, schema=schema).to_batches()
            held = []
    batches += pa.Table.from_pylist(held, schema=schema).to_batches()
    return _selectable(cursor, pa.Table.from_batches(batches, schema=schema), fields)


def _selectable(cursor: Cursor, table: pa.Table, fields: list[Field]) -> Rows:
    cursor.register("_loaded", table)
    return Rows(f"SELECT {', '.join(quote(field['name']) for field in fields)} FROM _loaded", fields)


def _objects(files: Sequence[Path]) -> Iterator[tuple[int, dict[str, Any]]]:
    for path in files:
        for number, line in enumerate(_text(path).split(b"\n"), 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError as error:
                raise _broken(f"JSON parsing error in row {number}: {error}") from None
            if not isinstance(found, dict):
                raise _broken(f"JSON parsing error in row {number}: a row must be an object")
            yield number, found


def _table(path: Path, config: Config) -> pa.Table:
    delimiter = str(config.get("fieldDelimiter") or ",")
    quote_char = config.get("quote")
    parse = pyarrow.csv.ParseOptions(
        delimiter={"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter),
        quote_char='"' if quote_char is None else (quote_char or False),
        newlines_in_values=bool(config.get("allowQuotedNewlines")),
    )
    text = _text(path)
    if not text.strip():
        return pa.table({})
    convert = pyarrow.csv.ConvertOptions(
        column_types={f"f{number}": pa.string() for number in range(MOST_COLUMNS)},
        null_values=[str(config.get("nullMarker") or "")],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    try:
        return pyarrow.csv.read_csv(
            pa.BufferReader(text),
            read_options=pyarrow.csv.ReadOptions(autogenerate_column_names=True),
            parse_options=parse,
            convert_options=convert,
        )
    except pa.ArrowInvalid as error:
        raise _broken(str(error)) from None


def _tuples(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches(max_chunksize=_BATCH):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _header(table: pa.Table, skipped: int) -> list[str]:
    """The names in the last row that is skipped, or in the first."""
    row = next(_tuples(table.slice(max(skipped - 1, 0), 1)), ())
    return [str(name or f"string_field_{number}").strip() for number, name in enumerate(row)]


def _text(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def _broken(detail: str) -> BigQueryError:
    return invalid(f"Error while reading data, error message: {detail}")

"""Reads JSON Lines files: one object a line."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.json as pajson

from beam_pipeline import exact_cast
from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.modules.source.files.columns import SAMPLE_ROWS, Column, declared_types, misfit, schema_of
from beam_pipeline.modules.source.files.params import FilesParams
from beam_pipeline.modules.source.files.streams import opened
from beam_pipeline.registry import did_you_mean

# Json holds any value.
UNSEEN = pa.json_()
# What is read at a time, up to the end of its last line.
BLOCK_BYTES = 8 << 20
LINE_BYTES = 256 << 20

# Kinds of values that Arrow's own reader converts exactly as the slow way does.
_QUICK = (pa.bool_(), pa.int64(), pa.float64(), pa.string())
# What each type may be made of; any other type is text that is parsed.
_MADE_OF: dict[Any, tuple[type, ...]] = {
    pa.bool_(): (bool,),
    pa.float64(): (int, float, Decimal),
    pa.float32(): (int, float, Decimal),
    pa.string(): (str,),
}
_NUMBER = (int, float, Decimal)


@dataclass(frozen=True)
class _Block:
    """Whole lines, and the number of the first."""

    content: bytes
    line: int


def columns(path: str, params: FilesParams) -> list[Column]:
    """The columns of a file, with types inferred from its first rows.

    Raises:
        DataError: The file is empty and no columns are declared, or a line is no object.
    """
    declared = declared_types(params.columns)
    kinds: dict[str, set[str]] = {}
    rows = size = 0
    for block in _blocks(path):
        for _, record in itertools.islice(_records(path, block, float), SAMPLE_ROWS - rows):
            rows += 1
            for name, value in record.items():
                kinds.setdefault(name, set()).add(_kind(value))
        size += len(block.content)
        if rows >= SAMPLE_ROWS or size >= BLOCK_BYTES:
            break
    if not kinds and not declared:
        raise DataError(
            f"{path}: the file has no objects, so no columns; declare them in `columns` if that is to "
            "mean no rows"
        )
    # A key that the first rows lack may come later: what is declared is a column all the same.
    names = dict.fromkeys([*kinds, *declared])
    return [
        Column(name, declared[name], True)
        if name in declared
        else Column(name, _inferred(kinds[name]), False)
        for name in names
    ]


def batches(path: str, columns: list[Column], params: FilesParams) -> Iterator[Any]:
    """Yields the rows of a file.

    Raises:
        DataError: A line is no object or a value does not fit; the message names file, line and column.
    """
    schema = schema_of(columns)
    is_quick = all(column.type in _QUICK for column in columns)
    for block in _blocks(path):
        batch = _quickly(block, schema) if is_quick else None
        yield _exactly(path, block, columns, schema) if batch is None else batch


def _quickly(block: _Block, schema: Any) -> Any:
    """Arrow's own reader; None where it finds anything unexpected, for `_exactly` to say what."""
    options = pajson.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer")
    reading = pajson.ReadOptions(use_threads=False, block_size=len(block.content) + 1)
    try:
        table = pajson.read_json(pa.BufferReader(block.content), reading, options)
        table.validate(full=True)
    except pa.ArrowException:
        return None
    if table.schema != schema:
        return None
    return table.combine_chunks().to_batches()[0] if table.num_rows else None


def _exactly(path: str, block: _Block, columns: list[Column], schema: Any) -> Any:
    with_decimals = any(pa.types.is_decimal(column.type) for column in columns)
    lines: list[int] = []
    records: list[dict[str, Any]] = []
    known = {column.name for column in columns}
    for line, record in _records(path, block, Decimal if with_decimals else float):
        unknown = record.keys() - known
        if unknown:
            name = min(unknown)
            raise DataError(
                f"{path}:{line}: the key `{name}` was not in the file's first rows"
                f"{did_you_mean(name, known)}; declare it, for example `columns: {{{name}: json}}`"
            )
        lines.append(line)
        records.append(record)
    arrays = [
        _array([record.get(column.name) for record in records], column, path, lines) for column in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: list[Any], column: Column, path: str, lines: list[int]) -> Any:
    kind = column.type
    if kind == pa.json_():
        texts = [None if value is None else _dumped(value) for value in values]
        return pa.ExtensionArray.from_storage(kind, pa.array(texts, pa.string()))
    is_number = pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    allowed = _MADE_OF.get(kind, _NUMBER if is_number else (str,))
    for place, value in enumerate(values):
        if value is not None and type(value) not in allowed:
            raise misfit(f"{path}:{lines[place]}", column, exact_cast.shown(_dumped(value)))
    if kind in (pa.bool_(), pa.string()):
        return pa.array(values, kind)
    texts = pa.array([None if value is None else str(value) for value in values], pa.string())
    try:
        return exact_cast.cast(texts, kind)
    except exact_cast.UnsupportedCastError:
        raise ConfigError(f"column `{column.name}`: declare it as json instead of {kind}") from None
    except exact_cast.InexactError as error:
        raise misfit(f"{path}:{lines[error.index]}", column, error.value) from None


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)


def _records(path: str, block: _Block, parse_float: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields each object and its line; blank lines are skipped."""
    for place, line in enumerate(io.BytesIO(block.content), block.line):
        text = line.strip()
        if not text:
            continue
        try:
            record = json.loads(text, parse_float=parse_float)
        except UnicodeDecodeError:
            raise DataError(f"{path}:{place}: the line is not UTF-8") from None
        except json.JSONDecodeError as error:
            raise DataError(
                f"{path}:{place}:{error.colno}: not JSON: {error.msg}; each line must be one whole object"
            ) from None
        if not isinstance(record, dict):
            raise DataError(f"{path}:{place}: the line is {_kind(record)}; each must be one object")
        yield place, record


def _blocks(path: str) -> Iterator[_Block]:
    line, rest = 1, b""
    with opened(path) as stream:
        while content := stream.read(BLOCK_BYTES):
            if line == 1 and not rest:
                content = content.removeprefix(b"\xef\xbb\xbf")
            whole, newline, after = content.rpartition(b"\n")
            if not newline:
                rest += content
                if len(rest) > LINE_BYTES:
                    raise DataError(f"{path}:{line}: the line is longer than {LINE_BYTES >> 20} MB")
                continue
            block = _Block(rest + whole + newline, line)
            line += block.content.count(b"\n")
            rest = after
            yield block
    if rest.strip():
        yield _Block(rest, line)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer" if -(2**63) <= value < 2**63 else "a long number"
    if isinstance(value, float):
        return "number"
    return "text" if isinstance(value, str) else "an array" if isinstance(value, list) else "an object"


def _inferred(kinds: set[str]) -> Any:
    """The type for values of these kinds: json where they have nothing simpler in common."""
    kinds = kinds - {"null"}
    if kinds == {"boolean"}:
        return pa.bool_()
    if kinds == {"integer"}:
        return pa.int64()
    if kinds in ({"number"}, {"integer", "number"}):
        return pa.float64()
    return pa.string() if kinds == {"text"} else pa.json_() if kinds else None

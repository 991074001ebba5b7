"""Reads JSON Lines files: one object a line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.modules.source.files.columns import digits
from beam_pipeline.modules.source.files.columns.column import (
    SAMPLE_ROWS,
    Column,
    Declared,
    Names,
    declaration,
    misfit,
    schema_of,
)
from beam_pipeline.modules.source.files.columns.inference import wider
from beam_pipeline.modules.source.files.jsonl import quick as jsonl_quick
from beam_pipeline.modules.source.files.jsonl.lines import (
    BLOCK_BYTES,
    Block,
    Fraction,
    Whole,
    blocks,
    dumped,
    named,
    records,
)
from beam_pipeline.modules.source.files.params import FilesParams
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.sql import exact_cast

__all__ = ["ANY", "batches", "columns", "settled", "wider"]
# What to declare for any value at all.
ANY = "json"
# Rows times columns of one batch: an object may lack nearly all the keys of the file.
_BATCH_CELLS = 1 << 21

# What each type may be made of; any other type is text that is parsed.
_MADE_OF: dict[Any, tuple[type, ...]] = {
    pa.bool_(): (bool,),
    pa.float64(): (Whole, Fraction),
    pa.float32(): (Whole, Fraction),
    pa.string(): (str,),
}
# How the sink `files` writes what JSON has no number for.
_WORDS = ("NaN", "Infinity", "-Infinity")


def columns(path: str, declared: Declared, params: FilesParams) -> list[Column]:
    """The columns of a file, with types inferred from its first rows.

    Raises:
        DataError: The file is empty and no columns are declared, or a line is no object.
    """
    kinds: dict[str, set[str]] = {}
    names = Names()
    rows = size = 0
    for block in blocks(path):
        for line, record in itertools.islice(records(path, block), SAMPLE_ROWS - rows):
            rows += 1
            for name, value in record.items():
                if name not in kinds:
                    names.add(name, f"{path}:{line}")
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
    every = dict.fromkeys([*kinds, *declared])
    return [
        Column(name, declared[name], True)
        if name in declared
        else Column(name, _inferred(kinds[name]), False)
        for name in every
    ]


def batches(path: str, columns: list[Column], params: FilesParams) -> Iterator[Any]:
    """Yields the rows of a file.

    Raises:
        DataError: A line is no object or a value does not fit; the message names file, line and column.
    """
    schema = schema_of(columns)
    for block in blocks(path):
        is_small = block.content.count(b"\n") * len(columns) <= _BATCH_CELLS
        batch = jsonl_quick.read(block.content, columns, schema) if is_small else None
        if batch is None:
            yield from _exactly(path, block, columns, schema)
        else:
            yield batch


def settled(kind: Any) -> Any:
    """The type of a column; of one without a value wherever we looked, a type that holds whatever comes."""
    return pa.json_() if kind is None else kind


def _exactly(path: str, block: Block, columns: list[Column], schema: Any) -> Iterator[Any]:
    known = {column.name for column in columns}
    rows = max(1, _BATCH_CELLS // len(columns))
    for part in _parts(records(path, block), rows):
        for line, record in part:
            unknown = record.keys() - known
            if unknown:
                name = min(unknown)
                raise DataError(
                    f"{path}:{line}: the key `{name}` was not in the file's first rows"
                    f"{did_you_mean(name, known)}; declare it, for example {declaration(name, 'json')}"
                )
        lines = [line for line, _ in part]
        arrays = [
            _array([record.get(column.name) for _, record in part], column, path, lines) for column in columns
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _parts(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while part := list(itertools.islice(items, size)):
        yield part


def _array(values: list[Any], column: Column, path: str, lines: list[int]) -> Any:
    kind = column.type
    if kind == pa.json_():
        return _documents(values, column, path, lines)
    is_number = pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    allowed = _MADE_OF.get(kind, (Whole, Fraction) if is_number else (str,))
    is_floating = pa.types.is_floating(kind)
    for place, value in enumerate(values):
        if value is None or type(value) in allowed or (is_floating and column.declared and value in _WORDS):
            continue
        raise _misfit(value, column, f"{path}:{lines[place]}")
    if kind in (pa.bool_(), pa.string()):
        return pa.array(values, kind)
    texts = pa.array([None if value is None else str(value) for value in values], pa.string())
    try:
        cast = exact_cast.cast(texts, kind)
    except exact_cast.UnsupportedCastError:
        raise ConfigError(f"column `{column.name}`: declare it as json instead of {kind}") from None
    except exact_cast.InexactError as error:
        raise _misfit(values[error.index], column, f"{path}:{lines[error.index]}") from None
    if kind == pa.float64() and not column.declared:
        lossy = digits.first_lossy(texts, cast)
        if lossy is not None:
            raise _misfit(values[lossy], column, f"{path}:{lines[lossy]}")
    return cast


def _documents(values: list[Any], column: Column, path: str, lines: list[int]) -> Any:
    texts: list[str | None] = []
    for place, value in enumerate(values):
        try:
            texts.append(None if value is None else dumped(value))
        except ValueError as error:
            raise DataError(
                f"{path}:{lines[place]}: column `{column.name}` holds {error}, which JSON has no number for: "
                f"mend the line, or declare {declaration(column.name, 'double')} if all values are numbers"
            ) from None
        except RecursionError:
            raise DataError(
                f"{path}:{lines[place]}: objects and arrays are nested too deeply to be read"
            ) from None
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts, pa.string()))


def _misfit(value: Any, column: Column, place: str) -> DataError:
    """The error of a value that does not fit, with a type that holds it and what came before."""
    try:
        shown = exact_cast.shown(dumped(value))
    except ValueError:
        shown = str(value)
    is_number = isinstance(value, (Whole, Fraction))
    was_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    as_double = is_number and was_number and (not isinstance(value, Whole)) and digits.prints_back(value)
    return misfit(place, column, shown, "double" if as_double else "json")


def _kind(value: Any) -> str:
    if isinstance(value, Whole) and value != "-0":
        # Twenty digits with a sign are more than 64 bits hold.
        is_long = len(value) > 20 or not -(2**63) <= int(value) < 2**63
        return "text of digits" if is_long else "integer" if digits.prints_back(value) else "long integer"
    if isinstance(value, (Whole, Fraction)):
        return "number" if digits.prints_back(value) else "text of digits"
    return named(value)


def _inferred(kinds: set[str]) -> Any:
    """The type for values of these kinds: json where they have nothing simpler in common."""
    kinds = kinds - {"null"}
    if kinds == {"boolean"}:
        return pa.bool_()
    if kinds and kinds <= {"integer", "long integer"}:
        return pa.int64()
    if kinds and kinds <= {"integer", "number"}:
        return pa.float64()
    return pa.string() if kinds == {"text"} else pa.json_() if kinds else None

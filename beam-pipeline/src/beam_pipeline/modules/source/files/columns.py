"""The columns of files: their types, and what to say when a value does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from beam_pipeline.errors import DataError
from beam_pipeline.registry import did_you_mean
from beam_pipeline.sql_types import arrow_type, sql_type


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: As the file names it.
        type: Its Arrow type; None where no value was seen from which to infer it.
        declared: The config states its type.
    """

    name: str
    type: Any
    declared: bool


def schema_of(columns: list[Column]) -> Any:
    """The Arrow schema."""
    return pa.schema([pa.field(column.name, column.type) for column in columns])


def declared_types(given: dict[str, str] | None) -> dict[str, Any]:
    """The Arrow types of the `columns` parameter."""
    return {name: arrow_type(kind) for name, kind in (given or {}).items()}


def check_declared(declared: dict[str, Any], names: list[str], path: str) -> None:
    """Checks that a file has every declared column.

    Raises:
        DataError: One is missing.
    """
    for name in declared:
        if name not in names:
            near = did_you_mean(name, names)
            raise DataError(
                f"{path}: there is no column `{name}`, which `columns` declares{near}; the file has "
                f"{', '.join(names)}"
            )


# The rows of a file from which types are inferred, as far as they lie in the first block.
SAMPLE_ROWS = 50_000


def agreed(seen: list[tuple[str, list[Column]]], unseen: Any) -> list[Column]:
    """The columns of several files: the order of the first, types that hold the values of all.

    Args:
        seen: The columns by file.
        unseen: The type of a column that had no value wherever we looked: it holds whatever comes.

    Raises:
        DataError: The files differ in their columns, or in types that have nothing in common.
    """
    first_path, first = seen[0]
    types = {column.name: column.type for column in first}
    for path, columns in seen[1:]:
        names = [column.name for column in columns]
        if set(names) != set(types):
            missing = [name for name in types if name not in names]
            extra = [name for name in names if name not in types]
            raise DataError(
                f"{path}: its columns differ from those of {first_path}: "
                + "; ".join(
                    f"{what} {', '.join(found)}"
                    for what, found in (("without", missing), ("also has", extra))
                    if found
                )
            )
        for column in columns:
            types[column.name] = _common(types[column.name], column, path, first_path)
    return [Column(column.name, types[column.name] or unseen, column.declared) for column in first]


def misfit(place: str, column: Column, value: str) -> DataError:
    """The error of a value that does not fit its column's type."""
    kind = sql_type(column.type)
    if column.declared:
        remedy = f"`columns` declares {kind}: mend the file or declare another type"
    else:
        remedy = (
            f"{kind} was inferred from the file's first rows: declare the column, for example "
            f"`columns: {{{column.name}: text}}`"
        )
    return DataError(f"{place}: column `{column.name}` holds `{value}`, which is not {kind}; {remedy}")


def _common(one: Any, column: Column, path: str, first_path: str) -> Any:
    other = column.type
    if one is None or other is None or one == other:
        return other if one is None else one
    if {one, other} == {pa.int64(), pa.float64()}:
        return pa.float64()
    if {one, other} == {pa.date32(), pa.timestamp("us")}:
        return pa.timestamp("us")
    raise DataError(
        f"{path}: column `{column.name}` is {sql_type(other)}, but {sql_type(one)} in {first_path}; "
        "files that are read together need one type: declare the column in `columns`"
    )

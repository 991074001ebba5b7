"""The columns of files: their types, and what to say when a value does not fit."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from beam_pipeline.errors import DataError
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.sql.sql_types import arrow_type, sql_type

# The rows of a file from which types are inferred, as far as they lie in the first block.
SAMPLE_ROWS = 50_000
# BigQuery's limit; more are keys that should be values.
MOST_COLUMNS = 10_000

# Types by the names of their columns, as the config declares them.
Declared = dict[str, Any]


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


def declared_types(given: dict[str, str] | None) -> Declared:
    """The Arrow types of the `columns` parameter."""
    return {name: arrow_type(kind) for name, kind in (given or {}).items()}


def check_declared(declared: Declared, names: list[str], path: str) -> None:
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


class Names:
    """The names of columns, each one's own: for SQL, too, which ignores case."""

    def __init__(self, remedy: str = "; rename it in the file") -> None:
        self._remedy = remedy
        self._seen: dict[str, str] = {}

    def add(self, name: str, place: str) -> None:
        """Takes one more name.

        Raises:
            DataError: It is none, or is taken, or there are too many.
        """
        number = len(self._seen) + 1
        if number > MOST_COLUMNS:
            raise DataError(f"{place}: there are more than {MOST_COLUMNS} columns; so many are not read")
        if not name.strip():
            raise DataError(f"{place}: column {number} has no name{self._remedy}")
        other = self._seen.setdefault(name.lower(), name)
        if len(self._seen) == number:
            return
        if other == name:
            raise DataError(f"{place}: more than one column is named `{name}`{self._remedy}")
        raise DataError(
            f"{place}: columns `{other}` and `{name}` differ only in case, which SQL ignores{self._remedy}"
        )


def check_names(names: list[str], place: str, remedy: str = "; rename it in the file") -> None:
    """Checks that every column has a name of its own.

    Raises:
        DataError: One has none, or two have one.
    """
    seen = Names(remedy)
    for name in names:
        seen.add(name, place)


def declaration(name: str, kind: str) -> str:
    """How a config declares a column."""
    key = name if re.fullmatch(r"[A-Za-z_][\w-]*", name) else json.dumps(name, ensure_ascii=False)
    return f"`columns: {{{key}: {kind}}}`"


def misfit(place: str, column: Column, value: str, remedy: str) -> DataError:
    """The error of a value that does not fit its column's type.

    Args:
        place: File and line.
        column: The column.
        value: The value, shortened.
        remedy: A type that holds this value and what the type was inferred from.
    """
    kind = sql_type(column.type)
    if column.declared:
        advice = f"`columns` declares {kind}: mend the file or declare another type"
    else:
        advice = (
            f"{kind} was inferred from the file's first rows: declare the column, for example "
            f"{declaration(column.name, remedy)}"
        )
    return DataError(
        f"{place}: column `{column.name}` holds `{value}`, which is not {_unlike(kind, value)}; {advice}"
    )


def _unlike(kind: str, value: str) -> str:
    """Says of a number that it is one, and would not stay the same."""
    is_number = re.fullmatch(r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?", value)
    return f"{kind} with these very digits" if kind == "double" and is_number else kind

"""The columns of a database's query: which are read as text, and by which it is split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Protocol, TypeVar

from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.near_miss import did_you_mean


class Column(Protocol):
    """A column of a query."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def server_type(self) -> str:
        """The server's name of its type."""

    @property
    def mapping(self) -> object | None:
        """How it is read; None where there is no exact counterpart."""

    @property
    def problem(self) -> str | None:
        """Why there is none."""


C = TypeVar("C", bound=Column)


def with_text(columns: Sequence[C], as_text: Iterable[str], printed: Callable[[C], C]) -> list[C]:
    """Turns the columns that the config wants as text into text.

    Args:
        columns: Those of the query.
        as_text: Names of those that are wanted as text.
        printed: Makes a column one of text.

    Raises:
        ConfigError: `as_text` names no column of the result.
        DataError: A column that is left has no exact counterpart.
    """
    wanted = list(as_text)
    names = [column.name for column in columns]
    for name in wanted:
        if name not in names:
            near = did_you_mean(name, names)
            raise ConfigError(f"as_text  no column is named `{name}`{near} ({', '.join(names)})")
    chosen = [printed(column) if column.name in wanted else column for column in columns]
    problems = [
        f"column `{column.name}` ({column.server_type}) {column.problem}"
        for column in chosen
        if column.mapping is None
    ]
    if problems:
        raise DataError("; ".join(problems) + "; or read it as text: list it in `as_text`")
    return chosen


def split_column(
    columns: Sequence[C], name: str, path: str, kind: Callable[[C], str | None], allowed: str
) -> C:
    """Finds the column to split by.

    Args:
        columns: Those of the query.
        name: The wanted one.
        path: Path of the step in the plan.
        kind: What kind of ranges a column has; None for none.
        allowed: The types that have ranges, for a person.

    Raises:
        ConfigError: There is none of that name, or its type has no ranges.
    """
    where = f"{path}.parameters.partition.column"
    for column in columns:
        if column.name == name:
            if kind(column) is None:
                raise ConfigError(f"{where}  `{name}` is {column.server_type}; a read is split by {allowed}")
            return column
    names = [column.name for column in columns]
    raise ConfigError(f"{where}  no column is named `{name}`{did_you_mean(name, names)} ({', '.join(names)})")


def conditions(name: str, bounds: Sequence[str]) -> list[str]:
    """Conditions of which one, and one only, holds of each row.

    The first range is open below and holds the NULLs, the last is open above: what is beyond every value that
    was there, and rows that come later, are in one of them.

    Args:
        name: The column, quoted.
        bounds: SQL texts of the values between two ranges, ascending; none is no split.
    """
    if not bounds:
        return [""]
    middle = [f"{name} >= {one} AND {name} < {two}" for one, two in pairwise(bounds)]
    return [f"{name} < {bounds[0]} OR {name} IS NULL", *middle, f"{name} >= {bounds[-1]}"]

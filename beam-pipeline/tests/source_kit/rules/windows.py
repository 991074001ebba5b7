"""Rows by a column, from one value up to another: docs/contracts.md, section 3."""

from __future__ import annotations

import datetime
from itertools import pairwise
from typing import Any

import pytest

from beam_pipeline.errors import ConfigError
from source_kit.reading import Reading, window_of
from source_kit.rows import CURSORS, DAY, START, days, row, table
from source_kit.rule import Rules

rules = Rules()


@rules.rule("a window holds its low end, and not its high end", "takes the high end, too", needs="windows")
def edges(reading: Reading) -> None:
    parameters = reading.place.table(days())
    for column in CURSORS:
        window = window_of(days(), column, row(3)[column], row(6)[column])
        assert reading.ids(parameters, window) == [3, 3, 4, 5], column


@rules.rule("not its low end either, where it begins behind it", "takes the low end always", needs="windows")
def behind(reading: Reading) -> None:
    parameters = reading.place.table(days())
    for column in CURSORS:
        window = window_of(days(), column, row(3)[column], row(6)[column], inclusive=False)
        assert reading.ids(parameters, window) == [4, 5], column


@rules.rule(
    "windows one behind the other hold each row once", "leaves out the last row of a window", needs="windows"
)
def chain(reading: Reading) -> None:
    parameters = reading.place.table(days())
    for column in CURSORS:
        ends = [None, row(3)[column], row(4)[column], row(10)[column], row(11)[column]]
        found = [
            number
            for low, high in pairwise(ends)
            for number in reading.ids(parameters, window_of(days(), column, low, high))
        ]
        assert sorted(found) == [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10], column


@rules.rule("a first window begins with the first value there is", "begins with 1", needs="windows")
def first(reading: Reading) -> None:
    rows = table([row(-400), row(0), row(2)])
    parameters = reading.place.table(rows)
    for column in CURSORS:
        assert reading.ids(parameters, window_of(rows, column, None, row(2)[column])) == [-400, 0], column


@rules.rule("a row without a value is in no window", "takes rows without a value", needs="windows")
def without(reading: Reading) -> None:
    parameters = reading.place.table(days())
    for column in CURSORS:
        window = window_of(days(), column, None, row(1000)[column])
        assert None not in reading.ids(parameters, window), column


@rules.rule("a microsecond decides", "compares whole seconds", needs="windows")
def microsecond(reading: Reading) -> None:
    tick = datetime.timedelta(microseconds=1)
    moments = [START + DAY + tick * count for count in range(3)]
    found: list[dict[str, Any]] = [
        {**row(number), "at": moment, "instant": moment.replace(tzinfo=datetime.UTC)}
        for number, moment in enumerate(moments)
    ]
    parameters = reading.place.table(table(found))
    for column in ("at", "instant"):
        low, middle, high = [one[column] for one in found]
        assert reading.ids(parameters, window_of(table(found), column, low, high)) == [0, 1], column
        assert reading.ids(parameters, window_of(table(found), column, middle, high)) == [1], column
        after = window_of(table(found), column, low, high, inclusive=False)
        assert reading.ids(parameters, after) == [1], column


@rules.rule(
    "an empty window is no row, with the columns", "forgets the columns of an empty window", needs="windows"
)
def empty(reading: Reading) -> None:
    parameters = reading.place.table(days())
    whole = reading.read(parameters)
    staged = reading.read(parameters, window_of(days(), "day", row(50)["day"], row(60)["day"]))
    assert staged.query("SELECT count(*) FROM t") == [(0,)]
    assert staged.schema() == whole.schema()


@rules.rule(
    "a column is described: its type, its greatest number, how many rows have no value",
    "counts no missing values",
    needs="windows",
)
def described(reading: Reading) -> None:
    parameters = reading.place.table(days())
    kinds = dict(zip(CURSORS, ("integer", "date", "timestamp", "timestamptz"), strict=True))
    for column, kind in kinds.items():
        found = reading.describe(parameters, column)
        greatest = "10" if column == "id" else None
        assert (found.column, found.type, found.max, found.nulls) == (column, kind, greatest, 1)


@rules.rule(
    "a column that is not there, or has no windows, is told by its name",
    "takes any column",
    needs="windows",
)
def wrong_column(reading: Reading) -> None:
    parameters = reading.place.table(days())
    for column, says in (("dya", "did you mean `day`"), ("note", "`note` is ")):
        with pytest.raises(ConfigError, match=says):
            reading.describe(parameters, column)
        window = {**window_of(days(), "day", None, row(5)["day"]), "column": column}
        failed = reading.fails(parameters, window)
        assert failed.type == "ConfigError"
        assert says in failed.message


@rules.rule("a column that is of another type by now is told", "reads numbers for days", needs="windows")
def other_type(reading: Reading) -> None:
    parameters = reading.place.table(days())
    window = {**window_of(days(), "day", None, row(5)["day"]), "column": "at"}
    failed = reading.fails(parameters, window)
    assert (failed.type, "the window is of type date" in failed.message) == ("ConfigError", True)

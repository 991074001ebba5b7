"""Splits a query into conditions that, together, hold of every row exactly once."""

from __future__ import annotations

import datetime

import pyarrow as pa

from beam_pipeline.modules.source.mysql.columns.names import quoted
from beam_pipeline.modules.source.mysql.columns.types import Column
from beam_pipeline.modules.source.mysql.connection.client import Client
from beam_pipeline.reading import columns as reading

_EPOCH = datetime.datetime(1970, 1, 1)
# Of a key without gaps.
_RANGE_ROWS = 200_000
_MOST_RANGES = 500
_ENDS = {
    "integer": "MIN({0}), MAX({0})",
    # Dates like 0000-00-00 are before all others, so the first range has them.
    "time": (
        "TIMESTAMPDIFF(SECOND, '1970-01-01', MIN(CASE WHEN {0} >= '0001-01-01' THEN {0} END)), "
        "TIMESTAMPDIFF(SECOND, '1970-01-01', MAX({0}))"
    ),
}


def column_of(columns: list[Column], name: str, path: str) -> Column:
    """Finds the column to split by.

    Raises:
        ConfigError: There is none of that name, or its type has no ranges.
    """
    allowed = "an integer, a date, a datetime or a timestamp"
    return reading.split_column(columns, name, path, _kind, allowed)


def by_column(client: Client, query: str, column: Column, parts: int | None, workers: int) -> list[str]:
    """Splits by equal ranges between the least and the greatest value.

    Args:
        client: To ask for them.
        query: Whose rows.
        column: One of `column_of`.
        parts: How many ranges; None where that follows from the column and the workers.
        workers: How many read at a time.
    """
    kind = _kind(column)
    name = quoted(column.name)
    ((low, high),) = client.ask(f"SELECT {_ENDS[kind or ''].format(name)} FROM ({query}\n) AS beamline_query")
    if low is None or high is None:
        return [""]
    low, high = int(low), int(high)
    few = workers * 4
    wanted = max(few, min((high - low) // _RANGE_ROWS, _MOST_RANGES)) if kind == "integer" else few
    parts = min(parts or wanted, high - low + 1)
    numbers = sorted({low + (high - low + 1) * part // parts for part in range(1, parts)})
    bounds = [
        str(number) if kind == "integer" else f"'{_EPOCH + datetime.timedelta(seconds=number)}'"
        for number in numbers
    ]
    return reading.conditions(name, bounds)


def _kind(column: Column) -> str | None:
    kind = None if column.mapping is None else column.mapping.arrow
    if kind is not None and pa.types.is_integer(kind):
        return "integer"
    return "time" if kind is not None and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)) else None

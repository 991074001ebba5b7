"""The rows that the rules put into places."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa

START = datetime.datetime(2026, 1, 1)
DAY = datetime.timedelta(days=1)
# The columns that rows can be read by, in windows.
CURSORS = ("id", "day", "at", "instant")

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("day", pa.date32()),
        ("at", pa.timestamp("us")),
        ("instant", pa.timestamp("us", tz="UTC")),
        ("note", pa.string()),
    ]
)


def row(number: int, note: str | None = 'é, "it\'s"\n') -> dict[str, Any]:
    """The row of a number: a day, and the same day as a moment."""
    moment = START + (number - 1) * DAY
    return {
        "id": number,
        "day": moment.date(),
        "at": moment,
        "instant": moment.replace(tzinfo=datetime.UTC),
        "note": note,
    }


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """The rows as a table."""
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def days() -> pa.Table:
    """Rows 1 to 10, the third twice, one behind them that has a note only, and one without a note."""
    rows = [row(number) for number in range(1, 11)]
    nothing = dict.fromkeys(SCHEMA.names)
    return table([*rows, row(3), {**nothing, "note": "nothing"}, row(0, None)])

"""Chooses, renames, casts and computes columns."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.sql import exact_cast
from running import InProcess, Staged, plan_of

TABLE = pa.table(
    {
        "id": [1, 2],
        "name": ["x", None],
        "amount": [1.5, 2.25],
        "at": pa.array([0, 86_400_000_000], pa.timestamp("us")),
    }
)


@pytest.fixture
def run(tmp_path: Path, in_process: InProcess) -> Any:
    """Runs one `select` step over a table."""

    def go(table: Any = TABLE, **parameters: Any) -> Staged:
        pq.write_table(table, tmp_path / "a.parquet")
        source = {"module": "files", "path": str(tmp_path / "a.parquet")}
        return in_process.run(
            plan_of({"a": source}, {"s": {"module": "select", "inputs": ["a"], **parameters}})
        )

    return go


def test_everything_at_once(run: Any) -> None:
    staged = run(
        columns=["amount", "id"],
        rename={"id": "order_id"},
        cast={"amount": "decimal(9,2)", "at": "date"},
        constants={"source": "shop", "version": 1, "rate": 0.5, "test": False},
        computed={"double": "amount * 2 -- twice", "label": "coalesce(name, 'none')", "day": '"at"'},
    )
    assert staged.schema() == {
        "amount": "decimal128(9, 2)", "order_id": "int64", "source": "string", "version": "int64", "rate": "double",
        "test": "bool", "double": "decimal128(18, 2)", "label": "string", "day": "date32[day]",
    }  # fmt: skip
    assert staged.query("FROM t ORDER BY order_id") == [
        (Decimal("1.50"), 1, "shop", 1, 0.5, False, Decimal("3.00"), "x", datetime.date(1970, 1, 1)),
        (Decimal("2.25"), 2, "shop", 1, 0.5, False, Decimal("4.50"), "none", datetime.date(1970, 1, 2)),
    ]
    step = staged.manifest["steps"]["s"]
    assert (step["row_wise"], step["rows_in"], step["rows_out"]) == (True, 2, 2)


def test_columns_swap_their_names(run: Any) -> None:
    staged = run(drop=["at", "amount"], rename={"id": "name", "name": "id"})
    assert staged.query("FROM t ORDER BY name") == [(1, "x"), (2, None)]
    assert staged.schema() == {"name": "int64", "id": "string"}


TIME = pa.time64("us")
STAMP = pa.timestamp("us")
ZONED = pa.timestamp("us", "UTC")
UUID = "00010203-0405-0607-0809-0a0b0c0d0e0f"


@pytest.mark.parametrize(
    ("values", "target", "expected"),
    [
        (pa.array([1, None]), pa.int8(), pa.array([1, None], pa.int8())),
        (pa.array([5, None]), pa.decimal128(9, 2), pa.array([Decimal("5.00"), None], pa.decimal128(9, 2))),
        (pa.array([2.0]), pa.int64(), pa.array([2])),
        (pa.array([0.5]), pa.decimal128(9, 2), pa.array([Decimal("0.50")], pa.decimal128(9, 2))),
        (pa.array([Decimal("1.20")]), pa.decimal128(9, 1), pa.array([Decimal("1.2")], pa.decimal128(9, 1))),
        (pa.array([1, 0]), pa.bool_(), pa.array([True, False])),
        (pa.array([0], STAMP), pa.date32(), pa.array([0], pa.int32()).view(pa.date32())),
        (pa.array([0], STAMP), ZONED, pa.array([0], ZONED)),
        (pa.array([0.1]), pa.float32(), pa.array([0.1], pa.float32())),
        (pa.array(["10:00:00.5", None]), TIME, pa.array([36_000_500_000, None]).view(TIME)),
        (pa.array(["+7", "007"]), pa.int64(), pa.array([7, 7])),
        (pa.array([UUID, None]), pa.uuid(), pa.array([bytes(range(16)), None], pa.uuid())),
        (pa.array([bytes(range(16)), None], pa.uuid()), pa.string(), pa.array([UUID, None])),
        (pa.array(["[1]"]), pa.json_(), pa.array(["[1]"], pa.json_())),
        (pa.array(["[1]"], pa.json_()), pa.string(), pa.array(["[1]"])),
        (pa.array([1.5, None]), pa.string(), pa.array(["1.5", None])),
    ],
)  # fmt: skip
def test_an_exact_cast(values: Any, target: Any, expected: Any) -> None:
    assert exact_cast.cast(values, target).equals(expected)


@pytest.mark.parametrize(
    ("good", "bad", "source", "target"),
    [
        (1, 300, pa.int64(), pa.int8()),
        (1, 2**53 + 1, pa.int64(), pa.float64()),
        (1, -1, pa.int64(), pa.uint64()),
        (0, 2, pa.int64(), pa.bool_()),
        (1, 10**8, pa.int64(), pa.decimal128(9, 2)),
        (0.5, 0.125, pa.float64(), pa.decimal128(9, 2)),
        (1.0, float("nan"), pa.float64(), pa.int64()),
        (1.0, 1e300, pa.float64(), pa.float32()),
        (Decimal("1.20"), Decimal("1.25"), pa.decimal128(9, 2), pa.decimal128(9, 1)),
        (0, 1, STAMP, pa.date32()),
        ("1", "0x10", pa.string(), pa.int64()),
        ("1", " 1", pa.string(), pa.int64()),
        ("1", "1e400", pa.string(), pa.float64()),
        ("1.25", "1.255", pa.string(), pa.decimal128(9, 2)),
        ("2024-02-29", "2023-02-29", pa.string(), pa.date32()),
        ("2024-01-01", "2024-01-01T00:00:00Z", pa.string(), STAMP),
        ("2024-01-01T00:00:00Z", "2024-01-01", pa.string(), ZONED),
        ("10:00", "25:00", pa.string(), TIME),
        ("true", "yes", pa.string(), pa.bool_()),
        (UUID, UUID[:-1], pa.string(), pa.uuid()),
        ("{}", "{", pa.string(), pa.json_()),
        (b"x", b"\xff", pa.binary(), pa.string()),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_found(good: Any, bad: Any, source: Any, target: Any) -> None:
    values = pa.array([good, None, good, bad, good, bad], source)
    exact_cast.cast(values.slice(0, 3), target)
    with pytest.raises(exact_cast.InexactError) as raised:
        exact_cast.cast(values, target)
    assert raised.value.index == 3

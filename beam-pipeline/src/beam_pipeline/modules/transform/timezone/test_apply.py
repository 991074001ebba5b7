"""Turns columns of local times into instants, and back: values and types, and what is refused."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.errors import ConfigError, DataError
from running import InProcess, Staged, plan_of

moment = datetime.datetime

TABLE = pa.table(
    {
        "id": [1, 2, 3, 4],
        "local": pa.array(
            [moment(2026, 7, 1, 12), moment(1969, 12, 31, 23, 59, 59, 999_999), None, moment(9999, 12, 31, 23, 59)],
            pa.timestamp("us"),
        ),
        "at": pa.array(
            [moment(2026, 7, 1, 12), moment(1969, 12, 31, 23, 59, 59, 999_999), None, moment(9999, 12, 31, 14, 59)],
            pa.timestamp("us", "UTC"),
        ),
        "day": pa.array([datetime.date(2026, 7, 1), None, None, None]),
    }
)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, in_process: InProcess) -> Any:
    """Runs one step over a table."""

    def go(module: str = "timezone", table: Any = TABLE, timezone: str = "UTC", **parameters: Any) -> Staged:
        pq.write_table(table, tmp_path / "a.parquet")
        source = {"module": "files", "path": str(tmp_path / "a.parquet")}
        step = {"module": module, "inputs": ["a"], **parameters}
        return in_process.run(plan_of({"a": source}, {"s": step}, timezone=timezone))

    return go


def column(staged: Staged, name: str) -> list[str | None]:
    """The values of a column in the order of `id`, as text; instants in UTC."""
    return [row[0] for row in staged.query(f'SELECT "{name}"::text FROM t ORDER BY id')]


@pytest.mark.parametrize(
    ("name", "change", "kind", "values"),
    [
        ("local", {"from": "Asia/Tokyo"}, "timestamp[us, tz=UTC]", ["2026-07-01 03:00:00+00", "1969-12-31 14:59:59.999999+00", None, "9999-12-31 14:59:00+00"]),
        ("local", {}, "timestamp[us, tz=UTC]", ["2026-07-01 10:00:00+00", "1969-12-31 22:59:59.999999+00", None, "9999-12-31 22:59:00+00"]),
        ("local", {"from": "Asia/Tokyo", "to": "Europe/Berlin"}, "timestamp[us]", ["2026-07-01 05:00:00", "1969-12-31 15:59:59.999999", None, "9999-12-31 15:59:00"]),
        ("at", {"to": "Asia/Tokyo"}, "timestamp[us]", ["2026-07-01 21:00:00", "1970-01-01 08:59:59.999999", None, "9999-12-31 23:59:00"]),
        ("at", {"to": "America/New_York"}, "timestamp[us]", ["2026-07-01 08:00:00", "1969-12-31 18:59:59.999999", None, "9999-12-31 09:59:00"]),
    ],
)  # fmt: skip
def test_a_change(name: str, change: Any, kind: str, values: Any, run: Any) -> None:
    staged = run(timezone="Europe/Berlin", columns={name: change})
    assert column(staged, name) == values
    before = {"id": "int64", "local": "timestamp[us]", "at": "timestamp[us, tz=UTC]", "day": "date32[day]"}
    assert staged.schema() == before | {name: kind}
    step = staged.manifest["steps"]["s"]
    assert (step["row_wise"], step["rows_in"], step["rows_out"]) == (True, 4, 4)


HOURS = pa.table({"id": [1, 2], "v": pa.array([moment(2026, 10, 25, 2, 30), moment(2026, 3, 29, 2, 30)], pa.timestamp("us"))})  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "first"),
    [("earliest", "2026-10-25 00:30:00+00"), ("latest", "2026-10-25 01:30:00+00")],
)
def test_the_rules_decide(rule: str, first: str, run: Any) -> None:
    columns = {"v": {"from": "Europe/Berlin"}}
    staged = run(table=HOURS, columns=columns, ambiguous=rule, nonexistent="shift_forward")
    assert column(staged, "v") == [first, "2026-03-29 01:00:00+00"]


def test_an_unknown_zone_of_the_pipeline(run: Any) -> None:
    with pytest.raises(ConfigError, match=r"timezone  `\+09:00` is no time zone"):
        run(timezone="+09:00", columns={"local": {}})


def test_nothing_is_shifted_unless_a_step_says_so(run: Any) -> None:
    """Other transforms, in a pipeline of another zone than UTC."""
    steps: dict[str, dict[str, Any]] = {
        "select": {"rename": {"day": "d"}},
        "sql": {"sql": "FROM a"},
        "beamsql": {"sql": "SELECT * FROM a"},
    }
    for module, parameters in steps.items():
        staged = run(module, timezone="Asia/Tokyo", **parameters)
        shown = ["2026-07-01 12:00:00", "1969-12-31 23:59:59.999999", None, "9999-12-31 23:59:00"]
        assert column(staged, "local") == shown, module
        assert column(staged, "at")[:2] == [f"{text}+00" for text in shown[:2]], module
        assert list(staged.schema().values()) == [str(kind) for kind in TABLE.schema.types], module


def test_sql_and_select_use_the_zone_where_they_need_one(run: Any) -> None:
    sql = 'SELECT id, "at"::text AS v, local::timestamptz AS w, "at"::date AS d FROM a'
    staged = run("sql", timezone="Asia/Tokyo", sql=sql)
    assert column(staged, "v")[0] == "2026-07-01 21:00:00+09"
    assert column(staged, "w")[0] == "2026-07-01 03:00:00+00"
    assert column(staged, "d")[1] == "1970-01-01"
    assert staged.schema()["w"] == "timestamp[us, tz=UTC]"
    cast = {"local": "timestamptz", "at": "timestamp", "day": "timestamptz"}
    staged = run("select", timezone="Asia/Tokyo", cast=cast, computed={"hour": 'hour("at")'})
    assert column(staged, "local") == [
        "2026-07-01 03:00:00+00", "1969-12-31 14:59:59.999999+00", None, "9999-12-31 14:59:00+00",
    ]  # fmt: skip
    assert column(staged, "at") == [
        "2026-07-01 21:00:00", "1970-01-01 08:59:59.999999", None, "9999-12-31 23:59:00",
    ]  # fmt: skip
    assert column(staged, "day")[0] == "2026-06-30 15:00:00+00"
    # An expression sees the columns after their casts.
    assert column(staged, "hour") == ["21", "8", None, "23"]


def test_a_cast_decides_nothing(run: Any) -> None:
    problem = r"column `v` holds `2026-10-25 02:30:00`, which the clocks showed twice .* a `timezone` step"
    with pytest.raises(DataError, match=problem):
        run("select", table=HOURS.slice(0, 1), timezone="Europe/Berlin", cast={"v": "timestamptz"})

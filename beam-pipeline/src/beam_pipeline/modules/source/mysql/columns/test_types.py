"""What has no counterpart, and columns as text, from a real MariaDB."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import DataError
from running import plan_of

README = Path(__file__).parents[1] / "README.md"


# Through a common table expression, which must hold the same of every type.
EVERYTHING = {"typed": {"column": "i", "type": "integer", "low": None, "low_inclusive": True, "high": "1000"}}

# As text, and only if the config asks for it: type, value as SQL, its text.
ONLY_TEXT = [
    ("DECIMAL(65,30)", "1.5", "1.5" + "0" * 29),
    ("POINT", "ST_GeomFromText('POINT(1 2)')", "POINT(1 2)"),
]


@pytest.fixture
def one_column(mysql: Any) -> Any:
    """Makes the table `typed` with one column and one row for each value, and a row of NULL."""

    def make(kind: str, values: list[Any], as_sql: bool = False) -> None:
        # Any date, and a time zone that must not show in what is read.
        mysql.execute("SET sql_mode = '', time_zone = '+09:00'")
        mysql.execute("DROP TABLE IF EXISTS typed")
        mysql.execute(f"CREATE TABLE typed (i INT, v {kind} NULL)")
        for place, value in enumerate(values):
            if as_sql:
                mysql.execute(f"INSERT INTO typed VALUES ({place}, {value})")
            else:
                mysql.execute("INSERT INTO typed VALUES (%s, %s)", [place, value])
        mysql.execute("INSERT INTO typed VALUES (%s, NULL)", [len(values)])

    return make


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"typed": {"module": "mysql", "profile": "my", "table": "typed", **parameters}})


@pytest.mark.parametrize(("kind", "value", "text"), ONLY_TEXT, ids=[row[0] for row in ONLY_TEXT])
def test_a_type_without_a_counterpart_is_an_error_or_text(
    kind: str, value: str, text: str, one_column: Any, in_process: Any, my_profiles: Path
) -> None:
    one_column(kind, [value], as_sql=True)
    with pytest.raises(DataError, match=r"column `v` \(.*list it in `as_text`"):
        in_process.run(source(), my_profiles)
    for windows in (None, EVERYTHING):
        staged = in_process.run(source(as_text=["v"]), my_profiles, windows=windows)
        assert staged.query("SELECT v FROM t ORDER BY i") == [(text,), (None,)]


@pytest.mark.parametrize(
    ("kind", "value", "problem", "text"),
    [
        ("DATE", "0000-00-00", r"column `v` \(DATE\) holds 0000-00-00, which is no date", "0000-00-00"),
        ("DATE", "2024-00-01", r"column `v` \(DATE\) holds 2024-00-01", "2024-00-01"),
        (
            "DATETIME",
            "0000-00-00 00:00:00",
            r"column `v` \(DATETIME\) holds 0000-00-00",
            "0000-00-00 00:00:00",
        ),
        (
            "TIMESTAMP",
            "0000-00-00 00:00:00",
            r"column `v` \(TIMESTAMP\) holds 0000-00-00",
            "0000-00-00 00:00:00",
        ),
        ("TIME", "838:59:59", r"column `v` \(TIME\) holds a time .* of 24 hours", "838:59:59"),
        ("TIME(3)", "-01:00:00.5", r"column `v` \(TIME\) holds a time that is negative", "-01:00:00.500"),
        ("TINYINT(1)", 5, r"column `v` \(TINYINT\(1\)\) holds other numbers than 0 and 1", "5"),
        ("TINYINT(1)", -128, r"column `v` \(TINYINT\(1\)\) holds other numbers than 0 and 1", "-128"),
    ],
)
def test_a_value_without_a_counterpart_is_an_error_or_text(
    kind: str, value: Any, problem: str, text: str, one_column: Any, in_process: Any, my_profiles: Path
) -> None:
    one_column(kind, [value])
    for windows in (None, EVERYTHING):
        with pytest.raises(DataError, match=problem):
            in_process.run(source(), my_profiles, windows=windows)
        staged = in_process.run(source(as_text=["v"]), my_profiles, windows=windows)
        assert staged.query("SELECT v FROM t ORDER BY i")[0] == (text,)


def test_binary_and_bits_have_a_text(one_column: Any, in_process: Any, my_profiles: Path) -> None:
    for kind, value, text in (("BLOB", b"\x00\xff", "00FF"), ("BIT(8)", 5, "101")):
        one_column(kind, [value])
        for windows in (None, EVERYTHING):
            staged = in_process.run(source(as_text=["v"]), my_profiles, windows=windows)
            assert staged.query("SELECT v FROM t ORDER BY i") == [(text,), (None,)]


def test_the_readme_lists_what_is_read_only_as_text() -> None:
    only_text = re.findall(r"^\| `([^|]+)` \| only as text \|", README.read_text(), re.MULTILINE)
    assert sorted(only_text) == sorted(row[0] for row in ONLY_TEXT)


def test_an_instant_is_read_whatever_the_zone_of_the_server(
    mysql: Any, one_column: Any, in_process: Any, my_profiles: Path
) -> None:
    """A DATETIME has no zone, and is not shifted either."""
    for kind, shown in {"TIMESTAMP": "2024-07-01 03:00:00+00", "DATETIME": "2024-07-01 12:00:00"}.items():
        one_column(kind, ["2024-07-01 12:00:00"])
        for zone in ("-05:00", "+13:00"):
            mysql.execute("SET GLOBAL time_zone = %s", [zone])
            try:
                staged = in_process.run(source(), my_profiles)
            finally:
                mysql.execute("SET GLOBAL time_zone = 'SYSTEM'")
            assert staged.query("SELECT v::varchar FROM t ORDER BY i") == [(shown,), (None,)]

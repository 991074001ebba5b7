"""Reads every row of the types table in README.md from a real MariaDB."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from beam_pipeline.errors import DataError
from running import plan_of

README = Path(__file__).with_name("README.md")


class Case(NamedTuple):
    """One type: values as SQL takes them, and as DuckDB shows them when it reads the staged file."""

    type: str
    arrow: str
    duckdb: str
    values: list[tuple[Any, str]]


LONG = "1234567890123456789012345678.0123456789"
UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
EXACT = [
    Case("TINYINT(1)", "bool", "BOOLEAN", [(1, "true"), (0, "false")]),
    Case("TINYINT", "int8", "TINYINT", [(-128, "-128"), (127, "127")]),
    Case("TINYINT UNSIGNED", "uint8", "UTINYINT", [(255, "255")]),
    Case("SMALLINT", "int16", "SMALLINT", [(-32768, "-32768"), (32767, "32767")]),
    Case("SMALLINT UNSIGNED", "uint16", "USMALLINT", [(65535, "65535")]),
    Case("MEDIUMINT", "int32", "INTEGER", [(-8388608, "-8388608")]),
    Case("MEDIUMINT UNSIGNED", "uint32", "UINTEGER", [(16777215, "16777215")]),
    Case("INT", "int32", "INTEGER", [(-(2**31), str(-(2**31))), (2**31 - 1, str(2**31 - 1))]),
    Case("INT UNSIGNED", "uint32", "UINTEGER", [(2**32 - 1, str(2**32 - 1))]),
    Case("BIGINT", "int64", "BIGINT", [(-(2**63), str(-(2**63))), (2**63 - 1, str(2**63 - 1))]),
    Case("BIGINT UNSIGNED", "uint64", "UBIGINT", [(0, "0"), (2**64 - 1, str(2**64 - 1))]),
    Case("FLOAT", "float", "FLOAT", [(1.5, "1.5"), (0.1, "0.1"), (-3e38, "-3e+38")]),
    Case("DOUBLE", "double", "DOUBLE", [(0.1, "0.1"), (1.7976931348623157e308, "1.7976931348623157e+308")]),
    Case(
        "DECIMAL(12,2)",
        "decimal128(12, 2)",
        "DECIMAL(12,2)",
        [("9999999999.99", "9999999999.99"), ("-0.01", "-0.01"), ("0", "0.00")],
    ),
    Case("DECIMAL(10,0)", "decimal128(10, 0)", "DECIMAL(10,0)", [("9999999999", "9999999999")]),
    Case(
        "DECIMAL(12,2) UNSIGNED", "decimal128(12, 2)", "DECIMAL(12,2)", [("9999999999.99", "9999999999.99")]
    ),
    Case("DECIMAL(38,10)", "decimal128(38, 10)", "DECIMAL(38,10)", [(LONG, LONG), (f"-{LONG}", f"-{LONG}")]),
    Case("BIT(1)", "bool", "BOOLEAN", [(1, "true"), (0, "false")]),
    Case("BIT(8)", "uint64", "UBIGINT", [(0b10101010, "170")]),
    Case("BIT(64)", "uint64", "UBIGINT", [(2**64 - 1, str(2**64 - 1))]),
    Case("YEAR", "int16", "SMALLINT", [(1901, "1901"), (2155, "2155"), (0, "0")]),
    Case("DATE", "date32[day]", "DATE", [("0001-01-01", "0001-01-01"), ("9999-12-31", "9999-12-31")]),
    Case(
        "DATETIME",
        "timestamp[us]",
        "TIMESTAMP",
        [("0001-01-01 00:00:00", "0001-01-01 00:00:00"), ("9999-12-31 23:59:59", "9999-12-31 23:59:59")],
    ),
    Case(
        "DATETIME(6)",
        "timestamp[us]",
        "TIMESTAMP",
        [("9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999")],
    ),
    Case(
        "TIMESTAMP(6)",
        "timestamp[us, tz=UTC]",
        "TIMESTAMP WITH TIME ZONE",
        [("2024-01-02 03:04:05.123456", "2024-01-01 18:04:05.123456+00")],
    ),
    Case(
        "TIME(6)",
        "time64[us]",
        "TIME",
        [("00:00:00", "00:00:00"), ("23:59:59.999999", "23:59:59.999999")],
    ),
    Case("CHAR(5)", "string", "VARCHAR", [("ab", "ab"), ("", "")]),
    Case("VARCHAR(20)", "string", "VARCHAR", [("😀 é 漢字", "😀 é 漢字"), ("", ""), ("a ", "a ")]),
    Case("VARCHAR(20) CHARACTER SET latin1", "string", "VARCHAR", [("Zoë", "Zoë")]),
    Case("TEXT", "string", "VARCHAR", [('a,"b"\nc\\N', 'a,"b"\nc\\N')]),
    Case("LONGTEXT", "string", "VARCHAR", [("x" * 100_000, "x" * 100_000)]),
    Case("ENUM('a','o''k')", "string", "VARCHAR", [("o'k", "o'k")]),
    Case("SET('a','b')", "string", "VARCHAR", [("a,b", "a,b"), ("", "")]),
    Case("JSON", "string", "VARCHAR", [('{"b": 1, "a":[1.10]}', '{"b": 1, "a":[1.10]}')]),
    Case("BINARY(4)", "binary", "BLOB", [(b"ab", "ab\\x00\\x00")]),
    Case("VARBINARY(4)", "binary", "BLOB", [(b"\x00\xff\n", "\\x00\\xFF\\x0A"), (b"", "")]),
    Case("BLOB", "binary", "BLOB", [(b"\x00\xff", "\\x00\\xFF")]),
    Case("UUID", "string", "VARCHAR", [(UUID, UUID)]),
    Case("INET6", "string", "VARCHAR", [("::1", "::1")]),
]

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


@pytest.mark.parametrize("case", EXACT, ids=[case.type for case in EXACT])
def test_a_type_arrives_exactly(case: Case, one_column: Any, in_process: Any, my_profiles: Path) -> None:
    one_column(case.type, [value for value, _ in case.values])
    for windows in (None, EVERYTHING):
        staged = in_process.run(source(), my_profiles, windows=windows)
        assert staged.schema()["v"] == case.arrow
        assert dict(row[:2] for row in staged.query("DESCRIBE t"))["v"] == case.duckdb
        shown = [row[0] for row in staged.query("SELECT v::varchar FROM t ORDER BY i")]
        assert shown == [*[text for _, text in case.values], None]


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


def test_the_readme_lists_exactly_the_tested_types() -> None:
    rows = re.findall(r"^\| `([^|]+)` \| `([^|]+)` \| `([^|]+)` \|", README.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted((case.type, case.arrow, case.duckdb) for case in EXACT)
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

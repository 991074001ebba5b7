"""Reads every row of the types table in README.md from a real server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from beam_pipeline.errors import DataError
from running import plan_of

README = Path(__file__).with_name("README.md")


class Case(NamedTuple):
    """One type: values as SQL writes them, and as DuckDB shows them when it reads the staged file."""

    type: str
    arrow: str
    duckdb: str
    values: dict[str, str]


LONG = "1234567890123456789012345678.0123456789"
EXACT = [
    Case("boolean", "bool", "BOOLEAN", {"true": "true", "false": "false"}),
    Case("smallint", "int16", "SMALLINT", {"-32768": "-32768", "32767": "32767"}),
    Case("integer", "int32", "INTEGER", {"-2147483648": "-2147483648", "2147483647": "2147483647"}),
    Case(
        "bigint",
        "int64",
        "BIGINT",
        {"-9223372036854775808": "-9223372036854775808", "9223372036854775807": "9223372036854775807"},
    ),
    Case("oid", "uint32", "UINTEGER", {"4294967295": "4294967295"}),
    Case(
        "real",
        "float",
        "FLOAT",
        {"1.5": "1.5", "NaN": "nan", "infinity": "inf", "-infinity": "-inf", "1e-45": "1e-45"},
    ),
    Case(
        "double precision",
        "double",
        "DOUBLE",
        {
            "0.1": "0.1",
            "NaN": "nan",
            "infinity": "inf",
            "-infinity": "-inf",
            "1.7976931348623157e308": "1.7976931348623157e+308",
        },
    ),
    Case(
        "numeric(12,2)",
        "decimal128(12, 2)",
        "DECIMAL(12,2)",
        {"9999999999.99": "9999999999.99", "-0.01": "-0.01", "0": "0.00"},
    ),
    Case("numeric(38,10)", "decimal128(38, 10)", "DECIMAL(38,10)", {LONG: LONG, f"-{LONG}": f"-{LONG}"}),
    Case("text", "string", "VARCHAR", {"": "", "😀 é 漢字": "😀 é 漢字", 'a,"b"\nc\\N': 'a,"b"\nc\\N'}),
    Case("varchar(20)", "string", "VARCHAR", {"": "", "Zoë": "Zoë"}),
    Case("char(4)", "string", "VARCHAR", {"ab": "ab  ", "": "    "}),
    Case('"char"', "string", "VARCHAR", {"a": "a"}),
    Case("name", "string", "VARCHAR", {"pg_class": "pg_class"}),
    Case("citext", "string", "VARCHAR", {"Ab": "Ab"}),
    Case("test_mood", "string", "VARCHAR", {"sad": "sad", "o'k": "o'k"}),
    Case("bytea", "binary", "BLOB", {"\\x": "", "\\x00ff0a5c": "\\x00\\xFF\\x0A\\x5C"}),
    Case(
        "date",
        "date32[day]",
        "DATE",
        {
            "0001-01-01": "0001-01-01",
            "9999-12-31": "9999-12-31",
            "0044-03-15 BC": "0044-03-15 (BC)",
            "infinity": "infinity",
            "-infinity": "-infinity",
        },
    ),
    Case(
        "time",
        "time64[us]",
        "TIME",
        {"00:00:00": "00:00:00", "23:59:59.999999": "23:59:59.999999", "24:00:00": "24:00:00"},
    ),
    Case(
        "timestamp",
        "timestamp[us]",
        "TIMESTAMP",
        {
            "0001-01-01 00:00:00": "0001-01-01 00:00:00",
            "9999-12-31 23:59:59.999999": "9999-12-31 23:59:59.999999",
            "2024-02-29 12:00:00.000001": "2024-02-29 12:00:00.000001",
            "0044-03-15 12:00:00 BC": "0044-03-15 (BC) 12:00:00",
            "infinity": "infinity",
            "-infinity": "-infinity",
        },
    ),
    Case(
        "timestamptz",
        "timestamp[us, tz=UTC]",
        "TIMESTAMP WITH TIME ZONE",
        {
            "2024-01-02 03:04:05.123456+09": "2024-01-01 18:04:05.123456+00",
            "0001-01-01 00:00:00+00": "0001-01-01 00:00:00+00",
            "9999-12-31 23:59:59.999999+00": "9999-12-31 23:59:59.999999+00",
            "infinity": "infinity",
            "-infinity": "-infinity",
        },
    ),
    Case("json", "extension<arrow.json>", "JSON", {'{"b": 1, "a":[1.10]}': '{"b": 1, "a":[1.10]}'}),
    Case("jsonb", "extension<arrow.json>", "JSON", {'{"a":[1.10,null]}': '{"a": [1.10, null]}'}),
    Case(
        "uuid",
        "extension<arrow.uuid>",
        "UUID",
        {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    ),
    Case("xml", "string", "VARCHAR", {"<a>é</a>": "<a>é</a>"}),
    Case("inet", "string", "VARCHAR", {"10.0.0.1": "10.0.0.1/32", "10.0.0.1/8": "10.0.0.1/8"}),
    Case("cidr", "string", "VARCHAR", {"10.0.0.0/8": "10.0.0.0/8"}),
    Case("macaddr", "string", "VARCHAR", {"08:00:2b:01:02:03": "08:00:2b:01:02:03"}),
    Case("macaddr8", "string", "VARCHAR", {"08:00:2b:01:02:03:04:05": "08:00:2b:01:02:03:04:05"}),
    Case("bit(4)", "string", "VARCHAR", {"1010": "1010"}),
    Case("varbit", "string", "VARCHAR", {"10101": "10101", "": ""}),
    Case("test_amount", "decimal128(8, 3)", "DECIMAL(8,3)", {"1.5": "1.500"}),
    Case("integer[]", "list<item: int32>", "INTEGER[]", {"{1,NULL,3}": "[1, NULL, 3]", "{}": "[]"}),
    Case("text[]", "list<item: string>", "VARCHAR[]", {'{a,"b c"}': "[a, b c]", "{NULL}": "[NULL]"}),
    Case(
        "numeric(8,2)[]",
        "list<item: decimal128(8, 2)>",
        "DECIMAL(8,2)[]",
        {"{1.25,NULL}": "[1.25, NULL]"},
    ),
    Case(
        "date[]",
        "list<item: date32[day]>",
        "DATE[]",
        {"{2024-01-01,infinity,NULL}": "[2024-01-01, infinity, NULL]"},
    ),
    Case(
        "timestamptz[]",
        "list<item: timestamp[us, tz=UTC]>",
        "TIMESTAMP WITH TIME ZONE[]",
        {"{2024-01-01 00:00:00+00,-infinity}": "['2024-01-01 00:00:00+00', -infinity]"},
    ),
    Case(
        "uuid[]",
        "list<item: extension<arrow.uuid>>",
        "UUID[]",
        {"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}": "[a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11]"},
    ),
    Case("inet[]", "list<item: string>", "VARCHAR[]", {"{10.0.0.1}": "[10.0.0.1/32]"}),
    Case("test_mood[]", "list<item: string>", "VARCHAR[]", {"{sad}": "[sad]"}),
]

# As text, and only if the config asks for it: type, value, its text.
ONLY_TEXT = [
    ("numeric", "1e40", "1" + "0" * 40),
    ("numeric(50,2)", "1.5", "1.50"),
    ("interval", "1 mon 2 days 03:00:00.5", "1 mon 2 days 03:00:00.5"),
    ("timetz", "03:04:05+09", "03:04:05+09"),
    ("money", "12.30", "$12.30"),
    ("int4range", "[1,5)", "[1,5)"),
    ("int4multirange", "{[1,5)}", "{[1,5)}"),
    ("point", "(1,2)", "(1,2)"),
    ("box", "(2,2),(1,1)", "(2,2),(1,1)"),
    ("polygon", "((0,0),(1,1),(1,0))", "((0,0),(1,1),(1,0))"),
    ("circle", "<(1,2),3>", "<(1,2),3>"),
    ("hstore", "a=>1", '"a"=>"1"'),
    ("test_pair", "(1,x)", "(1,x)"),
    ("tsvector", "a b", "'a' 'b'"),
    ("pg_lsn", "16/B374D848", "16/B374D848"),
    ("interval[]", "{1 day}", '{"1 day"}'),
]


@pytest.fixture
def one_column(sql: Any) -> Any:
    """Makes the table `typed` with one column and one row for each value, and a row of NULL."""
    sql.execute(
        """
        CREATE EXTENSION IF NOT EXISTS citext; CREATE EXTENSION IF NOT EXISTS hstore;
        DROP TABLE IF EXISTS typed; DROP TYPE IF EXISTS test_mood, test_pair;
        DROP DOMAIN IF EXISTS test_amount;
        CREATE TYPE test_mood AS ENUM ('sad', 'o''k'); CREATE TYPE test_pair AS (a int, b text);
        CREATE DOMAIN test_amount AS numeric(8, 3) CHECK (value > 0);
        -- A server that was built without libxml has the type xml and lacks only its parser.
        CREATE OR REPLACE FUNCTION as_xml(cstring) RETURNS xml LANGUAGE internal AS 'textin';
        """
    )

    def make(kind: str, values: list[str]) -> None:
        sql.execute(f"CREATE TABLE typed (i int, v {kind})")
        for place, value in enumerate(values):
            parsed = "as_xml(%s::cstring)" if kind == "xml" else "%s"
            sql.execute(f"INSERT INTO typed VALUES (%s, {parsed})", [place, value])
        sql.execute("INSERT INTO typed VALUES (%s, NULL)", [len(values)])

    return make


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"typed": {"module": "postgres", "profile": "pg", "table": "typed", **parameters}})


@pytest.mark.parametrize("case", EXACT, ids=[case.type for case in EXACT])
def test_a_type_arrives_exactly(case: Case, one_column: Any, in_process: Any, profiles: Path) -> None:
    one_column(case.type, list(case.values))
    staged = in_process.run(source(), profiles)
    assert staged.schema()["v"] == case.arrow
    assert dict(row[:2] for row in staged.query("DESCRIBE t"))["v"] == case.duckdb
    shown = [row[0] for row in staged.query("SELECT v::varchar FROM t ORDER BY i")]
    assert shown == [*case.values.values(), None]


@pytest.mark.parametrize(("kind", "value", "text"), ONLY_TEXT, ids=[row[0] for row in ONLY_TEXT])
def test_a_type_without_a_counterpart_is_an_error_or_text(
    kind: str, value: str, text: str, one_column: Any, in_process: Any, profiles: Path
) -> None:
    one_column(kind, [value])
    with pytest.raises(DataError, match=r"column `v` \(.*list it in `as_text`"):
        in_process.run(source(), profiles)
    staged = in_process.run(source(as_text=["v"]), profiles)
    assert staged.schema()["v"] == "string"
    assert staged.query("SELECT v FROM t ORDER BY i") == [(text,), (None,)]


PRINTED = [
    ("boolean", "true", "t"),
    ("char(4)", "ab", "ab  "),
    ("inet", "10.0.0.1", "10.0.0.1"),
    ("interval", "-1 mon +2 days -03:00", "-1 mons +2 days -03:00:00"),
    ("test_pair", "(,)", "(,)"),
    ("date", "0044-03-15 BC", "0044-03-15 BC"),
    ("timestamp", "infinity", "infinity"),
    ("time", "24:00:00", "24:00:00"),
    ("double precision", "-0", "-0"),
    ("numeric", "NaN", "NaN"),
    ("json", '{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
    ("jsonb", "null", "null"),
    ("integer[]", "[3:4]={1,2}", "[3:4]={1,2}"),
    ("text[]", '{"NULL",NULL}', '{"NULL",NULL}'),
]


@pytest.mark.parametrize(("kind", "value", "text"), PRINTED, ids=[row[0] for row in PRINTED])
def test_as_text_is_what_the_server_prints(
    kind: str, value: str, text: str, one_column: Any, in_process: Any, profiles: Path
) -> None:
    one_column(kind, [value])
    staged = in_process.run(source(as_text=["v"]), profiles)
    assert staged.query("SELECT v FROM t ORDER BY i") == [(text,), (None,)]


def test_as_text_follows_the_settings_of_the_database(
    sql: Any, one_column: Any, in_process: Any, profiles: Path, postgres: dict[str, Any]
) -> None:
    one_column("interval", ["1 mon 2 days 03:00:00.5"])
    sql.execute(
        "ALTER TABLE typed ADD COLUMN d date DEFAULT '2024-03-15', ADD COLUMN b bytea DEFAULT '\\x00'"
    )
    name = postgres["database"]
    settings = {"intervalstyle": "sql_standard", "datestyle": "German", "bytea_output": "escape"}
    try:
        for setting, value in settings.items():
            sql.execute(f"ALTER DATABASE {name} SET {setting} TO '{value}'")
        staged = in_process.run(
            source(as_text=["v", "d", "b"], partition={"column": "i", "parts": 2}), profiles
        )
        typed = in_process.run(source(as_text=["v"], partition={"column": "d", "parts": 2}), profiles)
    finally:
        for setting in settings:
            sql.execute(f"ALTER DATABASE {name} RESET {setting}")
    shown = staged.query("SELECT v, d, b FROM t ORDER BY i")
    assert shown == [("+0-1 +2 +3:00:00.5", "15.03.2024", "\\000"), (None, "15.03.2024", "\\000")]
    assert typed.query("SELECT d::varchar FROM t") == [("2024-03-15",), ("2024-03-15",)]


def test_the_readme_lists_exactly_the_tested_types() -> None:
    rows = re.findall(r"^\| `([^|]+)` \| `([^|]+)` \| `([^|]+)` \|", README.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted((case.type, case.arrow, case.duckdb) for case in EXACT)
    only_text = re.findall(r"^\| `([^|]+)` \| only as text \|", README.read_text(), re.MULTILINE)
    assert sorted(only_text) == sorted(row[0] for row in ONLY_TEXT)


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("numeric(12,2)", "NaN", r"column `v` \(numeric\(12,2\)\) holds NaN"),
        ("numeric(12,2)[]", "{1,NaN}", r"column `v` \(numeric\(12,2\)\[\]\) holds NaN"),
        ("timestamp", "294276-01-01", r"column `v` .* after the year 294246"),
        ("integer[]", "{{1,2},{3,4}}", r"column `v` .* more than one dimension"),
        ("integer[]", "[3:4]={1,2}", r"does not begin at index 1"),
    ],
)
def test_a_value_without_a_counterpart_is_an_error(
    kind: str, value: str, problem: str, one_column: Any, in_process: Any, profiles: Path
) -> None:
    one_column(kind, [value])
    with pytest.raises(DataError, match=problem):
        in_process.run(source(), profiles)
    staged = in_process.run(source(as_text=["v"]), profiles)
    assert staged.schema()["v"] == "string"


def test_scales_that_parquet_cannot_name_are_widened(
    one_column: Any, in_process: Any, profiles: Path
) -> None:
    one_column("numeric(3,-2)", ["12345"])
    staged = in_process.run(source(), profiles)
    assert staged.schema()["v"] == "decimal128(5, 0)"
    assert staged.query("SELECT v::varchar FROM t ORDER BY i")[0] == ("12300",)


def test_a_column_of_nulls_only_keeps_its_type(one_column: Any, in_process: Any, profiles: Path) -> None:
    one_column("timestamptz", [])
    staged = in_process.run(source(), profiles)
    assert staged.schema()["v"] == "timestamp[us, tz=UTC]"
    assert staged.query("SELECT v FROM t") == [(None,)]


def test_text_that_is_no_utf8_is_an_error(
    sql: Any, postgres: dict[str, Any], in_process: Any, tmp_path: Path
) -> None:
    """A database of the encoding SQL_ASCII takes any bytes for text; the server checks what it sends."""
    if sql.execute("SELECT 1 FROM pg_database WHERE datname = 'any_bytes'").fetchone() is None:
        sql.execute("CREATE DATABASE any_bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    profiles = tmp_path / "any.json"
    profiles.write_text(json.dumps({"pg": {**postgres, "database": "any_bytes"}}))
    plan = plan_of({"any": {"module": "postgres", "profile": "pg", "query": r"SELECT E'Zo\xc3\xab' AS v"}})
    assert in_process.run(plan, profiles).query("FROM t") == [("Zoë",)]
    plan["sources"][0]["parameters"]["query"] = r"SELECT E'Zo\xeb' AS v"
    with pytest.raises(DataError, match="invalid byte sequence for encoding"):
        in_process.run(plan, profiles)

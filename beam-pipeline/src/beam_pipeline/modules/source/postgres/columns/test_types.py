"""What has no counterpart, and columns as text, from a real server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import DataError
from running import plan_of

README = Path(__file__).parents[1] / "README.md"


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


def test_the_readme_lists_what_is_read_only_as_text() -> None:
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

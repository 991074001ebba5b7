"""Runs SQL in Beam SQL's dialect: values and types, the reference's example, mistakes at their place."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.errors import ConfigError, DataError, SqlError
from beam_pipeline.modules.transform.beamsql.translate import translate
from beam_pipeline.sql_engine.query import Query
from running import InProcess, Staged, plan_of

date, moment = datetime.date, datetime.datetime

TABLE = pa.table(
    {
        "id": pa.array([7, -7, None], pa.int64()),
        "i": pa.array([2, 2, 2], pa.int32()),
        "x": [2.5, -2.5, None],
        "dec": pa.array([Decimal("2.50"), None, Decimal("-0.75")], pa.decimal128(9, 2)),
        "s": ["ab cd", None, "Zz"],
        "d": [date(2026, 1, 31), None, date(2026, 11, 22)],
        "ts": pa.array([moment(2026, 1, 31, 10, 30), None, moment(1960, 5, 5)], pa.timestamp("us")),
        "tz": pa.array([moment(2026, 1, 31, 20, 30), None, moment(1960, 5, 5)], pa.timestamp("us", "UTC")),
        "arr": [[1, 2], None, []],
        "b": [True, None, False],
        "order": [1, 2, 3],
    }
)


def run(written: str, timezone: str = "UTC") -> Any:
    """Runs a query over the table `t`."""
    sql, origin = translate(written, "transform s", "transforms[0].parameters.sql")
    query = Query(sql, "s", "1GB", timezone, origin, "BIGINT")
    with query.open_session(threads=1) as connection:
        connection.register("t", TABLE)
        return pa.Table.from_batches(list(query.run(connection)))


@pytest.mark.parametrize(
    ("expression", "kind", "values"),
    [
        # Division and means keep the type of their arguments.
        ("id / i", "int64", [3, -3, None]),
        ("7 / 2", "int32", [3, 3, 3]),
        ("id / x", "double", [2.8, 2.8, None]),
        ("dec / i", "double", [1.25, None, -0.375]),
        ("CAST(id AS DOUBLE) / i / 2", "double", [1.75, -1.75, None]),
        ("100 * id / 3 / 2", "int64", [116, -116, None]),
        ("avg(id)", "int64", [0]),
        ("avg(i)", "int64", [2]),
        ("avg(x)", "double", [0.0]),
        ("avg(dec)", "double", [0.875]),
        ("avg(id) FILTER (WHERE id / i > 2)", "int64", [7]),
        ("avg(id) FILTER (WHERE id > 100)", "int64", [None]),
        ("avg(id) OVER (PARTITION BY i / 2)", "int64", [0, 0, 0]),
        ("sum(id) / count(*)", "int64", [0]),
        # Aggregates.
        ("count(*)", "int64", [3]),
        ("count(x)", "int64", [2]),
        ("sum(i)", "int64", [6]),
        ("sum(id) OVER (ORDER BY `order`)", "int64", [7, 0, 0]),
        ("sum(x)", "double", [0.0]),
        ("sum(dec)", "decimal128(38, 2)", [Decimal("1.75")]),
        ("max(s)", "string", ["ab cd"]),
        ("EVERY(b)", "bool", [False]),
        ("SOME(b)", "bool", [True]),
        ("count(DISTINCT i)", "int64", [1]),
        ("COUNTIF(b)", "int64", [1]),
        ("LISTAGG(s, ',') WITHIN GROUP (ORDER BY s)", "string", ["Zz,ab cd"]),
        ("VAR_POP(x)", "double", [6.25]),
        # Casts cut off.
        ("CAST(x AS INTEGER)", "int32", [2, -2, None]),
        ("CAST(dec AS BIGINT)", "int64", [2, None, 0]),
        ("CAST(9007199254740993 AS BIGINT)", "int64", [9007199254740993] * 3),
        ("CAST(CAST('12345678901234567.9' AS DECIMAL(38, 1)) AS BIGINT)", "int64", [12345678901234567] * 3),
        ("CAST('7' AS SMALLINT)", "int16", [7, 7, 7]),
        ("CAST(b AS INTEGER)", "int32", [1, None, 0]),
        ("CAST(s AS VARCHAR(2))", "string", ["ab", None, "Zz"]),
        ("CAST(id AS DECIMAL)", "decimal128(38, 9)", [Decimal(7), Decimal(-7), None]),
        ("CAST(id AS DECIMAL(5, 1))", "decimal128(5, 1)", [Decimal(7), Decimal(-7), None]),
        ("CAST(NULL AS BIGINT)", "int64", [None, None, None]),
        ("CAST(d AS TIMESTAMP)", "timestamp[us]", [moment(2026, 1, 31), None, moment(2026, 11, 22)]),
        # Rounding.
        ("FLOOR(x)", "double", [2.0, -3.0, None]),
        ("FLOOR(id / i)", "int64", [3, -3, None]),
        ("CEIL(9007199254740993)", "int64", [9007199254740993] * 3),
        ("CEIL(dec)", "decimal128(9, 2)", [Decimal(3), None, Decimal(0)]),
        ("TRUNCATE(dec, 1)", "decimal128(9, 1)", [Decimal("2.5"), None, Decimal("-0.7")]),
        ("LOG10(1000)", "double", [3.0, 3.0, 3.0]),
        ("ROUND(PI, 2)", "double", [3.14, 3.14, 3.14]),
        ("RAND_INTEGER(1)", "int32", [0, 0, 0]),
        ("- -id", "int64", [7, -7, None]),
        # Dates and moments.
        ("FLOOR(ts TO MONTH)", "timestamp[us]", [moment(2026, 1, 1), None, moment(1960, 5, 1)]),
        ("FLOOR(d TO MONTH)", "date32[day]", [date(2026, 1, 1), None, date(2026, 11, 1)]),
        ("FLOOR(MAX(ts) TO DAY)", "timestamp[us]", [moment(2026, 1, 31)]),
        ("d + INTERVAL '1' DAY", "date32[day]", [date(2026, 2, 1), None, date(2026, 11, 23)]),
        ("INTERVAL '1' MONTH + d", "date32[day]", [date(2026, 2, 28), None, date(2026, 12, 22)]),
        ("MAX(d) - INTERVAL '1' YEAR", "date32[day]", [date(2025, 11, 22)]),
        ("ts + INTERVAL '2' DAY", "timestamp[us]", [moment(2026, 2, 2, 10, 30), None, moment(1960, 5, 7)]),
        ("TIMESTAMPADD(MONTH, 1, d)", "date32[day]", [date(2026, 2, 28), None, date(2026, 12, 22)]),
        ("TIMESTAMPADD(HOUR, -1, ts)", "timestamp[us]", [moment(2026, 1, 31, 9, 30), None, moment(1960, 5, 4, 23)]),
        ("TIMESTAMPDIFF(DAY, ts, d)", "int64", [0, None, 24307]),
        ("TIMESTAMPDIFF(MONTH, DATE '2026-01-31', DATE '2026-02-28')", "int64", [1, 1, 1]),
        ("EXTRACT(DOW FROM d)", "int64", [7, None, 1]),
        ("DAYOFWEEK(d) * 2", "int64", [14, None, 2]),
        ("EXTRACT(EPOCH FROM ts)", "int64", [1769855400, None, -304819200]),
        ("YEAR(d)", "int64", [2026, None, 2026]),
        ("TIMESTAMP '9999-12-31 23:59:59'", "timestamp[us]", [moment(9999, 12, 31, 23, 59, 59)] * 3),
        ("CURRENT_TIME IS NULL", "bool", [False, False, False]),
        ("FLOOR(d TO WEEK)", "date32[day]", [date(2026, 1, 25), None, date(2026, 11, 22)]),
        ("FLOOR(ts TO WEEK)", "timestamp[us]", [moment(2026, 1, 25), None, moment(1960, 5, 1)]),
        ("TIMESTAMPADD(SQL_TSI_DAY, id, ts)", "timestamp[us]", [moment(2026, 2, 7, 10, 30), None, None]),
        ("LOCALTIMESTAMP(3) > ts AND CURRENT_TIME(0) IS NOT NULL", "bool", [True, None, True]),
        ("CURRENT_TIMESTAMP(3) > tz", "bool", [True, None, True]),
        ("CURRENT_TIMESTAMP > tz", "bool", [True, None, True]),
        # Texts.
        ("CHAR_LENGTH(s)", "int64", [5, None, 2]),
        ("POSITION('b' IN s)", "int64", [2, None, 0]),
        ("SUBSTRING(s FROM 2 FOR 2)", "string", ["b ", None, "z"]),
        ("TRIM(BOTH 'a' FROM s)", "string", ["b cd", None, "Zz"]),
        ("INITCAP(s)", "string", ["Ab Cd", None, "Zz"]),
        ("OVERLAY(s PLACING 'XX' FROM 2 FOR 1)", "string", ["aXX cd", None, "ZXX"]),
        ("OVERLAY(s PLACING 'XX' FROM 1)", "string", ["XX cd", None, "XX"]),
        ("s || 'it''s'", "string", ["ab cdit's", None, "Zzit's"]),
        ("REGEXP_LIKE(s, '^a')", "bool", [True, None, False]),
        ("TO_HEX(x'4a4B')", "string", ["4a4b"] * 3),
        ("x'4142'", "binary", [b"AB", b"AB", b"AB"]),
        # The rest.
        ("`order`", "int64", [1, 2, 3]),
        ("t.`order`", "int64", [1, 2, 3]),
        ("arr[1]", "int64", [1, None, None]),
        ("CARDINALITY(arr)", "int64", [2, None, 0]),
        ("ARRAY[1, 2]", "list<item: int32>", [[1, 2]] * 3),
        ("b IS UNKNOWN", "bool", [False, True, False]),
        ("id IS NOT DISTINCT FROM i", "bool", [False, False, False]),
        ("id BETWEEN SYMMETRIC 10 AND 1", "bool", [True, False, None]),
        ("CASE WHEN id > 0 THEN 'a' ELSE 'abc' END", "string", ["a", "abc", "abc"]),
        ("1.50", "decimal128(3, 2)", [Decimal("1.50")] * 3),
        ("tz", "timestamp[us, tz=UTC]", TABLE.column("tz").to_pylist()),
    ],
)  # fmt: skip
def test_an_expression(expression: str, kind: str, values: list[Any]) -> None:
    found = run(f"SELECT {expression} AS v FROM t")
    assert str(found.schema.field("v").type) == kind
    assert found.column("v").to_pylist() == values


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT id FROM t ORDER BY id", [(-7,), (7,), (None,)]),
        ("SELECT id FROM t ORDER BY id DESC", [(None,), (7,), (-7,)]),
        ("SELECT `order` FROM t ORDER BY x DESC FETCH NEXT 1 ROWS ONLY", [(3,)]),
        ("SELECT id / i AS k, count(*) AS `count` FROM t GROUP BY id / i ORDER BY k", [(-3, 1), (3, 1), (None, 1)]),
        ("SELECT FLOOR(ts TO YEAR) AS y FROM t WHERE ts IS NOT NULL GROUP BY FLOOR(ts TO YEAR) ORDER BY y", [(moment(1960, 1, 1),), (moment(2026, 1, 1),)]),
        ("SELECT u FROM t, UNNEST(t.arr) AS z (u) ORDER BY u", [(1,), (2,)]),
        ("WITH q AS (SELECT 1 AS a) SELECT a FROM q // the end", [(1,)]),
        ("VALUES (1, 'x')", [(1, "x")]),
        ("SELECT 1 AS `a b`, 'c `d` \"e\"' AS v -- TUMBLE(x)\n;", [(1, 'c `d` "e"')]),
        ("SELECT a.`order` FROM t AS a, t AS b WHERE a.id = b.id AND b.x > 0", [(1,)]),
        ("SELECT k FROM (SELECT id AS k, row_number() OVER (PARTITION BY i ORDER BY id) AS n FROM t) WHERE n = 1", [(-7,)]),
        ("SELECT id FROM t EXCEPT SELECT id FROM t WHERE id > 0 ORDER BY 1", [(-7,), (None,)]),
    ],
)  # fmt: skip
def test_a_query(sql: str, rows: list[Any]) -> None:
    found = run(sql)
    assert list(zip(*(column.to_pylist() for column in found.columns), strict=True)) == rows


def test_moments_are_local_in_the_time_zone_of_the_pipeline() -> None:
    sql = "SELECT CAST(tz AS VARCHAR) AS v, EXTRACT(HOUR FROM tz) AS h, FLOOR(tz TO DAY) AS d, ts FROM t LIMIT 1"
    found = run(sql, "Asia/Tokyo")
    assert found.schema.field("d").type == pa.timestamp("us", "UTC")
    # What has no zone is not shifted.
    assert found.drop_columns("d").to_pylist() == [
        {"v": "2026-02-01 05:30:00+09", "h": 5, "ts": moment(2026, 1, 31, 10, 30)}
    ]
    assert found.column("d").to_pylist() == [moment(2026, 1, 31, 15, tzinfo=datetime.UTC)]


@pytest.mark.parametrize(
    ("sql", "kind", "problem", "place"),
    [
        ("SELECT id FRM t, q", SqlError, r"syntax error at or near `t`", (1, 15)),
        ("SELECT id FROM", SqlError, r"syntax error at the end, behind `FROM`", (1, 11)),
        ("SELECT (id FROM t", SqlError, r"at or near `FROM`: expected `\)`", (1, 12)),
        ("SELECT 'é',\n  idd FROM t", SqlError, r"\"idd\" not found.*\n    idd FROM t\n    \^", (2, 3)),
        ("SELECT `é`.idd FROM t AS `é`", SqlError, r"idd", (1, 8)),
        ("SELECT id,\n  FLOOR(ts TO DAY) AS f,\n  lenght(s) AS v\nFROM t", SqlError, r"lenght does not exist!, at line 3.*\"length\"", (3, 3)),
        ("SELECT sum(id) AS a, avg(s) AS b FROM t", SqlError, r"'sum\(VARCHAR\)'", (1, 22)),
        ("SELECT id\n + s AS v FROM t", SqlError, r"'\+\(BIGINT, VARCHAR\)'", (2, 2)),
        ("SELECT id AS a, s / 2 AS v FROM t", SqlError, r"VARCHAR", (1, 17)),
        ("SELECT CAST(s AS foo) AS v FROM t", SqlError, r"Type with name foo does not exist", (1, 18)),
        ("SELECT id,\n CAST(s AS INTEGER) AS v FROM t", DataError, r"string 'ab cd' to INT32", (2, 2)),
        ("SELECT id / (id - id) AS v FROM t", DataError, r"division by zero", None),
        ("SELECT id + 9223372036854775807 AS v FROM t", DataError, r"Overflow", None),
        ("SELECT sum(9223372036854775807) AS v FROM t", DataError, r"INT128 .* out of range.* column v$", None),
        ("SELECT 'abc", SqlError, r"a text, name or comment is not closed", (1, 8)),
        ("SELECT 1 /* 'x' \n", SqlError, r"is not closed", (1, 10)),
        ('SELECT "s" FROM t', SqlError, r"names in backticks", (1, 8)),
        ("SELECT count(*) AS c\nFROM t GROUP BY TUMBLE(ts, INTERVAL '1' HOUR)", SqlError, r"TUMBLE is a window of a stream.*GROUP BY FLOOR\(column TO HOUR\)", (2, 17)),
        ("SELECT * FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))", SqlError, r"HOP is a window", (1, 21)),
        ("SELECT STREAM id FROM t", SqlError, r"leave STREAM out", (1, 1)),
        ("SELECT * FROM t MATCH_RECOGNIZE (ORDER BY id)", SqlError, r"use window functions", (1, 17)),
        ("SELECT s SIMILAR TO 'a%' AS v FROM t", SqlError, r"use LIKE, or REGEXP_LIKE", (1, 10)),
        ("SELECT id, CEIL(ts TO DAY) AS v FROM t", SqlError, r"use FLOOR\(… TO DAY\) \+ INTERVAL '1' DAY", (1, 12)),
        ("SELECT (ts - ts) DAY FROM t", SqlError, r"use TIMESTAMPDIFF\(DAY, from, to\)", (1, 18)),
        ("SELECT ts + INTERVAL '1-2' YEAR TO MONTH AS v FROM t", SqlError, r"an interval of YEAR TO MONTH", (1, 22)),
        ("SELECT MAP['a', 1] AS v FROM t", SqlError, r"MAP\[ is a map; build it in an `sql` step", (1, 8)),
        ("SELECT COLLECT(id) AS v FROM t", SqlError, r"use ARRAY_AGG", (1, 8)),
        ("SELECT ELEMENT(arr) AS v FROM t", SqlError, r"write array\[1\]", (1, 8)),
        ("SELECT INTERVAL '1' DAY AS v FROM t", SqlError, r"column `v` of the SQL is INTERVAL", None),
        ("SELECT id, i AS ID FROM t", SqlError, r"more than one column named `id`", None),
        ("SELECT * FROM read_csv('/etc/passwd')", SqlError, r"the SQL of a step sees its inputs only", (1, 15)),
        ("SELECT 1; SELECT 2", ConfigError, r"transforms\[0\].parameters.sql  holds 2 statements", None),
        ("-- nothing", ConfigError, r"is empty", None),
        ("CREATE TABLE x AS SELECT 1", ConfigError, r"is CREATE; only a query", None),
        ("DROP TABLE t", ConfigError, r"is DROP", None),
        ("SET x = 1", ConfigError, r"is SET", None),
        ("COPY t TO '/tmp/x'", ConfigError, r"is COPY", None),
        ("SELECT '\ue000' AS v", SqlError, r"private use", (1, 9)),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_where_it_was_written(sql: str, kind: Any, problem: str, place: Any) -> None:
    with pytest.raises(kind, match=r"(?s)" + problem) as raised:
        run(sql)
    assert raised.value.position == (None if place is None else {"line": place[0], "column": place[1]})


@pytest.fixture
def pipeline(tmp_path: Path, in_process: InProcess) -> Any:
    """Runs one `beamsql` step over the table, as the step `orders`."""

    def go(sql: str, **parameters: Any) -> Staged:
        pq.write_table(TABLE, tmp_path / "orders.parquet")
        source = {"module": "files", "path": str(tmp_path / "orders.parquet")}
        step = {"module": "beamsql", "inputs": ["orders"], "sql": sql, **parameters}
        return in_process.run(plan_of({"orders": source}, {"s": step}))

    return go


# As it stands in the reference's examples/beamsql.json.
EXAMPLE = "SELECT id, name, count(*) AS `count` FROM a GROUP BY id, name UNION ALL SELECT id, name, count(*) AS `count` FROM b GROUP BY id, name"


def test_the_example_of_the_reference(tmp_path: Path, in_process: InProcess) -> None:
    table = pa.table({"id": pa.array([1, 1, 2, 3], pa.int32()), "name": ["a", "a", "b", None]})
    pq.write_table(table, tmp_path / "t.parquet")
    step = {
        "module": "beamsql", "inputs": ["postgresInput", "postgresInput"], "sql": EXAMPLE, "inputs_alias": ["a", "b"],
    }  # fmt: skip
    source = {"module": "files", "path": str(tmp_path / "t.parquet")}
    staged = in_process.run(plan_of({"postgresInput": source}, {"BeamsqlTransform": step}))
    assert staged.schema() == {"id": "int32", "name": "string", "count": "int64"}
    assert staged.query("FROM t ORDER BY id, count") == [
        (1, "a", 2), (1, "a", 2), (2, "b", 1), (2, "b", 1), (3, None, 1), (3, None, 1),
    ]  # fmt: skip


def test_inputs_are_tables_by_their_step(pipeline: Any) -> None:
    staged = pipeline("SELECT sum(i) AS total FROM orders;")
    assert (staged.schema(), staged.query("FROM t")) == ({"total": "int64"}, [(6,)])
    assert staged.manifest["steps"]["s"]["module"] == "beamsql"


@pytest.mark.parametrize(
    ("sql", "parameters", "kind", "problem"),
    [
        ("SELECT id FROM\n\torderz", {}, SqlError, r"no table `orderz` \(the tables are its inputs: orders\); did you mean `orders`\?, at line 2, column 2:"),
        ("SELECT id FROM orders", {"inputs_alias": ["a"]}, SqlError, r"no table `orders` .*inputs: a"),
        ("SELECT 1 AS x", {"inputs": ["orders", "orders"]}, ConfigError, "two inputs are named `orders` .*`inputs_alias`"),
        ("SELECT 1 AS x", {"inputs_alias": ["a", "b"]}, ConfigError, "names 2 inputs, and `inputs` lists 1"),
    ],
)  # fmt: skip
def test_wrong_names_of_inputs(sql: str, parameters: Any, kind: Any, problem: str, pipeline: Any) -> None:
    with pytest.raises(kind, match=r"(?s)" + problem):
        pipeline(sql, **parameters)


def test_a_mistake_fails_before_anything_is_read(in_process: InProcess) -> None:
    step = {"module": "beamsql", "inputs": ["absent"], "sql": "SELECT lenght('x') FROM absent"}
    with pytest.raises(SqlError, match="lenght"):
        in_process.run(plan_of({"absent": {"module": "files", "path": "/nowhere.csv"}}, {"s": step}))

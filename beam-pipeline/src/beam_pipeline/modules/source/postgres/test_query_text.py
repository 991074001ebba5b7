"""What ends, nests, escapes or hides in an SQL text, and what the catalogue says, in a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import BeamlineError, ConfigError, SqlError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.postgres.columns.convert import Converter
from beam_pipeline.modules.source.postgres.connection import session
from beam_pipeline.modules.source.postgres.params import PostgresParams
from beam_pipeline.modules.source.postgres.plan import Planner
from beam_pipeline.window import SourceWindow

WINDOW = SourceWindow.model_validate_json(
    '{"column": "id", "type": "integer", "low": "0", "low_inclusive": true, "high": "5"}'
)


def read(profiles: Path, window: SourceWindow | None = None, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a source, as the workers would read them."""
    context = StepContext("rows", "test", "sources[0]", str(profiles), "", False, 1, window=window)
    params = PostgresParams.model_validate({"profile": "pg", **parameters})
    connection = params.connection(context)
    rows: list[dict[str, Any]] = []
    for part in Planner(params, context, connection).plan():
        converter = Converter(part.columns)
        with session.open_stream(connection.resolve(), "test", None) as cursor:
            if part.window is not None:
                part.window.bind(cursor, "$1")
            for query in part.queries:
                for batch in session.batches(cursor, query):
                    rows += converter.convert(batch).to_pylist()
    return rows


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT 1 AS id, text 'a' AS note -- only one", "a"),
        ("SELECT 1 AS id, text 'a' AS note --", "a"),
        ("SELECT 1 AS id, text 'a' AS note /* only /* one */ ; */", "a"),
        ("SELECT 1 AS id, text 'a' AS note;;; -- the end; of it\r\n/* really; */", "a"),
        ("SELECT 1 AS id, text 'a; -- b' AS note;", "a; -- b"),
        (r"SELECT 1 AS id, E'it\'s; one'::text AS note;", "it's; one"),
        (r"SELECT 1 AS id, 'a\'::text AS note;", "a\\"),
        ("SELECT 1 AS id, $$it's; one$$::text AS note;", "it's; one"),
        ("SELECT 1 AS id, $é1$a $$; b$é1$::text AS note;", "a $$; b"),
        ("SELECT 1 AS id, U&'\\0061;'::text AS note;", "a;"),
        ("SELECT a$b AS id, c$b AS note FROM (VALUES (1, text 'a')) AS t (a$b, c$b);", "a"),
        ("SELECT 1 AS id, text '%s %% %(x)s :name $1 ? {0} {}' AS note", "%s %% %(x)s :name $1 ? {0} {}"),
        ("SELECT 1 AS id, text 'x --sep-- y' AS note", "x --sep-- y"),
        ('WITH "q;" AS (SELECT 1 AS id, text \'a\' AS note) SELECT * FROM "q;"', "a"),
        ("(SELECT 1 AS id, text 'a' AS note)", "a"),
        ("SELECT * FROM (VALUES (1, text 'a')) AS v (id, note) ORDER BY id LIMIT 1 -- one", "a"),
        ("\ufeffSELECT 1 AS id,\r\ntext 'a' AS note -- one\r\n;\r\n", "a"),
        ("SELECT 1 AS id, text 'a\u00a0b' AS note;\u00a0", "a\u00a0b"),
    ],
)
def test_a_text_ends_where_the_server_says(query: str, text: str, sql: Any, profiles: Path) -> None:
    rows = [{"id": 1, "note": text}]
    assert read(profiles, query=query) == rows
    assert read(profiles, query=query, as_text=["id"]) == [{"id": "1", "note": text}]
    assert read(profiles, WINDOW, query=query) == rows
    assert read(profiles, query=query, partition={"column": "id", "parts": 2}) == rows


def test_values_and_tables_are_queries_too(sql: Any, profiles: Path) -> None:
    sql.execute("DROP TABLE IF EXISTS short; CREATE TABLE short (id int); INSERT INTO short VALUES (1)")
    assert read(profiles, query="TABLE short -- all of it") == [{"id": 1}]
    assert read(profiles, query="VALUES (1, 2)") == [{"column1": 1, "column2": 2}]
    assert read(profiles, query="SELECT 7") == [{"?column?": 7}]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("/* nothing; */", "is empty"),
        ("SELECT 1 AS id; SELECT 2", "more than one statement"),
        (r"SELECT 1 AS id, 'a\'; SELECT '2'", "more than one statement"),
        ("SELECT 1 AS id /* and /* so */", r"line 1 begins a comment that does not end \(`\*/`\)"),
        ("SELECT 1\nAS\u00a0id", r"line 2 holds the character U\+00A0"),
        ("SELECT 1 AS id, 'a\0b' AS note", "holds a NUL character in line 1"),
        ("SELECT 1 AS id WHERE 1 = $1", r"holds a parameter \(`\$1`\)"),
        ("SHOW server_version", "must be a SELECT"),
        ("EXPLAIN SELECT 1", "must be a SELECT"),
        ("INSERT INTO pg_class DEFAULT VALUES RETURNING oid", "must be a SELECT"),
        ("WITH d AS (DELETE FROM pg_class RETURNING oid) SELECT * FROM d", "must be a SELECT"),
        ("SELECT 1 AS id, 2 AS id", "more than one column named `id`"),
        ("SELECT 1, 2", r"more than one column named `\?column\?`"),
        ("SELECT 1 AS id FROM pg_class FOR UPDATE", "read-only transaction"),
        ("SELECT 'open", "unterminated quoted string"),
    ],
)
def test_what_is_no_query_is_refused_in_words(query: str, problem: str, sql: Any, profiles: Path) -> None:
    with pytest.raises(BeamlineError, match=problem) as raised:
        read(profiles, query=query)
    assert isinstance(raised.value, (ConfigError, SqlError))


def test_a_backslash_is_a_character_whatever_the_server_s_setting(
    sql: Any, postgres: dict[str, Any], profiles: Path
) -> None:
    sql.execute(f"ALTER ROLE {postgres['user']} SET standard_conforming_strings TO off")
    try:
        assert read(profiles, query=r"SELECT 'a\'::text AS note; -- '") == [{"note": "a\\"}]
    finally:
        sql.execute(f"ALTER ROLE {postgres['user']} RESET standard_conforming_strings")


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("posint[]", "{7,NULL}", [7, None]),
        ("tiny_posint[]", "{7}", [7]),
        ("posint", "7", 7),
        ("ints", "{1,NULL}", [1, None]),
        ("words[]", '{"a b",NULL}', ["a b", None]),
        ("moods[]", "{ok}", ["ok"]),
        ("prices[]", "{1.5}", ["1.500"]),
        ("codes[]", "{abc}", ["abc"]),
        ("stamps[]", '{"2024-01-02 03:04:05+00"}', ["2024-01-02 03:04:05+00:00"]),
        ("nets[]", "{::1}", ["::1/128"]),
    ],
)
def test_a_domain_is_what_is_beneath_it(kind: str, value: str, shown: Any, sql: Any, profiles: Path) -> None:
    sql.execute(
        """
        DROP TABLE IF EXISTS domains;
        DROP DOMAIN IF EXISTS tiny_posint, posint, ints, words, moods, prices, codes, stamps, nets CASCADE;
        DROP TYPE IF EXISTS mood_of_domain;
        CREATE TYPE mood_of_domain AS ENUM ('ok');
        CREATE DOMAIN posint AS int CHECK (value > 0); CREATE DOMAIN tiny_posint AS posint CHECK (value < 100);
        CREATE DOMAIN ints AS int[]; CREATE DOMAIN words AS text; CREATE DOMAIN moods AS mood_of_domain;
        CREATE DOMAIN prices AS numeric(8,3); CREATE DOMAIN codes AS varchar(3); CREATE DOMAIN stamps AS timestamptz;
        CREATE DOMAIN nets AS inet;
        """
    )
    sql.execute(f"CREATE TABLE domains (id int, v {kind})")
    sql.execute("INSERT INTO domains VALUES (1, %s), (2, NULL)", [value])
    ways: list[dict[str, Any]] = [{"table": "domains"}, {"query": "SELECT * FROM domains ORDER BY id"}]
    for parameters in ways:
        found = [row["v"] for row in read(profiles, **parameters)]
        as_shown = (
            found[0]
            if not isinstance(found[0], list)
            else [item if item is None or isinstance(item, int) else str(item) for item in found[0]]
        )
        assert (as_shown, found[1]) == (shown, None)


def test_an_array_of_a_domain_over_an_array_is_text_only(sql: Any, profiles: Path) -> None:
    sql.execute("DROP DOMAIN IF EXISTS ints CASCADE; CREATE DOMAIN ints AS int[]")
    query = "SELECT ARRAY['{1,2}'::ints, '{3}'::ints] AS v"
    with pytest.raises(BeamlineError, match="an array of arrays"):
        read(profiles, query=query)
    assert read(profiles, query=query, as_text=["v"]) == [{"v": '{"{1,2}","{3}"}'}]


def test_every_kind_of_column_is_read(sql: Any, profiles: Path) -> None:
    sql.execute(
        """
        DROP TABLE IF EXISTS kinds;
        CREATE TABLE kinds (
            gone int, id int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (base * 2) STORED,
            base int, note text COLLATE "C"
        );
        ALTER TABLE kinds DROP COLUMN gone;
        INSERT INTO kinds (base, note) VALUES (4, 'x');
        DROP MATERIALIZED VIEW IF EXISTS seen_once;
        CREATE MATERIALIZED VIEW seen_once AS SELECT * FROM kinds;
        """
    )
    for table in ("kinds", "seen_once"):
        assert read(profiles, table=table) == [{"id": 1, "twice": 8, "base": 4, "note": "x"}]
    row = read(profiles, query="SELECT tableoid > 0 AS has_oid, ctid, base FROM kinds", as_text=["ctid"])
    assert row == [{"has_oid": True, "ctid": "(0,1)", "base": 4}]
    sql.execute("DROP MATERIALIZED VIEW seen_once")


def test_as_many_columns_as_a_table_may_have_are_read(sql: Any, profiles: Path) -> None:
    for kind, value in (("int", 1), ("int[]", "ARRAY[1, 2]")):
        query = "SELECT " + ", ".join(f"{value} AS c{number}" for number in range(1600))
        (row,) = read(profiles, query=query)
        assert (len(row), row["c1599"]) == (1600, [1, 2] if kind == "int[]" else 1)

"""What ends, nests, escapes or hides in an SQL text, read from a real MariaDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import BeamlineError, ConfigError, SqlError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.mysql import stream
from beam_pipeline.modules.source.mysql.columns.convert import Converter
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.plan import Planner
from beam_pipeline.window import SourceWindow

WINDOW = SourceWindow.model_validate_json(
    '{"column": "id", "type": "integer", "low": "0", "low_inclusive": true, "high": "5"}'
)


def read(profiles: Path, window: SourceWindow | None = None, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a source, as the workers would read them."""
    context = StepContext("rows", "test", "sources[0]", str(profiles), "", False, 1, window=window)
    params = MysqlParams.model_validate({"profile": "my", **parameters})
    connection = params.connection(context)
    rows: list[dict[str, Any]] = []
    for part in Planner(params, context, connection).plan():
        convert = Converter(part.columns).convert
        for batch in stream.batches(connection.resolve(), part.window, part.query, part.columns, convert):
            rows += batch.to_pylist()
    return rows


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT 1 AS id, 'a' AS note -- only one", "a"),
        ("SELECT 1 AS id, 'a' AS note --", "a"),
        ("SELECT 1 AS id, 'a' AS note # only one", "a"),
        ("SELECT 1 AS id, 'a' AS note /* only one */", "a"),
        ("SELECT 1 AS id, 'a' AS note /* one /* not nested */", "a"),
        ("SELECT 1 AS id, 'a' AS note;;; -- the end; of it\n# really;", "a"),
        ("SELECT 1 AS id, 'a; -- b' AS note;", "a; -- b"),
        (r"SELECT 1 AS id, 'it\'s; one' AS note;", "it's; one"),
        (r"SELECT 1 AS id, 'a\\' AS note;", "a\\"),
        ("SELECT 1 AS id, 'it''s; one' AS note;", "it's; one"),
        ('SELECT 1 AS id, "two \\" and ; more" AS note', 'two " and ; more'),
        ("SELECT 5--4 - 8 AS id, 'a' AS note", "a"),
        ("SELECT 1 AS id, /*! 'a;b' */ AS note", "a;b"),
        ("SELECT 1 AS id, 'a' AS note /*!40001 LIMIT 1 */", "a"),
        ("SELECT 1 AS id, '%s %% %(x)s :name $1 ? {0} {}' AS note", "%s %% %(x)s :name $1 ? {0} {}"),
        ("SELECT 1 AS id, 'x --sep-- y' AS note", "x --sep-- y"),
        ("SELECT 1 AS id, 'a' AS note /* --sep-- */", "a"),
        ("WITH `q;` AS (SELECT 1 AS id, 'a' AS note) SELECT * FROM `q;`", "a"),
        ("(SELECT 1 AS id, 'a' AS note)", "a"),
        ("SELECT 1 AS id, 'a' AS note UNION SELECT 9, 'b' ORDER BY id LIMIT 1", "a"),
        ("SELECT 1 AS id, 'a' AS note FOR UPDATE", "a"),
        ("\ufeffSELECT 1 AS id,\r\n'a' AS note -- one\r\n;\r\n", "a"),
        ("SELECT 1 AS id, 'a\u00a0b' AS note;\u00a0", "a\u00a0b"),
    ],
)
def test_a_text_ends_where_the_server_says(query: str, text: str, mysql: Any, my_profiles: Path) -> None:
    rows = [{"id": 1, "note": text}]
    assert read(my_profiles, query=query) == rows
    assert read(my_profiles, query=query, as_text=["id"]) == [{"id": "1", "note": text}]
    assert read(my_profiles, WINDOW, query=query) == rows
    assert read(my_profiles, query=query, partition={"column": "id", "parts": 2}) == rows


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "at least 1 character"),
        (" \n", "is empty"),
        ("# nothing;", "is empty"),
        ("SELECT 1 AS id; SELECT 2", "more than one statement"),
        ("SELECT 1 AS id; DROP TABLE t -- ", "more than one statement"),
        ("SELECT 1 AS id, 1--1 ; SELECT 2", "more than one statement"),
        ("SELECT 1 AS id /* and", r"line 1 begins a comment that does not end \(`\*/`\)"),
        ("SELECT 1\nAS\u00a0id", r"line 2 holds the character U\+00A0"),
        ("SELECT 1 \u200bAS id", r"U\+200B"),
        ("SELECT 1 AS id, 'a\0b' AS note", "holds a NUL character in line 1"),
        ("SELECT 1 AS id WHERE 1 = ?", r"holds a `\?` outside of a text"),
        ("SHOW TABLES", "must be a SELECT"),
        ("SELECT 1 AS id, 2 AS id", "Duplicate column name 'id'"),
        ("SELECT 1 AS ``", "a column without a name|Incorrect column name"),
    ],
)
def test_what_is_no_query_is_refused_in_words(
    query: str, problem: str, mysql: Any, my_profiles: Path
) -> None:
    with pytest.raises((BeamlineError, ValueError), match=problem) as raised:
        read(my_profiles, query=query)
    assert not isinstance(raised.value, BeamlineError) or isinstance(raised.value, (ConfigError, SqlError))


def test_the_server_s_mode_says_what_a_backslash_is(mysql: Any, my_profiles: Path) -> None:
    query = "SELECT 1 AS id, 'a\\' AS note; -- '; SELECT 2"
    with pytest.raises(BeamlineError):
        read(my_profiles, query=query)
    mysql.execute("SELECT @@GLOBAL.sql_mode")
    ((before,),) = mysql.fetchall()
    mysql.execute("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'")
    try:
        assert read(my_profiles, query=query) == [{"id": 1, "note": "a\\"}]
    finally:
        mysql.execute("SET GLOBAL sql_mode = %s", [before])


def test_a_file_may_begin_with_a_mark(mysql: Any, my_profiles: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.sql"
    path.write_bytes(b"\xef\xbb\xbfSELECT 1 AS id -- one")
    assert read(my_profiles, query=str(path)) == [{"id": 1}]
    path.write_bytes("SELECT 'é' AS id".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"rows\.sql  is not UTF-8 text: see byte 8"):
        read(my_profiles, query=str(path))


def test_a_table_is_read_with_its_invisible_columns(mysql: Any, my_profiles: Path) -> None:
    mysql.execute("DROP TABLE IF EXISTS inv")
    mysql.execute(
        "CREATE TABLE inv (id INT, hidden INT INVISIBLE, twice INT AS (id * 2) STORED INVISIBLE, `a ``b` INT)"
    )
    mysql.execute("INSERT INTO inv (id, hidden, `a ``b`) VALUES (1, 98, 7)")
    row = {"id": 1, "hidden": 98, "twice": 2, "a `b": 7}
    ways: list[dict[str, Any]] = [{}, {"partition": {"column": "hidden", "parts": 2}}]
    for extra in ways:
        assert read(my_profiles, table="inv", **extra) == [row]
    assert read(my_profiles, WINDOW, table="inv") == [row]
    assert read(my_profiles, query="SELECT * FROM inv") == [{"id": 1, "a `b": 7}]


def test_names_are_quoted_as_they_must_be(mysql: Any, mariadb: dict[str, Any], my_profiles: Path) -> None:
    for name, given in (
        ("Odd `name", "`Odd ``name`"),
        ("with.dot %s", "`with.dot %s`"),
        ("select", "select"),
        ("größe", f"{mariadb['database']}.größe"),
    ):
        mysql.execute(
            f"CREATE OR REPLACE TABLE `{name.replace('`', '``')}` (`A \"'%% b` INT, `?` INT, `1 + 1` INT)"
        )
        mysql.execute(f"INSERT INTO `{name.replace('`', '``')}` VALUES (1, 2, 3)")
        assert read(my_profiles, table=given, partition={"column": "1 + 1", "parts": 2}) == [
            {"A \"'%% b": 1, "?": 2, "1 + 1": 3}
        ]
        mysql.execute(f"DROP TABLE `{name.replace('`', '``')}`")


def test_many_columns_are_read(mysql: Any, my_profiles: Path) -> None:
    names = [f"c{number}" for number in range(1500)]
    query = "SELECT " + ", ".join(f"{place} AS {name}" for place, name in enumerate(names))
    assert read(my_profiles, query=query) == [{name: place for place, name in enumerate(names)}]

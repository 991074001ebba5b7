"""Types that SQL makes are stored exactly, or refused; what passes through is for the kit of transforms."""

from __future__ import annotations

import pyarrow as pa
import pytest

from beam_pipeline.sql import duckdb_session


@pytest.mark.parametrize(
    ("sql", "arrow"),
    [
        ("sum(i)", "decimal128(38, 0)"),
        ("'a'::ENUM('a', 'b')", "string"),
        ("[1, 2]::int[2]", "list<item: int32>"),
        ("'2024-01-01'::timestamp_s", "timestamp[us]"),
        ("NULL", "int32"),
        ("{'a': 1::hugeint, 'b': true}", "struct<a: decimal128(38, 0), b: bool>"),
        ("to_json([1])", "extension<arrow.json>"),
        ("current_timestamp", "timestamp[us, tz=UTC]"),
    ],
)
def test_what_sql_makes_is_stored(sql: str, arrow: str) -> None:
    from beam_pipeline.sql_engine.query import Query

    with duckdb_session.open_session(threads=1) as connection:
        connection.register("t", pa.table({"i": [1, 2]}))
        [batch] = Query(f"SELECT {sql} AS v FROM t LIMIT 1", "s").run(connection)
    assert str(batch.schema.field("v").type) == arrow


@pytest.mark.parametrize(
    "sql",
    [
        "INTERVAL 1 DAY",
        "'10:00+01'::timetz",
        "'101'::bit",
        "[INTERVAL 1 DAY]",
        "union_value(a := 1)",
        "row(1, 2)",
    ],
)
def test_what_cannot_be_stored_is_an_error(sql: str) -> None:
    from beam_pipeline.errors import SqlError
    from beam_pipeline.sql_engine.query import Query

    with (
        duckdb_session.open_session(threads=1) as connection,
        pytest.raises(SqlError, match="column `v` of the SQL is"),
    ):
        list(Query(f"SELECT {sql} AS v", "s").run(connection))

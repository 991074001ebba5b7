"""Query jobs."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import bigquery

from conftest import World

Field = bigquery.SchemaField
UTC = datetime.UTC


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 2147483647 + 1", 2147483648),
        ("SELECT 7 / 2", 3.5),
        ("SELECT 0.1 + 0.2", 0.30000000000000004),
        ("SELECT SUM(n) FROM UNNEST([9007199254740993, 2]) AS n", 9007199254740995),
        ("SELECT CAST('1.123456789' AS NUMERIC) + 1", Decimal("2.123456789")),
        ("SELECT SUM(n) FROM UNNEST([NUMERIC '0.1', NUMERIC '0.2']) AS n", Decimal("0.3")),
        ("SELECT SAFE_CAST('x' AS INT64)", None),
        ("SELECT IF(TRUE, 'a', 'b')", "a"),
        ("SELECT TIMESTAMP_TRUNC(TIMESTAMP '2024-01-02 03:04:05+00', DAY)",
         datetime.datetime(2024, 1, 2, tzinfo=UTC)),
        ("SELECT TIMESTAMP_SUB(TIMESTAMP '2024-01-02 00:00:00+00', INTERVAL 1 HOUR)",
         datetime.datetime(2024, 1, 1, 23, tzinfo=UTC)),
        ("SELECT TIMESTAMP '2024-01-01 00:00:00 Asia/Tokyo'",
         datetime.datetime(2023, 12, 31, 15, tzinfo=UTC)),
        ("SELECT DATETIME '2024-01-01 00:00:00'", datetime.datetime(2024, 1, 1)),
        ("SELECT DATE_DIFF(DATE '2024-02-01', DATE '2024-01-01', DAY)", 31),
        ("SELECT DATE_ADD(DATE '2024-01-31', INTERVAL 1 DAY)", datetime.date(2024, 2, 1)),
        ("SELECT DATE_ADD(DATE_SUB(DATE '2024-03-01', INTERVAL 1 DAY), INTERVAL 1 DAY)",
         datetime.date(2024, 3, 1)),
        ("SELECT 8 / (4 / 2)", 4.0),
        ("SELECT DATE_TRUNC(DATE '2024-01-31', MONTH)", datetime.date(2024, 1, 1)),
        ("SELECT EXTRACT(HOUR FROM TIMESTAMP '2024-01-01 10:00:00+00')", 10),
        ("SELECT CURRENT_DATETIME() > DATETIME '2024-01-01 00:00:00'", True),
        ("SELECT CAST(TIMESTAMP '2024-01-01 10:00:00+00' AS STRING)", "2024-01-01 10:00:00+00"),
        ("SELECT DATE(TIMESTAMP '2024-01-01 20:00:00+00', 'Asia/Tokyo')", datetime.date(2024, 1, 2)),
        ("SELECT FORMAT_DATE('%Y%m%d', DATE '2024-01-02')", "20240102"),
        ("SELECT PARSE_DATE('%Y-%m-%d', '2024-01-02')", datetime.date(2024, 1, 2)),
        ("SELECT JSON_VALUE(JSON '{\"a\": 1}', '$.a')", "1"),
        ("SELECT ARRAY_LENGTH([1, 2, 3])", 3),
        ("SELECT COUNTIF(n > 1) FROM UNNEST([1, 2, 3]) AS n", 2),
    ],
)  # fmt: skip
def test_expressions_mean_what_they_mean_in_googlesql(world: World, sql: str, expected: Any) -> None:
    ((found,),) = world.query(sql)
    assert (found, type(found)) == (expected, type(expected))


def test_division_by_zero_is_an_error(world: World) -> None:
    for quotient in ("1 / n", "1 / (1 / (n / 1))", "1.5 / n", "NUMERIC '1' / n"):
        with pytest.raises(exceptions.BadRequest, match="division by zero"):
            world.query(f"SELECT {quotient} FROM UNNEST([0]) AS n")


def test_columns_without_a_name_get_one_and_names_are_unique(world: World) -> None:
    rows = world.client.query("SELECT 1, 2 AS b, 3").result()
    assert [field.name for field in rows.schema] == ["f0_", "b", "f1_"]
    with pytest.raises(exceptions.BadRequest, match="Duplicate column names"):
        world.query("SELECT 1 AS a, 2 AS a")


def test_merge_from_a_common_table_expression_with_insert_row(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t (id INT64, name STRING)")
    world.query(f"CREATE TABLE {dataset}.s AS SELECT 1 AS id, 'a' AS name UNION ALL SELECT 1, 'b'")
    world.query(
        f"MERGE `p.{dataset}.t` T USING (SELECT * FROM {dataset}.s WHERE TRUE "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY name DESC) = 1) S ON T.id = S.id "
        "WHEN MATCHED THEN UPDATE SET name = S.name WHEN NOT MATCHED THEN INSERT ROW"
    )
    assert world.query(f"SELECT * FROM {dataset}.t") == [(1, "b")]


def test_dml_may_qualify_what_it_sets_and_leave_out_from(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t AS SELECT 1 AS id, 'a' AS name UNION ALL SELECT 2, 'b'")
    world.query(f"UPDATE {dataset}.t AS x SET x.name = 'c' WHERE x.id = 1")
    world.query(
        f"MERGE {dataset}.t T USING (SELECT 2 AS id, 'd' AS name) S ON T.id = S.id "
        "WHEN MATCHED THEN UPDATE SET T.name = S.name"
    )
    assert world.query(f"SELECT name FROM {dataset}.t ORDER BY id") == [("c",), ("d",)]
    world.query(f"DELETE {dataset}.t WHERE id = 1; INSERT {dataset}.t (id) VALUES (3)")
    assert world.query(f"SELECT id FROM {dataset}.t ORDER BY id") == [(2,), (3,)]


def test_an_update_from_two_rows_for_one_is_refused(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t AS SELECT 1 AS id, 0 AS n")
    update = f"UPDATE {dataset}.t t SET n = s.n FROM (SELECT 1 AS id, 5 AS n {{}}) s WHERE t.id = s.id"
    with pytest.raises(exceptions.BadRequest, match="at most one source row"):
        world.query(update.format("UNION ALL SELECT 1, 6"))
    world.query(update.format(""))
    assert world.query(f"SELECT n FROM {dataset}.t") == [(5,)]


def test_update_and_delete_need_a_condition(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t AS SELECT 1 AS id")
    for sql in (f"DELETE FROM {dataset}.t", f"UPDATE {dataset}.t SET id = 2"):
        with pytest.raises(exceptions.BadRequest, match="must have a WHERE clause"):
            world.query(sql)


def test_scripts_tell_each_statement_as_a_child(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t AS SELECT 1 AS id")
    sql = f"""BEGIN TRANSACTION;
      DELETE FROM {dataset}.t WHERE id = 1;
      INSERT INTO {dataset}.t (id) VALUES (2), (3);
      COMMIT TRANSACTION;
      SELECT count(*) AS n FROM {dataset}.t;"""
    job = world.client.query(sql)
    assert [row.n for row in job.result()] == [2]
    assert job.num_child_jobs == 3
    children = list(world.client.list_jobs(parent_job=job))
    counts = {child.statement_type: child.num_dml_affected_rows for child in children}
    assert counts == {"DELETE": 1, "INSERT": 2, "SELECT": None}


def test_a_rollback_undoes_and_a_failed_script_keeps_what_was_committed(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t AS SELECT 1 AS id")
    world.query(f"BEGIN TRANSACTION; DELETE FROM {dataset}.t WHERE TRUE; ROLLBACK TRANSACTION;")
    assert world.query(f"SELECT id FROM {dataset}.t") == [(1,)]
    with pytest.raises(exceptions.BadRequest):
        world.query(f"INSERT INTO {dataset}.t (id) VALUES (2); SELECT CAST('x' AS INT64);")
    assert world.query(f"SELECT id FROM {dataset}.t ORDER BY id") == [(1,), (2,)]


def test_temporary_tables_of_a_script(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t (id INT64)")
    found = world.query(
        "CREATE TEMP TABLE staged AS SELECT 5 AS id; BEGIN TRANSACTION; "
        f"INSERT INTO {dataset}.t (id) SELECT id FROM staged; TRUNCATE TABLE staged; COMMIT TRANSACTION; "
        f"SELECT (SELECT COUNT(*) FROM staged) AS s, id FROM {dataset}.t;"
    )
    assert found == [(0, 5)]
    with pytest.raises(exceptions.BadRequest, match="temporary tables only"):
        world.query(f"BEGIN TRANSACTION; CREATE TABLE {dataset}.u (id INT64); COMMIT TRANSACTION;")


def test_tables_are_made_changed_and_dropped_by_ddl(world: World, dataset: str) -> None:
    name = f"{dataset}.t"
    world.query(
        f"CREATE TABLE {name} (id INT64 NOT NULL OPTIONS(description='key'), at TIMESTAMP, "
        "tags ARRAY<STRING>, n NUMERIC(10, 2), r STRUCT<x INT64>) "
        "PARTITION BY TIMESTAMP_TRUNC(at, HOUR) CLUSTER BY id "
        "OPTIONS(description='d', labels=[('a', 'b')], require_partition_filter=true)"
    )
    table = world.client.get_table(f"p.{name}")
    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("HOUR", "at")
    assert (table.description, table.labels, table.clustering_fields) == ("d", {"a": "b"}, ["id"])
    assert table.schema == [
        Field("id", "INTEGER", "REQUIRED", description="key"), Field("at", "TIMESTAMP"),
        Field("tags", "STRING", "REPEATED"), Field("n", "NUMERIC", precision=10, scale=2),
        Field("r", "RECORD", fields=[Field("x", "INTEGER")]),
    ]  # fmt: skip
    world.query(f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS extra STRING, ADD COLUMN more INT64")
    world.query(f"ALTER TABLE {name} DROP COLUMN r, DROP COLUMN IF EXISTS r")
    world.query(f"ALTER TABLE {name} ALTER COLUMN id DROP NOT NULL")
    world.query(f"ALTER TABLE {name} ALTER COLUMN more SET DATA TYPE NUMERIC")
    assert world.schema(name)[0] == ("id", "INTEGER", "NULLABLE")
    assert world.schema(name)[-1] == ("more", "NUMERIC", "NULLABLE")
    world.query(f"ALTER TABLE {name} SET OPTIONS(require_partition_filter=false)")
    assert [column for column, _, _ in world.schema(name)] == ["id", "at", "tags", "n", "extra", "more"]
    world.query(f"INSERT INTO {name} (id) VALUES (1)")
    world.query(f"TRUNCATE TABLE {name}")
    world.query(f"CREATE TABLE IF NOT EXISTS {name} (other STRING)")
    assert world.query(f"SELECT count(*) FROM {name}") == [(0,)]
    with pytest.raises(exceptions.Conflict):
        world.query(f"CREATE TABLE {name} (other STRING)")
    world.query(f"CREATE OR REPLACE TABLE {name} AS SELECT 1 AS other")
    assert world.client.get_table(f"p.{name}").description is None
    world.query(f"CREATE OR REPLACE TABLE {name} AS SELECT other + 1 AS other FROM {name}")
    assert world.query(f"SELECT other FROM {name}") == [(2,)]
    world.query(f"DROP TABLE {name}")
    world.query(f"DROP TABLE IF EXISTS {name}")
    with pytest.raises(exceptions.NotFound):
        world.query(f"DROP TABLE {name}")


def test_datasets_are_made_and_dropped_by_ddl(world: World) -> None:
    world.query("CREATE SCHEMA `ddl-project`.made OPTIONS(location='EU', description='d')")
    world.query("CREATE SCHEMA IF NOT EXISTS `ddl-project`.made")
    found = world.client.get_dataset("ddl-project.made")
    assert (found.location, found.description) == ("EU", "d")
    world.query("CREATE TABLE `ddl-project`.made.t (id INT64)")
    with pytest.raises(exceptions.BadRequest, match="still in use"):
        world.query("DROP SCHEMA `ddl-project`.made")
    world.query("DROP SCHEMA `ddl-project`.made CASCADE")
    world.query("DROP SCHEMA IF EXISTS `ddl-project`.made")


def test_a_table_that_demands_a_filter_is_not_read_without_one(world: World, dataset: str) -> None:
    world.query(
        f"CREATE TABLE {dataset}.t PARTITION BY day OPTIONS(require_partition_filter=true) AS "
        "SELECT DATE '2024-01-01' AS day, 1 AS id"
    )
    with pytest.raises(exceptions.BadRequest, match="without a filter over column"):
        world.query(f"SELECT * FROM {dataset}.t WHERE id = 1")
    assert world.query(f"SELECT id FROM {dataset}.t WHERE day >= '2024-01-01'") == [(1,)]


def test_information_schema(world: World, dataset: str) -> None:
    world.query(
        f"CREATE TABLE {dataset}.t (day DATE NOT NULL, n NUMERIC(5, 1), a ARRAY<STRUCT<x INT64>>) "
        "PARTITION BY DATE_TRUNC(day, MONTH) CLUSTER BY n OPTIONS(description='d', labels=[('a', 'b')])"
    )
    world.query(f"INSERT INTO {dataset}.t VALUES (DATE '2024-01-31', 1, []), (DATE '2024-02-01', 2, [])")
    view = f"`p`.{dataset}.INFORMATION_SCHEMA"
    assert world.query(f"SELECT table_name, table_type FROM {view}.TABLES") == [("t", "BASE TABLE")]
    assert world.query(
        "SELECT column_name, data_type, is_nullable, is_partitioning_column, clustering_ordinal_position "
        f"FROM {view}.COLUMNS WHERE table_name = 't' ORDER BY ordinal_position"
    ) == [
        ("day", "DATE", "NO", "YES", None), ("n", "NUMERIC(5, 1)", "YES", "NO", 1),
        ("a", "ARRAY<STRUCT<x INT64>>", "YES", "NO", None),
    ]  # fmt: skip
    sql = f"SELECT partition_id, total_rows FROM {dataset}.INFORMATION_SCHEMA.PARTITIONS ORDER BY 1"
    assert world.query(sql) == [("202401", 1), ("202402", 1)]
    assert world.query(f"SELECT option_name, option_value FROM {view}.TABLE_OPTIONS ORDER BY 1") == [
        ("description", '"d"'), ("labels", '[STRUCT("a", "b")]'),
    ]  # fmt: skip
    with pytest.raises(exceptions.MethodNotImplemented, match="ROUTINES"):
        world.query(f"SELECT * FROM {view}.ROUTINES")


def test_a_default_dataset_and_its_absence(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t AS SELECT 1 AS id")
    assert world.query("SELECT id FROM t", default_dataset=f"p.{dataset}") == [(1,)]
    with pytest.raises(exceptions.BadRequest, match="must be qualified with a dataset"):
        world.query("SELECT id FROM t")


def test_query_results_go_where_they_are_sent(world: World, dataset: str) -> None:
    target = f"p.{dataset}.t"
    options: dict[str, Any] = {"destination": target, "write_disposition": "WRITE_TRUNCATE"}
    layout: dict[str, Any] = {
        "time_partitioning": bigquery.TimePartitioning(field="day"),
        "clustering_fields": ["id"],
    }
    world.query("SELECT 1 AS id, DATE '2024-01-01' AS day", **layout, **options)
    table = world.client.get_table(target)
    assert (table.time_partitioning.field, table.clustering_fields) == ("day", ["id"])
    options["write_disposition"] = "WRITE_APPEND"
    with pytest.raises(exceptions.BadRequest, match="Cannot add fields"):
        world.query("SELECT 2 AS id, 'x' AS name", **options)
    world.query("SELECT 2 AS id, 'x' AS name", schema_update_options=["ALLOW_FIELD_ADDITION"], **options)
    assert world.query(f"SELECT id, name FROM {dataset}.t ORDER BY id") == [(1, None), (2, "x")]
    options["destination"] = f"{target}$20240101"
    options["write_disposition"] = "WRITE_TRUNCATE"
    world.query("SELECT 9 AS id, DATE '2024-01-01' AS day", **options)
    assert world.query(f"SELECT id FROM {dataset}.t ORDER BY id") == [(2,), (9,)]


def test_parameters_by_position_are_counted_in_the_text(world: World) -> None:
    values = [bigquery.ScalarQueryParameter(None, "INT64", number) for number in (1, 2, 3)]
    sql = "WITH a AS (SELECT ? AS x) SELECT x, ? AS y, '?' AS q FROM a WHERE ? = 3 -- ?"
    assert world.query(sql, query_parameters=values) == [(1, 2, "?")]
    with pytest.raises(exceptions.BadRequest, match="not found"):
        world.query(sql, query_parameters=values[:2])


def test_parameters_that_are_structs(world: World) -> None:
    parts = [
        bigquery.ScalarQueryParameter("x", "INT64", 1),
        bigquery.ScalarQueryParameter("y", "STRING", None),
    ]
    given = [bigquery.StructQueryParameter("s", *parts)]
    assert world.query("SELECT @s.x + 1, @s.y", query_parameters=given) == [(2, None)]


def test_a_query_that_is_asked_for_twice_runs_once(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t (id INT64)")
    body = {"query": f"INSERT INTO {dataset}.t (id) VALUES (1)", "useLegacySql": False, "requestId": dataset}
    answers = [
        world.client._connection.api_request("POST", "/projects/p/queries", data=body) for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["numDmlAffectedRows"] == "1"
    assert world.query(f"SELECT id FROM {dataset}.t") == [(1,)]


def test_query_and_wait_pages(world: World) -> None:
    sql = "SELECT n, TIMESTAMP '2024-01-01' AS at FROM UNNEST([3, 2, 1]) AS n ORDER BY n"
    sql = "SELECT n, TIMESTAMP '2024-01-01' AS at FROM UNNEST([3, 2, 1]) AS n ORDER BY n"
    rows = world.client.query_and_wait(sql, page_size=2)
    assert [(row.n, row.at) for row in rows] == [
        (n, datetime.datetime(2024, 1, 1, tzinfo=UTC)) for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("pivot", "names"),
    [
        ("SUM(v) FOR k IN (DATE '2026-01-01', DATE '2026-01-02' AS other)", ["_2026_01_01", "other"]),
        ("SUM(v) FOR v2 IN (5, -6, 1.5)", ["_5", "minus_6", "_1_point_5"]),
        ("SUM(v) FOR t IN ('x', 'y')", ["x", "y"]),
        ("SUM(v) AS s, COUNT(*) AS n FOR t IN ('x', 'y' AS z)", ["s_x", "n_x", "s_z", "n_z"]),
        ("SUM(v) AS s FOR b IN (TRUE, FALSE)", ["s_TRUE", "s_FALSE"]),
    ],
)
def test_a_pivot_names_its_columns_as_the_service_does(world: World, pivot: str, names: list[str]) -> None:
    given = "SELECT DATE '2026-01-01' AS k, 5 AS v2, 'x' AS t, TRUE AS b, 7 AS v"
    columns = {word for word in ("k", "v2", "t", "b") if f"FOR {word} " in pivot}
    query = f"SELECT p.* FROM (SELECT {', '.join(columns)}, v FROM ({given})) PIVOT({pivot}) AS p"
    rows = world.client.query(query, job_retry=None).result()
    assert [field.name for field in rows.schema] == names
    (row,) = rows
    assert row[0] == 7


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT * FROM (SELECT 1 AS k, 2 AS v) PIVOT(SUM(v) AS s FOR k IN (1))", "PIVOT makes of 1"),
        ("IF TRUE THEN SELECT 1; END IF", "IF"),
        ("CREATE FUNCTION d.f() AS (1)", "CREATE FUNCTION"),
        ("SELECT ST_GEOGPOINT(1, 2)", "ST_GEOGPOINT"),
        ("EXPORT DATA OPTIONS(uri='gs://b/x', format='CSV') AS SELECT 1", "EXPORT"),
        ("CALL d.p()", "CALL"),
        ("SELECT @@project_id", "system variables"),
        ("SELECT FARM_FINGERPRINT('a')", "farm_fingerprint"),
    ],
)
def test_statements_that_are_not_emulated_are_refused_by_name(world: World, sql: str, named: str) -> None:
    with pytest.raises(exceptions.MethodNotImplemented, match=f"(?i){named}"):
        world.query(sql)

"""Statements that a publish to BigQuery is made of; the same for the emulator and the service."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import bigquery


def run(client: Any, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in client.query(sql, job_retry=None).result()]


def test_an_assertion_ends_its_script(client: Any, dataset: str) -> None:
    run(client, f"CREATE TABLE {dataset}.t (id INT64)")
    run(client, f"ASSERT (SELECT COUNT(*) FROM {dataset}.t) = 0; INSERT INTO {dataset}.t (id) VALUES (1)")
    with pytest.raises(exceptions.BadRequest, match="it is empty"):
        run(
            client,
            f"BEGIN TRANSACTION; INSERT INTO {dataset}.t (id) VALUES (2); "
            f"ASSERT NOT EXISTS (SELECT 1 FROM {dataset}.t) AS 'it is empty'; COMMIT TRANSACTION",
        )
    assert run(client, f"SELECT id FROM {dataset}.t") == [(1,)]


def test_columns_are_added_dropped_and_widened(client: Any, dataset: str) -> None:
    run(client, f"CREATE TABLE {dataset}.t (id INT64, old STRING)")
    run(client, f"INSERT INTO {dataset}.t (id) VALUES (1)")
    for _ in range(2):
        run(client, f"ALTER TABLE {dataset}.t ADD COLUMN IF NOT EXISTS new STRING")
        run(client, f"ALTER TABLE {dataset}.t DROP COLUMN IF EXISTS old")
        run(client, f"ALTER TABLE {dataset}.t ALTER COLUMN id SET DATA TYPE NUMERIC")
    fields = client.get_table(f"{client.project}.{dataset}.t").schema
    assert [(field.name, field.field_type) for field in fields] == [("id", "NUMERIC"), ("new", "STRING")]
    with pytest.raises(exceptions.BadRequest, match="SET DATA TYPE"):
        run(client, f"ALTER TABLE {dataset}.t ALTER COLUMN id SET DATA TYPE STRING")


def test_a_safe_function_is_null_where_it_would_fail(client: Any) -> None:
    config = bigquery.QueryJobConfig()
    sql = "SELECT SAFE.PARSE_JSON('x') IS NULL, TO_JSON_STRING(SAFE.PARSE_JSON('[1]'))"
    (row,) = client.query(sql, job_config=config, job_retry=None).result()
    assert tuple(row.values()) == (True, "[1]")

"""Jobs of every kind: their ids, records and lists; copies and extracts."""

from __future__ import annotations

import datetime
import gzip
import io
import json
import time
import uuid
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.api_core import exceptions
from google.cloud import bigquery

from conftest import World

Field = bigquery.SchemaField
UTC = datetime.UTC
SLOW = (
    "SELECT count(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 100000)) a, UNNEST(GENERATE_ARRAY(1, 100000)) b "
    "WHERE MOD(a * b, 7) = 3"
)


def test_the_newest_jobs_are_listed_first_and_by_state(world: World) -> None:
    started = datetime.datetime.now(UTC)
    ids = [f"listed-{number}-{uuid.uuid4().hex}" for number in range(3)]
    for job_id in ids:
        world.client.query("SELECT 1", job_id=job_id, job_retry=None).result()
        time.sleep(0.002)
    found = [job.job_id for job in world.client.list_jobs(min_creation_time=started)]
    assert found == ids[::-1]
    assert [job.job_id for job in world.client.list_jobs(min_creation_time=started, page_size=2)] == ids[::-1]
    assert list(world.client.list_jobs(min_creation_time=started, state_filter="running")) == []


def test_a_cancelled_job_stops_and_changes_nothing(world: World, dataset: str) -> None:
    job = world.client.query(f"CREATE TABLE {dataset}.t AS {SLOW}", job_retry=None)
    assert job.state == "RUNNING"
    running = [each.job_id for each in world.client.list_jobs(state_filter="running")]
    assert running == [job.job_id]
    job.cancel()
    with pytest.raises(exceptions.GoogleAPICallError, match="cancelled"):
        job.result()
    assert job.error_result["reason"] == "stopped"
    with pytest.raises(exceptions.NotFound):
        world.client.get_table(f"p.{dataset}.t")


def test_a_job_that_has_ended_is_cancelled_in_vain(world: World) -> None:
    job = world.client.query("SELECT 1")
    job.result()
    assert world.client.cancel_job(job.job_id).state == "DONE"
    assert world.client.get_job(job.job_id).error_result is None


def test_ids_are_checked_and_unknown_ones_are_not_found(world: World) -> None:
    with pytest.raises(exceptions.BadRequest, match="Invalid job ID"):
        world.client.query("SELECT 1", job_id="a/b", job_retry=None)
    with pytest.raises(exceptions.NotFound, match="Not found: Job p:"):
        world.client.get_job("missing")


def test_a_failed_query_keeps_its_error_and_its_id(world: World) -> None:
    job_id = uuid.uuid4().hex
    with pytest.raises(exceptions.BadRequest):
        world.client.query("SELEC 1", job_id=job_id, job_retry=None).result()
    error = world.client.get_job(job_id).error_result
    assert error["reason"] == "invalidQuery"
    assert error["message"].startswith("Syntax error: ")
    with pytest.raises(exceptions.Conflict):
        world.client.query("SELECT 1", job_id=job_id, job_retry=None, retry=None)


def test_a_refused_option_takes_no_id(world: World) -> None:
    job_id = uuid.uuid4().hex
    body = {
        "jobReference": {"projectId": "p", "jobId": job_id},
        "configuration": {"query": {"query": "SELECT 1", "useLegacySql": False, "continuous": True}},
    }
    with pytest.raises(exceptions.MethodNotImplemented, match="continuous"):
        world.client._connection.api_request("POST", "/projects/p/jobs", data=body)
    assert [tuple(row) for row in world.client.query("SELECT 1", job_id=job_id, job_retry=None).result()] == [
        (1,)
    ]


def test_copies_obey_dispositions_and_keep_the_layout(world: World, dataset: str) -> None:
    row = pa.table({"day": [datetime.date(2024, 1, 1)], "id": [1]})
    partitioned = bigquery.TimePartitioning(field="day")
    world.load(row, f"{dataset}.a", time_partitioning=partitioned, clustering_fields=["id"])
    source, target = f"p.{dataset}.a", f"p.{dataset}.b"

    def copy(disposition: str, *sources: str) -> None:
        config = bigquery.CopyJobConfig(write_disposition=disposition)
        world.client.copy_table(list(sources) or source, target, job_config=config).result()

    copy("WRITE_EMPTY")
    made, original = (world.client.get_table(name) for name in (target, source))
    assert made.time_partitioning == original.time_partitioning
    with pytest.raises(exceptions.Conflict):
        copy("WRITE_EMPTY")
    copy("WRITE_APPEND", source, source)
    assert world.client.get_table(target).num_rows == 3
    copy("WRITE_TRUNCATE")
    assert world.client.get_table(target).num_rows == 1
    world.client.copy_table(f"{source}$20240101", f"p.{dataset}.c").result()
    world.client.copy_table(f"{source}$20240102", f"p.{dataset}.d").result()
    assert [world.client.get_table(f"p.{dataset}.{name}").num_rows for name in "cd"] == [1, 0]
    with pytest.raises(exceptions.NotFound):
        world.client.copy_table(f"p.{dataset}.missing", target).result()


@pytest.fixture
def typed(world: World, dataset: str) -> str:
    world.query(
        f"CREATE TABLE {dataset}.t AS SELECT 9007199254740993 AS i, NUMERIC '1.10' AS n, b'\\xff' AS b, "
        "TIMESTAMP '2024-01-01 00:00:00.5+00' AS ts, DATETIME '2024-01-01 00:00:00' AS dt, "
        "DATE '2024-01-01' AS d, TIME '01:02:03' AS t, "
        "TRUE AS ok, 0.5 AS f, 'a,\"b' AS s, CAST(NULL AS STRING) AS nothing"
    )
    return f"p.{dataset}.t"


def extract(world: World, table: str, uri: str, form: str, **options: Any) -> Any:
    config = bigquery.ExtractJobConfig(destination_format=form, **options)
    return world.client.extract_table(table, uri, job_config=config).result()


def test_an_extract_to_parquet_is_loaded_back_the_same(world: World, typed: str, dataset: str) -> None:
    job = extract(world, typed, f"gs://b/{dataset}/o-*.parquet", "PARQUET", compression="ZSTD")
    assert job.destination_uri_file_counts == [1]
    content = world.bucket.blob(f"{dataset}/o-000000000000.parquet").download_as_bytes()
    schema = pq.read_schema(io.BytesIO(content))
    assert (schema.field("ts").type, schema.field("dt").type) == (
        pa.timestamp("us", "UTC"),
        pa.timestamp("us"),
    )
    world.load(
        f"gs://b/{dataset}/o-*.parquet", f"{dataset}.back", schema=world.client.get_table(typed).schema
    )
    assert world.query(f"SELECT * FROM {dataset}.back") == world.query(f"SELECT * FROM {dataset}.t")


def test_an_extract_to_json_keeps_integers_exact(world: World, typed: str, dataset: str) -> None:
    extract(world, typed, f"gs://b/{dataset}/o.json.gz", "NEWLINE_DELIMITED_JSON", compression="GZIP")
    blob = world.bucket.blob(f"{dataset}/o.json.gz")
    assert json.loads(gzip.decompress(blob.download_as_bytes(raw_download=True))) == {
        "i": "9007199254740993", "n": "1.1", "b": "/w==", "ts": "2024-01-01 00:00:00.500000 UTC",
        "dt": "2024-01-01T00:00:00", "d": "2024-01-01", "t": "01:02:03", "ok": True, "f": 0.5, "s": 'a,"b',
    }  # fmt: skip


def test_an_extract_to_csv_is_loaded_back_the_same(world: World, typed: str, dataset: str) -> None:
    extract(world, typed, f"gs://b/{dataset}/o.csv", "CSV", field_delimiter="|")
    world.load(
        f"gs://b/{dataset}/o.csv", f"{dataset}.back", source_format="CSV", field_delimiter="|",
        skip_leading_rows=1, schema=world.client.get_table(typed).schema,
    )  # fmt: skip
    assert world.query(f"SELECT * FROM {dataset}.back") == world.query(f"SELECT * FROM {dataset}.t")


def test_an_extract_of_nested_rows_to_csv_is_refused(world: World, dataset: str) -> None:
    world.query(f"CREATE TABLE {dataset}.t AS SELECT [1] AS a")
    with pytest.raises(exceptions.BadRequest, match="nested"):
        extract(world, f"p.{dataset}.t", f"gs://b/{dataset}/o.csv", "CSV")
    with pytest.raises(exceptions.NotFound):
        extract(world, f"p.{dataset}.missing", f"gs://b/{dataset}/o.csv", "CSV")


def test_results_are_read_in_pages_and_from_a_row_on(world: World) -> None:
    job = world.client.query("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 25000)) AS n ORDER BY n")
    assert [row.n for row in job.result()] == list(range(1, 25001))
    assert [row.n for row in job.result(start_index=24_998)] == [24_999, 25_000]
    assert [row.n for row in job.result(max_results=2)] == [1, 2]


def test_big_numerics_are_exact(world: World, dataset: str) -> None:
    value = Decimal("12345678901234567890.123456789012345678")
    world.query(f"CREATE TABLE {dataset}.t (n BIGNUMERIC)")
    given = [bigquery.ScalarQueryParameter("n", "BIGNUMERIC", value)]
    world.query(f"INSERT INTO {dataset}.t (n) VALUES (@n)", query_parameters=given)
    assert world.query(f"SELECT n FROM {dataset}.t") == [(value,)]
    too_long = pa.table({"n": pa.array([Decimal("0.1")], pa.decimal256(60, 30))})
    with pytest.raises(exceptions.MethodNotImplemented, match="BIGNUMERIC of 30 digits before and 30 after"):
        world.load(
            too_long, f"{dataset}.t", write_disposition="WRITE_APPEND", decimal_target_types=["BIGNUMERIC"]
        )


def test_statements_of_a_script_know_their_place(world: World) -> None:
    script = "SELECT 1;\n\n  SELECT\n 'a\nb';  SELECT 3"
    job = world.client.query(script)
    job.result()
    frames = [
        each._properties["statistics"]["scriptStatistics"]["stackFrames"]
        for each in world.client.list_jobs(parent_job=job)
    ]
    assert sorted(frames, key=lambda frame: frame[0]["startLine"] * 100 + frame[0]["startColumn"]) == [
        [{"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 9, "text": "SELECT 1"}],
        [{"startLine": 3, "startColumn": 3, "endLine": 5, "endColumn": 3, "text": "SELECT\n 'a\nb'"}],
        [{"startLine": 5, "startColumn": 6, "endLine": 5, "endColumn": 14, "text": "SELECT 3"}],
    ]

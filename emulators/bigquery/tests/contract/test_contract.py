"""What Beamline relies on, through Google's Python client; the same for the emulator and the service."""

from __future__ import annotations

import datetime
import io
import json
import uuid
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.api_core import exceptions
from google.cloud import bigquery

UTC = datetime.UTC


def rows(client: Any, sql: str, **options: Any) -> list[tuple[Any, ...]]:
    config = bigquery.QueryJobConfig(**options)
    return [tuple(row.values()) for row in client.query(sql, job_config=config, job_retry=None).result()]


def load(client: Any, table: pa.Table, target: str, job_id: str | None = None, **options: Any) -> Any:
    stream = io.BytesIO()
    pq.write_table(table, stream)
    stream.seek(0)
    config = bigquery.LoadJobConfig(source_format="PARQUET", **options)
    name = f"{client.project}.{target}"
    return client.load_table_from_file(stream, name, job_id=job_id, job_config=config).result()


def numbers(*values: int) -> pa.Table:
    return pa.table({"id": pa.array(values, pa.int64())})


def test_scalars_are_decoded_exactly(client: Any) -> None:
    (found,) = rows(
        client,
        "SELECT 9223372036854775807, 1.5, TRUE, 'é', b'\\x00\\xff', DATE '0001-01-01', "
        "TIME '23:59:59.999999', "
        "DATETIME '2024-02-29 01:02:03.000004', TIMESTAMP '1969-12-31 23:59:59.999999+00', "
        "NUMERIC '12345678901234567890123456789.123456789', CAST(NULL AS STRING)",
    )
    assert found == (
        9223372036854775807, 1.5, True, "é", b"\x00\xff", datetime.date(1, 1, 1),
        datetime.time(23, 59, 59, 999999), datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
        datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
        Decimal("12345678901234567890123456789.123456789"), None,
    )  # fmt: skip


def test_arrays_and_structs_are_decoded(client: Any) -> None:
    (found,) = rows(client, "SELECT [1, 2] AS a, STRUCT(1 AS x, 'y' AS y) AS s, [STRUCT(1 AS x)] AS r")
    assert found == ([1, 2], {"x": 1, "y": "y"}, [{"x": 1}])


def test_parameters_keep_their_types(client: Any) -> None:
    moment = datetime.datetime(2024, 1, 2, 3, 4, 5, 6, UTC)
    values = {
        "i": ("INT64", 5), "s": ("STRING", "it's; -- x"), "n": ("NUMERIC", Decimal("1.123456789")),
        "t": ("TIMESTAMP", moment), "d": ("DATE", datetime.date(2024, 1, 2)), "b": ("BYTES", b"\x00'"),
    }  # fmt: skip
    given = [bigquery.ScalarQueryParameter(name, kind, value) for name, (kind, value) in values.items()]
    given.append(bigquery.ArrayQueryParameter("a", "INT64", [1, 2]))
    found = rows(client, "SELECT @i, @s, @n, @t, @d, @b, @a", query_parameters=given)
    assert found == [(*(value for _, value in values.values()), [1, 2])]


def test_a_job_id_is_taken_for_good(client: Any, dataset: str) -> None:
    taken = f"beamline-{uuid.uuid4().hex}"
    load(client, numbers(1), f"{dataset}.t", taken)
    with pytest.raises(exceptions.Conflict):
        load(client, numbers(2), f"{dataset}.t", taken)
    assert rows(client, f"SELECT id FROM {dataset}.t") == [(1,)]


def test_the_id_of_a_failed_job_is_taken_too(client: Any, dataset: str) -> None:
    taken = f"beamline-{uuid.uuid4().hex}"
    with pytest.raises(exceptions.NotFound):
        load(client, numbers(1), f"{dataset}.missing", taken, create_disposition="CREATE_NEVER")
    with pytest.raises(exceptions.Conflict):
        load(client, numbers(1), f"{dataset}.missing", taken)
    assert client.get_job(taken).error_result["reason"] == "notFound"


def test_jobs_keep_their_labels(client: Any, dataset: str) -> None:
    job = load(client, numbers(1), f"{dataset}.t", labels={"run": "q4k"})
    assert client.get_job(job.job_id, location=job.location).labels == {"run": "q4k"}


def test_write_dispositions(client: Any, dataset: str) -> None:
    target = f"{dataset}.t"
    load(client, numbers(1), target, write_disposition="WRITE_EMPTY")
    load(client, numbers(2), target, write_disposition="WRITE_APPEND")
    assert rows(client, f"SELECT id FROM {target} ORDER BY id") == [(1,), (2,)]
    with pytest.raises(exceptions.Conflict):
        load(client, numbers(3), target, write_disposition="WRITE_EMPTY")
    load(client, numbers(4), target, write_disposition="WRITE_TRUNCATE")
    assert rows(client, f"SELECT id FROM {target}") == [(4,)]


def test_an_append_adds_columns_only_where_that_is_allowed(client: Any, dataset: str) -> None:
    load(client, numbers(1), f"{dataset}.t")
    wider = pa.table({"id": pa.array([2], pa.int64()), "name": ["two"]})
    with pytest.raises(exceptions.BadRequest):
        load(client, wider, f"{dataset}.t", write_disposition="WRITE_APPEND")
    allowed = ["ALLOW_FIELD_ADDITION"]
    load(client, wider, f"{dataset}.t", write_disposition="WRITE_APPEND", schema_update_options=allowed)
    assert rows(client, f"SELECT id, name FROM {dataset}.t ORDER BY id") == [(1, None), (2, "two")]


def test_a_table_keeps_what_it_was_created_with(client: Any, dataset: str) -> None:
    schema = [
        bigquery.SchemaField("id", "INTEGER", "REQUIRED", description="the key"),
        bigquery.SchemaField("day", "DATE"),
        bigquery.SchemaField("amount", "NUMERIC", precision=10, scale=2),
    ]
    table = bigquery.Table(f"{client.project}.{dataset}.t", schema)
    table.time_partitioning = bigquery.TimePartitioning("MONTH", field="day")
    table.clustering_fields = ["id"]
    table.labels = {"team": "data"}
    table.description = "orders"
    table.expires = datetime.datetime.now(UTC).replace(microsecond=0) + datetime.timedelta(hours=1)
    client.create_table(table)
    found = client.get_table(table)
    assert found.schema == schema
    assert (found.time_partitioning.type_, found.time_partitioning.field) == ("MONTH", "day")
    assert (found.clustering_fields, found.labels) == (["id"], {"team": "data"})
    assert (found.description, found.expires) == ("orders", table.expires)
    with pytest.raises(exceptions.Conflict):
        client.create_table(table)


def test_a_table_that_changed_meanwhile_is_not_overwritten(client: Any, dataset: str) -> None:
    load(client, numbers(1), f"{dataset}.t")
    first, second = (client.get_table(f"{client.project}.{dataset}.t") for _ in range(2))
    first.description = "first"
    client.update_table(first, ["description"])
    second.description = "second"
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_table(second, ["description"])


def test_merge_counts_what_it_does(client: Any, dataset: str) -> None:
    load(client, numbers(1, 2, 3), f"{dataset}.t")
    job = client.query(
        f"MERGE {dataset}.t T USING (SELECT 2 AS id UNION ALL SELECT 9) S ON T.id = S.id "
        "WHEN MATCHED THEN UPDATE SET id = 20 WHEN NOT MATCHED THEN INSERT (id) VALUES (S.id) "
        "WHEN NOT MATCHED BY SOURCE AND T.id = 3 THEN DELETE"
    )
    job.result()
    stats = job.dml_stats
    assert (stats.inserted_row_count, stats.updated_row_count, stats.deleted_row_count) == (1, 1, 1)
    assert job.num_dml_affected_rows == 3
    assert rows(client, f"SELECT id FROM {dataset}.t ORDER BY id") == [(1,), (9,), (20,)]


def test_merge_refuses_two_rows_for_one(client: Any, dataset: str) -> None:
    load(client, numbers(1), f"{dataset}.t")
    with pytest.raises(exceptions.BadRequest, match="at most one source row"):
        rows(
            client,
            f"MERGE {dataset}.t T USING (SELECT 1 AS id, 2 AS n UNION ALL SELECT 1, 3) S ON T.id = S.id "
            "WHEN MATCHED THEN UPDATE SET id = S.n",
        )
    assert rows(client, f"SELECT id FROM {dataset}.t") == [(1,)]


def test_a_transaction_is_all_or_nothing(client: Any, dataset: str) -> None:
    load(client, numbers(1), f"{dataset}.t")
    with pytest.raises(exceptions.BadRequest):
        rows(
            client,
            f"BEGIN TRANSACTION; DELETE FROM {dataset}.t WHERE TRUE; "
            f"INSERT INTO {dataset}.t (id) SELECT CAST('x' AS INT64); COMMIT TRANSACTION;",
        )
    assert rows(client, f"SELECT id FROM {dataset}.t") == [(1,)]
    rows(
        client,
        f"BEGIN TRANSACTION; DELETE FROM {dataset}.t WHERE TRUE; "
        f"INSERT INTO {dataset}.t (id) VALUES (2); COMMIT TRANSACTION;",
    )
    assert rows(client, f"SELECT id FROM {dataset}.t") == [(2,)]


def test_a_partition_is_replaced_alone(client: Any, dataset: str) -> None:
    table = bigquery.Table(f"{client.project}.{dataset}.t", [bigquery.SchemaField("day", "DATE")])
    table.time_partitioning = bigquery.TimePartitioning(field="day")
    client.create_table(table)
    first, second = datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)
    load(client, pa.table({"day": [first, second, second]}), f"{dataset}.t")
    load(client, pa.table({"day": [second]}), f"{dataset}.t$20240102", write_disposition="WRITE_TRUNCATE")
    found = rows(
        client,
        f"SELECT partition_id, total_rows FROM {dataset}.INFORMATION_SCHEMA.PARTITIONS "
        "WHERE table_name = 't' ORDER BY 1",
    )
    assert found == [("20240101", 1), ("20240102", 1)]


def test_a_query_writes_into_a_table(client: Any, dataset: str) -> None:
    target = f"{client.project}.{dataset}.t"
    config = bigquery.QueryJobConfig(destination=target, write_disposition="WRITE_EMPTY")
    client.query("SELECT 1 AS id", job_config=config).result()
    with pytest.raises(exceptions.Conflict):
        client.query("SELECT 2 AS id", job_config=config, job_retry=None).result()
    assert rows(client, f"SELECT id FROM {dataset}.t") == [(1,)]


def test_results_come_in_pages(client: Any) -> None:
    found = client.query("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 25)) AS n ORDER BY n").result(page_size=10)
    assert [len(list(page)) for page in found.pages] == [10, 10, 5]


def test_a_dry_run_tells_the_schema_and_runs_nothing(client: Any, dataset: str) -> None:
    load(client, numbers(1), f"{dataset}.t")
    config = bigquery.QueryJobConfig(dry_run=True)
    job = client.query(f"SELECT id, 'x' AS name FROM {dataset}.t", job_config=config)
    assert [(field.name, field.field_type) for field in job.schema] == [("id", "INTEGER"), ("name", "STRING")]
    client.query(f"DELETE FROM {dataset}.t WHERE TRUE", job_config=config)
    assert rows(client, f"SELECT id FROM {dataset}.t") == [(1,)]
    with pytest.raises(exceptions.BadRequest):
        client.query("SELECT nothing", job_config=config)


def test_json_and_csv_are_loaded(client: Any, dataset: str) -> None:
    schema = [bigquery.SchemaField("id", "INT64"), bigquery.SchemaField("name", "STRING")]
    content = json.dumps({"id": 1, "name": "a"}).encode()
    target = f"{client.project}.{dataset}"
    config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", schema=schema)
    client.load_table_from_file(io.BytesIO(content), f"{target}.j", job_config=config).result()
    config = bigquery.LoadJobConfig(source_format="CSV", schema=schema, skip_leading_rows=1)
    client.load_table_from_file(
        io.BytesIO(b'id,name\n2,"b,c"\n3,\n'), f"{target}.c", job_config=config
    ).result()
    assert rows(client, f"SELECT * FROM {dataset}.j UNION ALL SELECT * FROM {dataset}.c ORDER BY id") == [
        (1, "a"), (2, "b,c"), (3, None),
    ]  # fmt: skip


def test_a_copy_has_the_rows_and_the_schema(client: Any, dataset: str) -> None:
    load(client, numbers(1, 2), f"{dataset}.t")
    target = f"{client.project}.{dataset}"
    client.copy_table(f"{target}.t", f"{target}.u").result()
    assert client.get_table(f"{target}.u").schema == client.get_table(f"{target}.t").schema
    assert rows(client, f"SELECT count(*) FROM {dataset}.u") == [(2,)]


def test_what_is_not_there_is_not_found(client: Any, dataset: str) -> None:
    with pytest.raises(exceptions.NotFound):
        client.get_table(f"{client.project}.{dataset}.missing")
    with pytest.raises(exceptions.NotFound):
        rows(client, f"SELECT * FROM {dataset}.missing")
    with pytest.raises(exceptions.NotFound):
        client.get_dataset("beamline_missing")


def test_a_list_of_datasets_obeys_its_filter(client: Any, dataset: str) -> None:
    found = client.get_dataset(dataset)
    found.labels = {"beamline_contract": dataset[-12:]}
    client.update_dataset(found, ["labels"])
    listed = client.list_datasets(filter=f"labels.beamline_contract:{dataset[-12:]}")
    assert [each.dataset_id for each in listed] == [dataset]

"""Load jobs."""

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

from conftest import World

Field = bigquery.SchemaField
UTC = datetime.UTC


def test_parquet_types_become_bigquery_types(world: World, dataset: str) -> None:
    moment = datetime.datetime(2024, 2, 29, 1, 2, 3, 456789, UTC)
    naive = moment.replace(tzinfo=None)
    columns: dict[str, tuple[pa.DataType, Any, str]] = {
        "b": (pa.bool_(), True, "BOOLEAN"),
        "i8": (pa.int8(), -1, "INTEGER"),
        "u32": (pa.uint32(), 4294967295, "INTEGER"),
        "i64": (pa.int64(), -(2**63), "INTEGER"),
        "f32": (pa.float32(), 0.5, "FLOAT"),
        "f64": (pa.float64(), 1e300, "FLOAT"),
        "s": (pa.string(), "é\x00😀", "STRING"),
        "by": (pa.binary(), b"\x00\xff", "BYTES"),
        "fixed": (pa.binary(3), b"abc", "BYTES"),
        "day": (pa.date32(), datetime.date(1, 1, 1), "DATE"),
        "time": (pa.time64("us"), datetime.time(23, 59, 59, 999999), "TIME"),
        "utc": (pa.timestamp("us", "UTC"), moment, "TIMESTAMP"),
        "naive": (pa.timestamp("us"), naive, "TIMESTAMP"),
        "tokyo": (pa.timestamp("us", "Asia/Tokyo"), moment, "TIMESTAMP"),
        "num": (pa.decimal128(38, 9), Decimal("12345678901234567890123456789.123456789"), "NUMERIC"),
        "big": (pa.decimal128(38, 18), Decimal("-12345678901234567890.123456789012345678"), "BIGNUMERIC"),
    }
    schema = pa.schema([(name, kind) for name, (kind, _, _) in columns.items()])
    row = {name: value for name, (_, value, _) in columns.items()}
    nothing = dict.fromkeys(columns)
    table = pa.Table.from_pylist([row, nothing], schema=schema)
    world.load(table, f"{dataset}.t", decimal_target_types=["NUMERIC", "BIGNUMERIC"])
    assert world.schema(f"{dataset}.t") == [(n, t, "NULLABLE") for n, (_, _, t) in columns.items()]
    found = [dict(each) for each in world.client.list_rows(f"p.{dataset}.t")]
    expected = {**row, "naive": moment}
    assert sorted(found, key=lambda each: each["b"] is None) == [expected, nothing]


def test_a_naive_timestamp_is_a_datetime_where_the_schema_says_so(world: World, dataset: str) -> None:
    naive = datetime.datetime(2024, 1, 1, 12)
    table = pa.table({"at": pa.array([naive], pa.timestamp("us"))})
    world.load(table, f"{dataset}.t", schema=[Field("at", "DATETIME")])
    world.load(table, f"{dataset}.t", write_disposition="WRITE_APPEND")
    assert world.query(f"SELECT at FROM {dataset}.t") == [(naive,), (naive,)]
    aware = pa.table({"at": pa.array([naive.replace(tzinfo=UTC)], pa.timestamp("us", "UTC"))})
    with pytest.raises(exceptions.BadRequest, match="changed type from DATETIME to TIMESTAMP"):
        world.load(aware, f"{dataset}.t", write_disposition="WRITE_APPEND")


def test_lists_and_structs(world: World, dataset: str) -> None:
    table = pa.table({"a": [[1, 2], [], None], "r": [{"x": 1, "y": ["p"]}, None, {"x": 2, "y": None}]})
    with pytest.raises(exceptions.MethodNotImplemented, match="enableListInference"):
        world.load(table, f"{dataset}.t")
    options = bigquery.ParquetOptions()
    options.enable_list_inference = True
    world.load(table, f"{dataset}.t", parquet_options=options)
    found = sorted(world.query(f"SELECT a, r.x FROM {dataset}.t"), key=str)
    assert found == [([1, 2], 1), ([], 2), ([], None)]


def test_a_schema_makes_columns_required_described_and_sized(world: World, dataset: str) -> None:
    schema = [
        Field("id", "INTEGER", "REQUIRED", description="key"),
        Field("amount", "NUMERIC", precision=10, scale=2),
        Field("more", "STRING"),
        Field("doc", "JSON"),
    ]
    amounts = pa.array([Decimal("1.25")], pa.decimal128(10, 2))
    table = pa.table({"id": [1], "amount": amounts, "doc": ['{"a": 1}']})
    world.load(table, f"{dataset}.t", schema=schema)
    assert world.client.get_table(f"p.{dataset}.t").schema == schema
    assert world.query(f"SELECT * FROM {dataset}.t") == [(1, Decimal("1.25"), None, {"a": 1})]
    without = pa.table({"id": pa.array([None], pa.int64())})
    with pytest.raises(exceptions.BadRequest):
        world.load(without, f"{dataset}.t", schema=schema[:1], write_disposition="WRITE_APPEND")


def test_required_is_relaxed_only_where_that_is_allowed(world: World, dataset: str) -> None:
    world.load(pa.table({"id": [1]}), f"{dataset}.t", schema=[Field("id", "INTEGER", "REQUIRED")])
    row = pa.table({"id": pa.array([None], pa.int64())})
    with pytest.raises(exceptions.BadRequest, match="changed mode from REQUIRED to NULLABLE"):
        world.load(row, f"{dataset}.t", write_disposition="WRITE_APPEND")
    allowed = ["ALLOW_FIELD_RELAXATION"]
    world.load(row, f"{dataset}.t", write_disposition="WRITE_APPEND", schema_update_options=allowed)
    assert world.schema(f"{dataset}.t") == [("id", "INTEGER", "NULLABLE")]
    assert world.query(f"SELECT id FROM {dataset}.t ORDER BY id") == [(None,), (1,)]


def test_wildcards_and_lists_of_uris(world: World, dataset: str) -> None:
    folder = uuid.uuid4().hex
    for number in range(3):
        world.put(pa.table({"n": [number]}), f"{folder}/part-{number}.parquet")
    world.load(f"gs://b/{folder}/*.parquet", f"{dataset}.t")
    world.load([f"gs://b/{folder}/part-{n}.parquet" for n in (0, 2)], f"{dataset}.u")
    assert world.query(f"SELECT n FROM {dataset}.t ORDER BY n") == [(0,), (1,), (2,)]
    assert world.query(f"SELECT n FROM {dataset}.u ORDER BY n") == [(0,), (2,)]
    with pytest.raises(exceptions.NotFound, match="Not found: URI"):
        world.load(f"gs://b/{folder}/*.csv", f"{dataset}.t")


def test_write_truncate_keeps_the_tables_options_and_takes_the_jobs_schema(
    world: World, dataset: str
) -> None:
    _described(world, f"p.{dataset}.t")
    world.load(
        pa.table({"day": [datetime.date(2024, 1, 1)]}), f"{dataset}.t", write_disposition="WRITE_TRUNCATE"
    )
    found = world.client.get_table(f"p.{dataset}.t")
    assert (found.description, found.labels, found.num_rows) == ("kept", {"a": "b"}, 1)
    assert found.time_partitioning.field == "day"
    assert [(field.name, field.description, field.policy_tags) for field in found.schema] == [
        ("day", None, None)
    ]


def test_write_truncate_data_keeps_the_schema_too(world: World, dataset: str) -> None:
    before = _described(world, f"p.{dataset}.t")
    options = {"write_disposition": "WRITE_TRUNCATE_DATA"}
    world.load(pa.table({"id": [1]}), f"{dataset}.t", **options)
    world.load(pa.table({"id": [2]}), f"{dataset}.t", **options)
    found = world.client.get_table(f"p.{dataset}.t")
    assert found.schema == before.schema
    assert world.query(f"SELECT * FROM {dataset}.t") == [(None, 2)]
    with pytest.raises(exceptions.BadRequest, match="Cannot add fields"):
        world.load(
            pa.table({"other": [1]}),
            f"{dataset}.t",
            schema_update_options=["ALLOW_FIELD_ADDITION"],
            **options,
        )


def _described(world: World, name: str) -> Any:
    tags = bigquery.PolicyTagList(["projects/p/locations/us/taxonomies/1/policyTags/2"])
    table = bigquery.Table(
        name, [Field("day", "DATE", description="when", policy_tags=tags), Field("id", "INTEGER")]
    )
    table.time_partitioning = bigquery.TimePartitioning(field="day")
    table.description = "kept"
    table.labels = {"a": "b"}
    return world.client.create_table(table)


@pytest.mark.parametrize(
    ("kind", "type_", "decorator", "values"),
    [
        ("HOUR", "TIMESTAMP", "2024010203", ["2024-01-02T03:59:59Z", "2024-01-02T04:00:00Z"]),
        ("DAY", "DATETIME", "20240102", ["2024-01-02T23:59:59", "2024-01-03T00:00:00"]),
        ("MONTH", "DATE", "202401", ["2024-01-31", "2024-02-01"]),
        ("YEAR", "DATE", "2024", ["2024-12-31", "2025-01-01"]),
    ],
)
def test_a_partition_is_replaced_and_takes_only_its_own_rows(
    world: World, dataset: str, kind: str, type_: str, decorator: str, values: list[str]
) -> None:
    table = bigquery.Table(f"p.{dataset}.t", [Field("at", type_), Field("n", "INTEGER")])
    table.time_partitioning = bigquery.TimePartitioning(kind, field="at")
    world.client.create_table(table)
    inside, outside = values
    world.load([{"at": inside, "n": 1}, {"at": outside, "n": 2}], f"{dataset}.t")
    partition = f"{dataset}.t${decorator}"
    world.load([{"at": inside, "n": 3}], partition, write_disposition="WRITE_TRUNCATE")
    assert world.query(f"SELECT n FROM {dataset}.t ORDER BY n") == [(2,), (3,)]
    with pytest.raises(exceptions.BadRequest, match="different partitions"):
        world.load([{"at": outside, "n": 4}], partition, write_disposition="WRITE_TRUNCATE")
    assert world.query(f"SELECT n FROM {dataset}.t ORDER BY n") == [(2,), (3,)]
    world.load([{"at": inside, "n": 5}], partition, write_disposition="WRITE_APPEND")
    assert [
        row.n for row in world.client.list_rows(f"p.{partition}", selected_fields=[Field("n", "INTEGER")])
    ] == [3, 5]


def test_another_partitioning_is_refused(world: World, dataset: str) -> None:
    row = pa.table({"day": [datetime.date(2024, 1, 1)], "id": [1]})
    world.load(row, f"{dataset}.t", time_partitioning=bigquery.TimePartitioning(field="day"))
    for other in (bigquery.TimePartitioning("MONTH", field="day"), bigquery.TimePartitioning()):
        with pytest.raises(exceptions.GoogleAPICallError, match=r"Incompatible table partitioning|ingestion"):
            world.load(row, f"{dataset}.t", time_partitioning=other, write_disposition="WRITE_APPEND")
    with pytest.raises(exceptions.BadRequest, match="must be of type TIMESTAMP, DATE or DATETIME"):
        world.load(row, f"{dataset}.u", time_partitioning=bigquery.TimePartitioning(field="id"))


def test_json_values_are_exact_or_refused(world: World, dataset: str) -> None:
    schema = [
        Field("i", "INTEGER"), Field("n", "NUMERIC"), Field("b", "BYTES"), Field("t", "TIMESTAMP"),
        Field("d", "DATETIME"), Field("j", "JSON"), Field("a", "STRING", "REPEATED"),
        Field("r", "RECORD", fields=[Field("x", "FLOAT")]),
    ]  # fmt: skip
    row = {
        "i": "9007199254740993", "n": "1.123456789", "b": "AP8=", "t": "2024-01-01 00:00:00.5 UTC",
        "d": "2024-01-01T00:00:00", "j": {"k": [1]}, "a": ["x"], "r": {"x": 0.5},
    }  # fmt: skip
    world.load([row, {"i": 2, "t": 1.5}], f"{dataset}.t", schema=schema)
    assert world.query(f"SELECT * FROM {dataset}.t ORDER BY i DESC") == [
        (
            9007199254740993, Decimal("1.123456789"), b"\x00\xff",
            datetime.datetime(2024, 1, 1, 0, 0, 0, 500000, UTC), datetime.datetime(2024, 1, 1), {"k": [1]},
            ["x"], {"x": 0.5},
        ),
        (2, None, None, datetime.datetime(1970, 1, 1, 0, 0, 1, 500000, UTC), None, None, [], None),
    ]  # fmt: skip
    for bad in ({"i": 1.5}, {"n": "1.1234567891"}, {"b": "?"}, {"zz": 1}, {"r": {"zz": 1}}, {"a": "x"}):
        with pytest.raises(exceptions.BadRequest, match="row 1"):
            world.load([bad], f"{dataset}.t", schema=schema)
    world.load([{"i": 7, "zz": 1}], f"{dataset}.t", schema=schema, ignore_unknown_values=True)
    assert world.query(f"SELECT count(*) FROM {dataset}.t") == [(3,)]


def test_csv_options(world: World, dataset: str) -> None:
    content = b'id|name\n1|"a|""b"""\n2|""\n3|\n4|NIL\n'
    uri = world.put(content)
    schema = [Field("id", "INTEGER"), Field("name", "STRING")]
    options: dict[str, Any] = {
        "source_format": "CSV",
        "schema": schema,
        "field_delimiter": "|",
        "skip_leading_rows": 1,
    }
    world.load(uri, f"{dataset}.t", **options)
    expected: list[tuple[Any, ...]] = [(1, 'a|"b"'), (2, ""), (3, None), (4, "NIL")]
    assert world.query(f"SELECT * FROM {dataset}.t ORDER BY id") == expected
    world.load(uri, f"{dataset}.u", null_marker="NIL", **options)
    assert world.query(f"SELECT name FROM {dataset}.u WHERE id IN (3, 4) ORDER BY id") == [("",), (None,)]


def test_schemas_are_detected_where_that_is_asked_for(world: World, dataset: str) -> None:
    csv = world.put(b"id,day,at,price,ok,name\n1,2024-01-01,2024-01-01 00:00:00,1.5,true,x\n")
    with pytest.raises(exceptions.BadRequest, match="No schema specified"):
        world.load(csv, f"{dataset}.c", source_format="CSV")
    world.load(csv, f"{dataset}.c", source_format="CSV", autodetect=True)
    kinds = ["INTEGER", "DATE", "TIMESTAMP", "FLOAT", "BOOLEAN", "STRING"]
    assert [kind for _, kind, _ in world.schema(f"{dataset}.c")] == kinds
    world.load([{"a": [1], "r": {"x": "y"}}], f"{dataset}.j", autodetect=True)
    assert world.schema(f"{dataset}.j") == [("a", "INTEGER", "REPEATED"), ("r", "RECORD", "NULLABLE")]


def test_json_without_a_schema_takes_the_tables(world: World, dataset: str) -> None:
    schema = [Field("id", "NUMERIC", description="key")]
    world.load([{"id": "1.5"}], f"{dataset}.t", schema=schema)
    world.load([{"id": 2}], f"{dataset}.t", write_disposition="WRITE_TRUNCATE")
    assert world.client.get_table(f"p.{dataset}.t").schema == schema
    assert world.query(f"SELECT id FROM {dataset}.t") == [(2,)]


def test_a_bad_row_leaves_the_table_as_it_was(world: World, dataset: str) -> None:
    world.load([{"id": 1}], f"{dataset}.t", schema=[Field("id", "INTEGER")])
    for disposition in ("WRITE_TRUNCATE", "WRITE_APPEND", "WRITE_TRUNCATE_DATA"):
        with pytest.raises(exceptions.BadRequest):
            world.load(
                [{"id": 2}, {"id": "x"}], f"{dataset}.t", schema=[Field("id", "INTEGER")],
                write_disposition=disposition,
            )  # fmt: skip
    assert world.query(f"SELECT id FROM {dataset}.t") == [(1,)]


def test_an_upload_in_chunks(world: World, dataset: str) -> None:
    stream = io.BytesIO()
    pq.write_table(pa.table({"n": list(range(400_000))}), stream, compression="none", use_dictionary=False)
    stream.seek(0)
    config = bigquery.LoadJobConfig(source_format="PARQUET")
    job = world.client.load_table_from_file(stream, f"p.{dataset}.t", job_config=config)
    assert job.result().output_rows == 400_000


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"sourceFormat": "AVRO"}, "AVRO"),
        ({"projectionFields": ["a"]}, "projectionFields"),
        ({"maxBadRecords": 5}, "maxBadRecords"),
        ({"destinationEncryptionConfiguration": {"kmsKeyName": "k"}}, "destinationEncryptionConfiguration"),
        ({"hivePartitioningOptions": {"mode": "AUTO"}}, "hivePartitioningOptions"),
        ({"schema": {"fields": [{"name": "g", "type": "GEOGRAPHY"}]}}, "GEOGRAPHY"),
        ({"encoding": "UTF-16LE"}, "encoding"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(
    world: World, dataset: str, options: dict[str, Any], named: str
) -> None:
    resource = {
        "load": {"sourceUris": [world.put([{"a": 1}])], "sourceFormat": "NEWLINE_DELIMITED_JSON", **options}
    }
    resource["load"]["destinationTable"] = {"projectId": "p", "datasetId": dataset, "tableId": "t"}
    body = json.dumps({"configuration": resource})
    connection = world.client._connection
    with pytest.raises(exceptions.GoogleAPICallError, match=named) as refused:
        answer = connection.api_request("POST", "/projects/p/jobs", data=json.loads(body))
        error = answer["status"]["errorResult"]
        assert error["reason"] == "notImplemented"
        raise exceptions.MethodNotImplemented(error["message"])
    assert refused.value.code == 501

"""Datasets and tables, and rows without a job."""

from __future__ import annotations

import datetime
import json
import time
import urllib.request
import uuid
from decimal import Decimal
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import bigquery

from conftest import World

Field = bigquery.SchemaField
UTC = datetime.UTC


def create(world: World, dataset: str, *fields: bigquery.SchemaField, name: str = "t") -> Any:
    return world.client.create_table(
        bigquery.Table(f"p.{dataset}.{name}", fields or [Field("id", "INTEGER")])
    )


def call(world: World, method: str, path: str, body: Any = None, base: str = "/bigquery/v2") -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{world.endpoint}{base}{path}", data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


def test_a_dataset_is_deleted_with_its_tables_only_where_that_is_said(world: World, dataset: str) -> None:
    create(world, dataset)
    with pytest.raises(exceptions.BadRequest, match="still in use"):
        world.client.delete_dataset(dataset)
    world.client.delete_dataset(dataset, delete_contents=True)
    with pytest.raises(exceptions.NotFound):
        world.client.list_tables(dataset).pages.__next__()


def test_a_list_of_datasets_shows_no_results_of_queries(world: World, dataset: str) -> None:
    world.query("SELECT 1")
    names = [each.dataset_id for each in world.client.list_datasets()]
    assert dataset in names
    assert not [name for name in names if name.startswith("_")]


def test_a_list_obeys_a_filter_on_labels(world: World) -> None:
    for name, labels in (("f1", {"k": "v"}), ("f2", {"k": "w"}), ("f3", {})):
        made = bigquery.Dataset(f"filtered.{name}")
        made.labels = labels
        world.client.create_dataset(made)

    def listed(condition: str) -> list[str]:
        found = world.client.list_datasets("filtered", filter=condition)
        return [each.dataset_id for each in found]

    assert listed("labels.k:v") == ["f1"]
    assert listed("labels.k") == ["f1", "f2"]
    assert listed("labels.k labels.k:w") == ["f2"]
    assert listed("labels.missing:x") == []
    with pytest.raises(exceptions.BadRequest):
        listed("name:x")


def test_projects_with_hyphens_are_apart(world: World) -> None:
    for project, value in (("my-project-1", 1), ("other-project", 2)):
        world.client.create_dataset(f"{project}.same")
        world.query(f"CREATE TABLE `{project}.same.t` AS SELECT {value} AS n")
    assert world.query("SELECT n FROM my-project-1.same.t") == [(1,)]
    assert world.query("SELECT t.n, u.n AS m FROM `my-project-1.same.t` t, `other-project`.same.t u") == [
        (1, 2)
    ]


def test_columns_are_added_relaxed_and_described_by_a_patch(world: World, dataset: str) -> None:
    table = create(world, dataset, Field("id", "INTEGER", "REQUIRED"))
    world.query(f"INSERT INTO {dataset}.t (id) VALUES (1)")
    table = world.client.get_table(table)
    table.schema = [
        Field("id", "INTEGER", "NULLABLE", description="key"),
        Field("tags", "STRING", "REPEATED"),
    ]
    changed = world.client.update_table(table, ["schema"])
    assert changed.schema == table.schema
    assert world.query(f"SELECT * FROM {dataset}.t") == [(1, [])]
    for schema, told in (
        ([Field("id", "INTEGER")], "is missing in new schema"),
        ([Field("id", "STRING"), Field("tags", "STRING", "REPEATED")], "changed type from INTEGER to STRING"),
        ([*changed.schema, Field("more", "STRING", "REQUIRED")], "Cannot add required fields"),
    ):
        changed.schema = schema
        changed._properties.pop("etag", None)
        with pytest.raises(exceptions.BadRequest, match=told):
            world.client.update_table(changed, ["schema"])


def test_a_table_is_gone_when_its_time_has_come(world: World, dataset: str) -> None:
    table = create(world, dataset)
    table.expires = datetime.datetime.now(UTC) + datetime.timedelta(seconds=0.4)
    world.client.update_table(table, ["expires"])
    time.sleep(0.5)
    with pytest.raises(exceptions.NotFound):
        world.client.get_table(table)
    with pytest.raises(exceptions.NotFound):
        world.query(f"SELECT * FROM {dataset}.t")
    assert list(world.client.list_tables(dataset)) == []
    create(world, dataset, Field("other", "STRING"))
    assert world.schema(f"{dataset}.t") == [("other", "STRING", "NULLABLE")]


def test_a_datasets_default_lifetime_is_that_of_its_tables(world: World) -> None:
    made = bigquery.Dataset(f"p.d{uuid.uuid4().hex[:12]}")
    made.default_table_expiration_ms = 3_600_000
    world.client.create_dataset(made)
    table = create(world, made.dataset_id)
    assert table.expires - table.created == datetime.timedelta(hours=1)


def test_null_removes_what_a_patch_names(world: World, dataset: str) -> None:
    table = create(world, dataset)
    table.labels, table.description = {"a": "b", "c": "d"}, "x"
    table = world.client.update_table(table, ["labels", "description"])
    table.labels["a"] = None
    table.description = None
    table = world.client.update_table(table, ["labels", "description"])
    assert (table.labels, table.description) == ({"c": "d"}, None)


def test_a_deletion_of_a_changed_table_is_refused(world: World, dataset: str) -> None:
    table = create(world, dataset)
    world.query(f"INSERT INTO {dataset}.t (id) VALUES (1)")
    request = urllib.request.Request(
        f"{world.endpoint}/bigquery/v2{table.path}", method="DELETE", headers={"If-Match": table.etag}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 412
    assert json.loads(refused.value.read())["error"]["errors"][0]["reason"] == "conditionNotMet"
    world.client.delete_table(table)


def test_a_partition_that_a_table_cannot_have_is_refused(world: World, dataset: str) -> None:
    create(world, dataset)
    with pytest.raises(exceptions.BadRequest, match="not partitioned"):
        world.client.get_table(f"p.{dataset}.t$20240101")
    with pytest.raises(exceptions.MethodNotImplemented, match="PARTITIONS_SUMMARY"):
        world.client.list_partitions(f"p.{dataset}.t")


def test_the_size_counts_bytes_as_the_service_does(world: World, dataset: str) -> None:
    fields = [
        Field("i", "INTEGER"),
        Field("s", "STRING"),
        Field("n", "NUMERIC"),
        Field("a", "INTEGER", "REPEATED"),
    ]
    create(world, dataset, *fields)
    world.query(f"INSERT INTO {dataset}.t VALUES (1, 'é', 1.5, [1, 2]), (NULL, NULL, NULL, [])")
    assert world.client.get_table(f"p.{dataset}.t").num_bytes == 8 + (2 + 2) + 16 + 16


def test_timestamps_are_written_in_the_form_that_is_asked_for(world: World, dataset: str) -> None:
    create(world, dataset, Field("at", "TIMESTAMP"))
    world.query(f"INSERT INTO {dataset}.t VALUES (TIMESTAMP '1969-12-31 23:59:58.5+00')")
    path = f"/projects/p/datasets/{dataset}/tables/t/data"
    forms = {
        "": "-1.500000",
        "?formatOptions.useInt64Timestamp=true": "-1500000",
        "?formatOptions.timestampOutputFormat=ISO8601_STRING": "1969-12-31T23:59:58.500000Z",
    }
    for query, text in forms.items():
        assert call(world, "GET", path + query)["rows"] == [{"f": [{"v": text}]}]


def test_rows_that_are_streamed_in(world: World, dataset: str) -> None:
    create(world, dataset, Field("id", "INTEGER"), Field("n", "NUMERIC"))
    assert world.client.insert_rows_json(f"p.{dataset}.t", [{"id": 1, "n": "1.5"}, {"id": "2"}]) == []
    errors = world.client.insert_rows_json(f"p.{dataset}.t", [{"id": "x"}, {"id": 3}])
    assert [(each["index"], each["errors"][0]["reason"]) for each in errors] == [
        (0, "invalid"),
        (1, "stopped"),
    ]
    world.client.insert_rows_json(f"p.{dataset}.t", [{"id": "x"}, {"id": 3}], skip_invalid_rows=True)
    assert world.query(f"SELECT * FROM {dataset}.t ORDER BY id") == [
        (1, Decimal("1.5")),
        (2, None),
        (3, None),
    ]


def test_paths_may_lack_the_apis_own(world: World, dataset: str) -> None:
    # So does Node's client where BIGQUERY_EMULATOR_HOST is set.
    assert call(world, "GET", f"/projects/p/datasets/{dataset}", base="")["id"] == f"p:{dataset}"


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "reason"),
    [
        ("GET", "/projects/p/datasets/missing", None, 404, "notFound"),
        ("GET", "/projects/p/models", None, 501, "notImplemented"),
        ("POST", "/projects/p/datasets", {"datasetReference": {"datasetId": "a-b"}}, 400, "invalid"),
        ("POST", "/projects/p/datasets", {"datasetReference": {"datasetId": "x"}, "satisfiesPzi": "y"},
         501, "notImplemented"),
        ("POST", "/projects/p/jobs", {"configuration": {}}, 400, "invalid"),
        ("POST", "/projects/p/queries", {"query": "SELECT 1"}, 501, "notImplemented"),
    ],
)  # fmt: skip
def test_errors_have_the_services_form(
    world: World, method: str, path: str, body: Any, code: int, reason: str
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(world, method, path, body)
    error = json.loads(refused.value.read())["error"]
    assert (refused.value.code, error["code"], error["errors"][0]["reason"]) == (code, code, reason)
    assert error["message"] == error["errors"][0]["message"]
    assert error["errors"][0]["domain"] == "global"


def test_tables_with_what_is_not_emulated_are_refused(world: World, dataset: str) -> None:
    for options, named in (
        ({"view": {"query": "SELECT 1"}}, "view"),
        ({"externalDataConfiguration": {"sourceFormat": "CSV"}}, "externalDataConfiguration"),
        ({"timePartitioning": {"type": "DAY"}}, "ingestion"),
        ({"schema": {"fields": [{"name": "g", "type": "GEOGRAPHY"}]}}, "GEOGRAPHY"),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            call(
                world,
                "POST",
                f"/projects/p/datasets/{dataset}/tables",
                {"tableReference": {"tableId": "v"}, **options},
            )
        assert refused.value.code == 501
        assert named in json.loads(refused.value.read())["error"]["message"]


def test_a_page_is_cut_by_bytes_too(world: World, dataset: str) -> None:
    rows = "SELECT n, REPEAT('x', 3000000) AS text FROM UNNEST([1, 2, 3, 4, 5]) AS n"
    world.query(f"CREATE TABLE {dataset}.wide AS {rows}")
    pages = list(world.client.list_rows(f"p.{dataset}.wide", page_size=100).pages)
    assert [[row.n for row in page] for page in pages] == [[1, 2, 3], [4, 5]]

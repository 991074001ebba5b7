"""The views of INFORMATION_SCHEMA.

https://cloud.google.com/bigquery/docs/information-schema-intro
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from bigquery_emulator.errors import not_emulated
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.catalog import Resource
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.fields import Field, standard_type
from bigquery_emulator.tables.names import DatasetId, TableId
from bigquery_emulator.tables.partitioning import partition_id_sql

Row = dict[str, Any]

_TEXT, _NUMBER, _MOMENT = pa.string(), pa.int64(), pa.timestamp("us", "UTC")
_OF_TABLE = [("table_catalog", _TEXT), ("table_schema", _TEXT), ("table_name", _TEXT)]


def view(cursor: Cursor, name: str, dataset: DatasetId) -> pa.Table:
    """The rows of a view about one dataset.

    Raises:
        BigQueryError: There is no such dataset, or the view is not emulated.
    """
    if name not in _VIEWS:
        raise not_emulated(f"INFORMATION_SCHEMA.{name} (there are {', '.join(_VIEWS)})")
    catalog.get_dataset(cursor, dataset)
    columns, rows_of = _VIEWS[name]
    rows = [
        {"table_catalog": dataset.project, "table_schema": dataset.dataset, "table_name": table.table, **row}
        for table, resource in catalog.list_tables(cursor, dataset)
        if not catalog.has_expired(resource)
        for row in rows_of(cursor, table, resource)
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([*_OF_TABLE, *columns]))


def _tables(cursor: Cursor, table: TableId, resource: Resource) -> Iterator[Row]:
    moment = datetime.datetime.fromtimestamp(int(resource["creationTime"]) / 1000, datetime.UTC)
    is_view = "view" in resource
    yield {
        "table_type": "VIEW" if is_view else "BASE TABLE",
        "is_insertable_into": "NO" if is_view else "YES", "is_typed": "NO", "creation_time": moment,
    }  # fmt: skip


def _columns(cursor: Cursor, table: TableId, resource: Resource) -> Iterator[Row]:
    layout = resource.get("timePartitioning") or resource.get("rangePartitioning") or {}
    clustered = (resource.get("clustering") or {}).get("fields") or []
    for position, field in enumerate(resource["schema"]["fields"], 1):
        name = field["name"]
        yield {
            "column_name": name,
            "ordinal_position": position,
            "is_nullable": "NO" if field["mode"] == "REQUIRED" else "YES",
            "data_type": standard_type(field),
            "is_generated": "NEVER",
            "is_hidden": "NO",
            "is_system_defined": "NO",
            "is_partitioning_column": "YES" if layout.get("field") == name else "NO",
            "clustering_ordinal_position": clustered.index(name) + 1 if name in clustered else None,
            "collation_name": "NULL",
            "column_default": "NULL",
        }


def _field_paths(cursor: Cursor, table: TableId, resource: Resource) -> Iterator[Row]:
    for field in resource["schema"]["fields"]:
        yield from _paths(field, field["name"], field["name"])


def _paths(field: Field, column: str, path: str) -> Iterator[Row]:
    tags = (field.get("policyTags") or {}).get("names") or []
    yield {
        "column_name": column, "field_path": path, "data_type": standard_type(field),
        "description": field.get("description"), "collation_name": "NULL", "policy_tags": tags,
    }  # fmt: skip
    for part in field.get("fields") or []:
        yield from _paths(part, column, f"{path}.{part['name']}")


def _views(cursor: Cursor, table: TableId, resource: Resource) -> Iterator[Row]:
    if "view" in resource:
        yield {
            "view_definition": resource["view"]["query"], "check_option": None, "use_standard_sql": "YES",
        }  # fmt: skip


def _partitions(cursor: Cursor, table: TableId, resource: Resource) -> Iterator[Row]:
    if "view" in resource:
        return
    moment = datetime.datetime.fromtimestamp(int(resource["lastModifiedTime"]) / 1000, datetime.UTC)
    statement = f"SELECT {partition_id_sql(resource)} AS id, count(*) FROM {table.sql} GROUP BY 1 ORDER BY 1"
    found = cursor.execute(statement).fetchall()
    if not found and "timePartitioning" not in resource and "rangePartitioning" not in resource:
        found = [(None, 0)]
    for partition, rows in found:
        yield {
            "partition_id": partition, "total_rows": rows, "last_modified_time": moment,
            "storage_tier": "ACTIVE",
        }  # fmt: skip


def _options(cursor: Cursor, table: TableId, resource: Resource) -> Iterator[Row]:
    texts = (("description", "description"), ("friendly_name", "friendlyName"))
    for option, key in texts:
        if key in resource:
            yield _option(option, "STRING", json.dumps(resource[key], ensure_ascii=False))
    if "labels" in resource:
        pairs = ", ".join(f'STRUCT("{key}", "{value}")' for key, value in resource["labels"].items())
        yield _option("labels", "ARRAY<STRUCT<STRING, STRING>>", f"[{pairs}]")
    if "expirationTime" in resource:
        moment = datetime.datetime.fromtimestamp(int(resource["expirationTime"]) / 1000, datetime.UTC)
        yield _option(
            "expiration_timestamp", "TIMESTAMP", f'TIMESTAMP "{moment:%Y-%m-%dT%H:%M:%S.%f}"'[:-4] + 'Z"'
        )
    if resource.get("requirePartitionFilter"):
        yield _option("require_partition_filter", "BOOL", "true")
    lifetime = (resource.get("timePartitioning") or {}).get("expirationMs")
    if lifetime is not None:
        yield _option("partition_expiration_days", "FLOAT64", str(int(lifetime) / 86_400_000))


def _option(name: str, kind: str, value: str) -> Row:
    return {"option_name": name, "option_type": kind, "option_value": value}


_VIEWS: dict[str, tuple[list[tuple[str, Any]], Callable[[Cursor, TableId, Resource], Iterator[Row]]]] = {
    "TABLES": (
        [
            ("table_type", _TEXT), ("is_insertable_into", _TEXT), ("is_typed", _TEXT),
            ("creation_time", _MOMENT),
        ],
        _tables,
    ),
    "COLUMNS": (
        [
            ("column_name", _TEXT), ("ordinal_position", _NUMBER), ("is_nullable", _TEXT),
            ("data_type", _TEXT), ("is_generated", _TEXT), ("is_hidden", _TEXT),
            ("is_system_defined", _TEXT), ("is_partitioning_column", _TEXT),
            ("clustering_ordinal_position", _NUMBER), ("collation_name", _TEXT), ("column_default", _TEXT),
        ],
        _columns,
    ),
    "COLUMN_FIELD_PATHS": (
        [
            ("column_name", _TEXT), ("field_path", _TEXT), ("data_type", _TEXT), ("description", _TEXT),
            ("collation_name", _TEXT), ("policy_tags", pa.list_(_TEXT)),
        ],
        _field_paths,
    ),
    "PARTITIONS": (
        [
            ("partition_id", _TEXT), ("total_rows", _NUMBER), ("last_modified_time", _MOMENT),
            ("storage_tier", _TEXT),
        ],
        _partitions,
    ),
    "VIEWS": (
        [("view_definition", _TEXT), ("check_option", _TEXT), ("use_standard_sql", _TEXT)],
        _views,
    ),
    "TABLE_OPTIONS": (
        [("option_name", _TEXT), ("option_type", _TEXT), ("option_value", _TEXT)],
        _options,
    ),
}  # fmt: skip

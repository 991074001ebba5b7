"""The records of datasets, tables and jobs, in the same database as the data."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from bigquery_emulator.errors import BigQueryError, duplicate, invalid, not_emulated, not_found
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.fields import columns
from bigquery_emulator.tables.names import DatasetId, TableId, quote

Resource = dict[str, Any]

# What a table's record holds beside what clients see.
INTERNAL = ("version", "mutations")


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def etag_of(resource: Resource) -> str:
    """Changes whenever the resource does."""
    return hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()[:24]


def _one(cursor: Cursor, statement: str, values: list[Any]) -> Resource | None:
    row = cursor.execute(statement, values).fetchone()
    return None if row is None else json.loads(row[0])


# Datasets


def find_dataset(cursor: Cursor, name: DatasetId) -> Resource | None:
    """A dataset's record, or None."""
    return _one(
        cursor, "SELECT resource FROM _catalog.datasets WHERE project = ? AND dataset = ?",
        [name.project, name.dataset],
    )  # fmt: skip


def get_dataset(cursor: Cursor, name: DatasetId) -> Resource:
    """A dataset's record.

    Raises:
        BigQueryError: There is none.
    """
    found = find_dataset(cursor, name)
    if found is None:
        raise not_found("Dataset", str(name))
    return found


def create_dataset(cursor: Cursor, name: DatasetId, resource: Resource) -> None:
    """Creates a dataset.

    Raises:
        BigQueryError: It is there already.
    """
    if find_dataset(cursor, name) is not None:
        raise duplicate("Dataset", str(name))
    cursor.execute(f"CREATE SCHEMA {quote(name.schema)}")
    moment = str(now_ms())
    resource = {**resource, "creationTime": moment, "lastModifiedTime": moment}
    cursor.execute(
        "INSERT INTO _catalog.datasets VALUES (?, ?, ?)", [name.project, name.dataset, json.dumps(resource)]
    )


def put_dataset(cursor: Cursor, name: DatasetId, resource: Resource) -> None:
    """Changes a dataset's record."""
    resource = {**resource, "lastModifiedTime": str(now_ms())}
    cursor.execute(
        "UPDATE _catalog.datasets SET resource = ? WHERE project = ? AND dataset = ?",
        [json.dumps(resource), name.project, name.dataset],
    )


def delete_dataset(cursor: Cursor, name: DatasetId, *, contents: bool) -> None:
    """Deletes a dataset, with `contents` also its tables.

    Raises:
        BigQueryError: There is none, or it is not empty.
    """
    get_dataset(cursor, name)
    tables = list_tables(cursor, name)
    if tables and not contents:
        raise BigQueryError("resourceInUse", f"Dataset {name} is still in use")
    for table, _ in tables:
        delete_table(cursor, table)
    cursor.execute(f"DROP SCHEMA {quote(name.schema)}")
    cursor.execute(
        "DELETE FROM _catalog.datasets WHERE project = ? AND dataset = ?", [name.project, name.dataset]
    )


def list_datasets(cursor: Cursor, project: str) -> list[tuple[DatasetId, Resource]]:
    """The datasets of a project, by name."""
    rows = cursor.execute(
        "SELECT dataset, resource FROM _catalog.datasets WHERE project = ? ORDER BY dataset", [project]
    ).fetchall()
    return [(DatasetId(project, name), json.loads(resource)) for name, resource in rows]


# Tables


def find_table(cursor: Cursor, name: TableId) -> Resource | None:
    """A table's record, or None where there is none or it has expired."""
    found = _one(
        cursor, "SELECT resource FROM _catalog.tables WHERE project = ? AND dataset = ? AND name = ?",
        [name.dataset.project, name.dataset.dataset, name.table],
    )  # fmt: skip
    if found is None or has_expired(found):
        return None
    return found


def has_expired(table: Resource) -> bool:
    """Whether a table's expiration time has passed."""
    return "expirationTime" in table and int(table["expirationTime"]) <= now_ms()


def get_table(cursor: Cursor, name: TableId) -> Resource:
    """A table's record.

    Raises:
        BigQueryError: There is none.
    """
    found = find_table(cursor, name)
    if found is None:
        raise not_found("Table", str(name))
    return found


def get_stored_table(cursor: Cursor, name: TableId) -> Resource:
    """A table's record.

    Raises:
        BigQueryError: There is none, or it is a view, which has no rows of its own.
    """
    found = get_table(cursor, name)
    check_stored(found, name)
    return found


def check_stored(table: Resource, name: TableId) -> None:
    """Refuses a view.

    Raises:
        BigQueryError: It is one.
    """
    if "view" in table:
        raise invalid(f"{name} is not allowed for this operation because it is currently a VIEW.")


def check_view(table: Resource, name: TableId) -> None:
    """Refuses what is not a view.

    Raises:
        BigQueryError: It is a table.
    """
    if "view" not in table:
        raise invalid(f"{name} is not allowed for this operation because it is currently a TABLE.")


def create_table(cursor: Cursor, name: TableId, resource: Resource) -> Resource:
    """Creates an empty table of the resource's schema, and gives its record.

    Raises:
        BigQueryError: It is there already, or its dataset is not.
    """
    dataset = get_dataset(cursor, name.dataset)
    if find_table(cursor, name) is not None:
        raise duplicate("Table", str(name))
    delete_table(cursor, name)  # one that has expired
    for other, _ in list_tables(cursor, name.dataset):
        if other.table.lower() == name.table.lower():
            raise not_emulated(f"two tables whose names differ only in case: {other} and {name}")
    fields = resource["schema"]["fields"]
    if "view" not in resource:
        # DuckDB has no tables without columns; BigQuery has.
        cursor.execute(f"CREATE TABLE {name.sql} ({columns(fields) or '_no_columns BOOLEAN'})")
    moment = now_ms()
    resource = {**resource, "creationTime": str(moment), "lastModifiedTime": str(moment), "version": 1}
    lifetime = dataset.get("defaultTableExpirationMs")
    if lifetime is not None and "expirationTime" not in resource:
        resource["expirationTime"] = str(moment + int(lifetime))
    cursor.execute(
        "INSERT INTO _catalog.tables VALUES (?, ?, ?, ?)",
        [name.dataset.project, name.dataset.dataset, name.table, json.dumps(resource)],
    )
    return resource


def put_table(cursor: Cursor, name: TableId, resource: Resource, *, mutated: bool = False) -> None:
    """Changes a table's record, and says so in its etag and its time of modification.

    Args:
        cursor: The transaction.
        name: The table.
        resource: Its record.
        mutated: Whether rows were changed or deleted, which transactions at the same time must not do.
    """
    if mutated:
        resource = {**resource, "mutations": resource.get("mutations", 0) + 1}
    resource = {**resource, "lastModifiedTime": str(now_ms()), "version": resource["version"] + 1}
    cursor.execute(
        "UPDATE _catalog.tables SET resource = ? WHERE project = ? AND dataset = ? AND name = ?",
        [json.dumps(resource), name.dataset.project, name.dataset.dataset, name.table],
    )


def delete_table(cursor: Cursor, name: TableId) -> None:
    """Deletes a table that may be there."""
    cursor.execute(f"DROP TABLE IF EXISTS {name.sql}")
    cursor.execute(
        "DELETE FROM _catalog.tables WHERE project = ? AND dataset = ? AND name = ?",
        [name.dataset.project, name.dataset.dataset, name.table],
    )


def list_tables(cursor: Cursor, name: DatasetId) -> list[tuple[TableId, Resource]]:
    """A dataset's tables, by name, also those that have expired."""
    rows = cursor.execute(
        "SELECT name, resource FROM _catalog.tables WHERE project = ? AND dataset = ? ORDER BY name",
        [name.project, name.dataset],
    ).fetchall()
    return [(TableId(name, table), json.loads(resource)) for table, resource in rows]


def delete_expired_tables(cursor: Cursor) -> None:
    """Deletes the tables whose time has passed, among them old results of queries."""
    rows = cursor.execute("SELECT project, dataset, name, resource FROM _catalog.tables").fetchall()
    for project, dataset, name, resource in rows:
        if has_expired(json.loads(resource)):
            delete_table(cursor, TableId(DatasetId(project, dataset), name))


# Jobs


def find_job(cursor: Cursor, project: str, job_id: str) -> Resource | None:
    """The record of a job that has ended, or None."""
    return _one(cursor, "SELECT resource FROM _catalog.jobs WHERE project = ? AND id = ?", [project, job_id])


def put_job(cursor: Cursor, job: Resource) -> None:
    """Writes the record of a job."""
    reference = job["jobReference"]
    key = [reference["projectId"], reference["jobId"]]
    cursor.execute("DELETE FROM _catalog.jobs WHERE project = ? AND id = ?", key)
    statistics = job["statistics"]
    cursor.execute(
        "INSERT INTO _catalog.jobs VALUES (?, ?, ?, ?, ?)",
        [*key, statistics.get("parentJobId"), int(statistics["creationTime"]), json.dumps(job)],
    )


def list_jobs(cursor: Cursor, project: str, parent: str | None) -> list[Resource]:
    """The jobs of a project that have ended, the newest first; `parent`'s children, or those without one."""
    rows = cursor.execute(
        "SELECT resource FROM _catalog.jobs WHERE project = ? AND parent IS NOT DISTINCT FROM ? "
        "ORDER BY created DESC, rowid DESC",
        [project, parent],
    ).fetchall()
    return [json.loads(resource) for (resource,) in rows]

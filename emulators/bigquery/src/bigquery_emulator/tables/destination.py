"""Writes rows into the table that a job names, as its dispositions say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bigquery_emulator.errors import duplicate, invalid, not_emulated, not_found
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.fields import Field, columns, duckdb_type
from bigquery_emulator.tables.names import TableId, quote
from bigquery_emulator.tables.partitioning import check_same_layout, checked_layout, partition_condition
from bigquery_emulator.tables.ranges import check_ranges

Resource = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """What is written.

    Attributes:
        select: A query in DuckDB's SQL.
        fields: Its columns.
    """

    select: str
    fields: list[Field]


def write(
    cursor: Cursor, rows: Rows, target: TableId, config: Resource, default: str, *, load: bool = False
) -> int:
    """Writes rows into a table, creating it where that is allowed, within the caller's transaction.

    Args:
        cursor: The transaction.
        rows: What is written.
        target: The table; with a partition, only that.
        config: Dispositions, schemaUpdateOptions, partitioning and clustering of the job.
        default: The writeDisposition where the job names none.
        load: Whether the rows are those of a load job.

    Returns:
        How many rows were written.

    Raises:
        BigQueryError: The dispositions, the schema or the partitioning do not allow it.
    """
    catalog.get_dataset(cursor, target.dataset)
    table = catalog.find_table(cursor, target)
    disposition = config.get("writeDisposition") or default
    if table is None:
        if config.get("createDisposition") == "CREATE_NEVER":
            raise not_found("Table", str(target))
        layout = checked_layout(config, rows.fields)
        table = catalog.create_table(cursor, target, {**layout, "schema": {"fields": rows.fields}})
    else:
        catalog.check_stored(table, target)
        check_same_layout(table, config, rows.fields)
        if disposition == "WRITE_EMPTY":
            if cursor.execute(f"SELECT 1 FROM {target.sql} LIMIT 1").fetchone():
                raise duplicate("Table", str(target))
        elif target.partition is not None and disposition.startswith("WRITE_TRUNCATE"):
            cursor.execute(f"DELETE FROM {target.sql} WHERE {partition_condition(table, target.partition)}")
        elif disposition == "WRITE_TRUNCATE":
            table = _replaced(cursor, target, table, rows.fields)
        elif disposition == "WRITE_TRUNCATE_DATA":
            cursor.execute(f"DELETE FROM {target.sql}")
        table = _fitted(
            cursor,
            target,
            table,
            rows.fields,
            [] if disposition == "WRITE_TRUNCATE_DATA" else config.get("schemaUpdateOptions") or [],
        )
    if target.partition is not None:
        _check_partition(cursor, rows, table, target.partition)
    count = insert(cursor, rows, target, table, load=load)
    catalog.put_table(cursor, target, table, mutated=disposition.startswith("WRITE_TRUNCATE"))
    return count


def insert(cursor: Cursor, rows: Rows, target: TableId, table: Resource, *, load: bool = False) -> int:
    """Appends rows by the names of their columns; gives their count.

    Raises:
        BigQueryError: A value is out of the range of its type.
    """
    if not rows.fields:
        return 0
    by_name = {field["name"].lower(): field for field in table["schema"]["fields"]}
    names = ", ".join(quote(field["name"]) for field in rows.fields)
    types = [duckdb_type(field) for field in rows.fields]
    wanted = [duckdb_type(by_name[field["name"].lower()]) for field in rows.fields]
    select = rows.select
    if types != wanted:
        casts = ", ".join(
            f"CAST({quote(field['name'])} AS {kind})" for field, kind in zip(rows.fields, wanted, strict=True)
        )
        select = f"SELECT {casts} FROM ({select})"
    row = cursor.execute(f"INSERT INTO {target.sql} ({names}) {select}").fetchone()
    check_ranges(cursor, target.sql, table["schema"]["fields"], load=load)
    return int(row[0]) if row else 0


def _replaced(cursor: Cursor, target: TableId, table: Resource, fields: list[Field]) -> Resource:
    """The table without rows and with another schema; all else about it stays."""
    checked_layout(table, fields)
    cursor.execute(f"DROP TABLE {target.sql}")
    cursor.execute(f"CREATE TABLE {target.sql} ({columns(fields) or '_no_columns BOOLEAN'})")
    return {**table, "schema": {"fields": fields}}


def _fitted(
    cursor: Cursor, target: TableId, table: Resource, fields: Sequence[Field], allowed: Sequence[str]
) -> Resource:
    """The table, with the columns that the rows bring if they may be added."""
    found = [dict(field) for field in table["schema"]["fields"]]
    by_name = {field["name"].lower(): field for field in found}
    problem = f"Provided Schema does not match Table {target}."
    for field in fields:
        existing = by_name.get(field["name"].lower())
        if existing is None:
            if "ALLOW_FIELD_ADDITION" not in allowed:
                raise invalid(f"{problem} Cannot add fields (field: {field['name']})")
            if field["mode"] == "REQUIRED":
                raise invalid(
                    f"{problem} Cannot add required fields to an existing schema. (field: {field['name']})"
                )
            cursor.execute(f"ALTER TABLE {target.sql} ADD COLUMN {quote(field['name'])} {duckdb_type(field)}")
            found.append(field)
            continue
        same = existing["type"] == field["type"] and existing["mode"] == field["mode"]
        if same and field["type"] == "RECORD" and duckdb_type(existing) != duckdb_type(field):
            raise not_emulated(f"another schema of the RECORD {field['name']} than the table's")
        if existing["type"] != field["type"]:
            raise invalid(
                f"{problem} Field {field['name']} has changed type from {existing['type']} to {field['type']}"
            )
        if existing["mode"] == field["mode"] or (existing["mode"], field["mode"]) == ("NULLABLE", "REQUIRED"):
            continue
        if (existing["mode"], field["mode"]) != (
            "REQUIRED",
            "NULLABLE",
        ) or "ALLOW_FIELD_RELAXATION" not in allowed:
            raise invalid(
                f"{problem} Field {field['name']} has changed mode from {existing['mode']} to {field['mode']}"
            )
        cursor.execute(f"ALTER TABLE {target.sql} ALTER COLUMN {quote(field['name'])} DROP NOT NULL")
        existing["mode"] = "NULLABLE"
    given = {field["name"].lower() for field in fields}
    for field in found:
        if field["mode"] == "REQUIRED" and field["name"].lower() not in given:
            raise invalid(f"{problem} Cannot omit the required field {field['name']}.")
    return {**table, "schema": {"fields": found}}


def _check_partition(cursor: Cursor, rows: Rows, table: Resource, partition: str) -> None:
    condition = partition_condition(table, partition)
    layout = table.get("timePartitioning") or table["rangePartitioning"]
    if layout["field"].lower() not in {field["name"].lower() for field in rows.fields}:
        raise invalid(f"The rows lack the column {layout['field']} that partitions the table")
    if cursor.execute(f"SELECT 1 FROM ({rows.select}) WHERE NOT {condition} LIMIT 1").fetchone():
        raise invalid(
            f"Some rows belong to different partitions rather than destination partition {partition}"
        )

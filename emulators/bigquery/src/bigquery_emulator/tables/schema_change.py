"""Changes of a table's schema and layout through REST."""

from __future__ import annotations

from typing import Any

from bigquery_emulator.errors import invalid
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.fields import Field, duckdb_type
from bigquery_emulator.tables.names import TableId, quote
from bigquery_emulator.tables.partitioning import checked_layout

Resource = dict[str, Any]


def change_layout(found: Resource, document: Resource, fields: list[Field], given: Resource) -> None:
    """Puts the partitioning and clustering that a client gives into `given`.

    Raises:
        BigQueryError: The partitioning is another one: it cannot be changed.
    """
    for key in ("timePartitioning", "rangePartitioning"):
        if document.get(key) is None:
            continue
        wanted = checked_layout({key: document[key]}, fields)[key]
        existing = found.get(key)
        same = existing is not None and all(
            existing.get(part) == wanted.get(part) for part in ("type", "field", "range")
        )
        if not same:
            raise invalid(f"Cannot change the partitioning of a table: {found.get(key)} to {wanted}.")
        given[key] = wanted
    if "clustering" in document:
        wanted_clustering = document["clustering"]
        given["clustering"] = checked_layout({"clustering": wanted_clustering}, fields).get("clustering")


def change_schema(cursor: Cursor, name: TableId, old: list[Field], new: list[Field]) -> None:
    """Columns may be added at any place of the list, and required ones may be relaxed.

    https://cloud.google.com/bigquery/docs/managing-table-schemas
    """
    problem = f"Provided Schema does not match Table {name}."
    by_name = {field["name"].lower(): field for field in new}
    for field in old:
        changed = by_name.get(field["name"].lower())
        if changed is None:
            raise invalid(f"{problem} Field {field['name']} is missing in new schema")
        if duckdb_type(changed) != duckdb_type(field):
            raise invalid(
                f"{problem} Field {field['name']} has changed type from {field['type']} to {changed['type']}"
            )
        if changed["mode"] != field["mode"]:
            if (field["mode"], changed["mode"]) != ("REQUIRED", "NULLABLE"):
                raise invalid(
                    f"{problem} Field {field['name']} has changed mode "
                    f"from {field['mode']} to {changed['mode']}"
                )
            cursor.execute(f"ALTER TABLE {name.sql} ALTER COLUMN {quote(field['name'])} DROP NOT NULL")
    known = {field["name"].lower() for field in old}
    for field in new:
        if field["name"].lower() not in known:
            if field["mode"] == "REQUIRED" and old:
                raise invalid(
                    f"{problem} Cannot add required fields to an existing schema. (field: {field['name']})"
                )
            cursor.execute(f"ALTER TABLE {name.sql} ADD COLUMN {quote(field['name'])} {duckdb_type(field)}")
    if not old and new:
        cursor.execute(f"ALTER TABLE {name.sql} DROP COLUMN _no_columns")

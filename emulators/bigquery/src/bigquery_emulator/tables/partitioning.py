"""Partitioning and clustering of a table: checked, and as SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bigquery_emulator.errors import invalid, not_emulated
from bigquery_emulator.tables.fields import Field
from bigquery_emulator.tables.names import quote

Resource = dict[str, Any]

_FORMATS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}
_TYPES = ("DATE", "TIMESTAMP", "DATETIME")
_LAYOUT = ("timePartitioning", "rangePartitioning", "clustering")


def checked_layout(given: Resource, fields: Sequence[Field]) -> Resource:
    """The partitioning and clustering of a new table, as the service answers with them.

    Raises:
        BigQueryError: They do not fit the schema.
    """
    found: Resource = {name: given[name] for name in _LAYOUT if given.get(name)}
    by_name = {field["name"].lower(): field for field in fields}
    if "timePartitioning" in found:
        found["timePartitioning"] = _checked_time(found["timePartitioning"], by_name)
    if "rangePartitioning" in found:
        if "timePartitioning" in found:
            raise invalid("Only one of timePartitioning and rangePartitioning should be specified.")
        _check_range(found["rangePartitioning"], by_name)
    if "clustering" in found:
        _check_clustering(found["clustering"], by_name)
    return found


def _checked_time(given: Resource, by_name: dict[str, Field]) -> Resource:
    kind = str(given.get("type") or "DAY").upper()
    if kind not in _FORMATS:
        raise invalid(f"Invalid value for type: {kind} is not a valid value (HOUR, DAY, MONTH, YEAR)")
    name = given.get("field")
    if not name:
        raise not_emulated("partitioning by the time of ingestion: name a `field`")
    field = by_name.get(str(name).lower())
    if field is None:
        raise invalid(f"The field specified for partitioning cannot be found in the schema: {name}")
    if field["type"] not in _TYPES or field["mode"] == "REPEATED":
        raise invalid(
            "The field specified for partitioning must be of type TIMESTAMP, DATE or DATETIME; "
            f"found: {field['type']}."
        )
    if kind == "HOUR" and field["type"] == "DATE":
        raise invalid("Hourly partitioning is not supported for a column of type DATE.")
    found = {"type": kind, "field": field["name"]}
    for option in ("expirationMs", "requirePartitionFilter"):
        if given.get(option) is not None:
            found[option] = given[option]
    return found


def _check_range(given: Resource, by_name: dict[str, Field]) -> None:
    field = by_name.get(str(given.get("field")).lower())
    if field is None or field["type"] != "INTEGER" or field["mode"] == "REPEATED":
        raise invalid("The field specified for range partitioning must be an INTEGER column of the schema.")


def _check_clustering(given: Resource, by_name: dict[str, Field]) -> None:
    names = given.get("fields") or []
    if not 1 <= len(names) <= 4:
        raise invalid("Clustering needs one to four fields.")
    for name in names:
        field = by_name.get(str(name).lower())
        if field is None:
            raise invalid(f"The field specified for clustering cannot be found in the schema: {name}")
        if field["mode"] == "REPEATED" or field["type"] in ("RECORD", "FLOAT", "BYTES", "TIME", "JSON"):
            raise invalid(f"Clustering is not supported on the field {name} of the type {field['type']}.")


def check_same_layout(table: Resource, given: Resource, fields: Sequence[Field]) -> None:
    """A job that writes into a table may name its partitioning and clustering, but no other.

    Raises:
        BigQueryError: They differ.
    """
    wanted = checked_layout(given, fields)
    for name in ("timePartitioning", "rangePartitioning"):
        if name in wanted and _key(wanted[name]) != _key(table.get(name) or {}):
            raise invalid(
                "Incompatible table partitioning specification. Expects partitioning specification "
                f"{_told(table)}, but input partitioning specification is {_told(wanted)}"
            )
    if "clustering" in wanted and wanted["clustering"] != table.get("clustering"):
        raise invalid("Incompatible table clustering specification.")


def _key(layout: Resource) -> tuple[Any, ...]:
    return (layout.get("type"), str(layout.get("field")).lower(), str(layout.get("range")))


def _told(resource: Resource) -> str:
    if layout := resource.get("timePartitioning"):
        return f"interval(type:{layout['type'].lower()},field:{layout['field']})"
    if layout := resource.get("rangePartitioning"):
        return f"range(field:{layout['field']})"
    return "none"


def partition_condition(table: Resource, partition: str) -> str:
    """The condition on the rows of a partition, as SQL.

    Args:
        table: Its record.
        partition: What follows `$` in the table's name.

    Raises:
        BigQueryError: The table has no such partition.
    """
    return f"({partition_id_sql(table)}) = '{_checked_id(table, partition)}'"


def _checked_id(table: Resource, partition: str) -> str:
    if partition in ("__NULL__", "__UNPARTITIONED__"):
        return partition
    if partition.startswith("__"):
        raise not_emulated(f"${partition}")
    layout = table.get("timePartitioning")
    if layout is None and "rangePartitioning" not in table:
        raise invalid("Cannot use a partition decorator on a table that is not partitioned.")
    length = {"HOUR": 10, "DAY": 8, "MONTH": 6, "YEAR": 4}[layout["type"]] if layout else None
    if not re.fullmatch(r"-?\d+", partition) or (length is not None and len(partition) != length):
        raise invalid(f"Invalid partition decorator: ${partition}")
    return partition


def partition_id_sql(table: Resource) -> str:
    """The id of a row's partition, as SQL."""
    if layout := table.get("timePartitioning"):
        column = quote(layout["field"])
        return f"coalesce(strftime({column}, '{_FORMATS[layout['type']]}'), '__NULL__')"
    if layout := table.get("rangePartitioning"):
        bounds = layout["range"]
        start, end, step = (int(bounds[name]) for name in ("start", "end", "interval"))
        column = quote(layout["field"])
        return (
            f"CASE WHEN {column} IS NULL THEN '__NULL__' "
            f"WHEN {column} < {start} OR {column} >= {end} THEN '__UNPARTITIONED__' "
            f"ELSE CAST({start} + ({column} - {start}) // {step} * {step} AS VARCHAR) END"
        )
    return "NULL"

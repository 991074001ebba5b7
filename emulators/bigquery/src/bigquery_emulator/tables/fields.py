"""Table schemas: checked, in the form in which the service answers with them, and as DuckDB's types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bigquery_emulator.errors import invalid, not_emulated
from bigquery_emulator.tables.names import quote

Field = dict[str, Any]

# The service answers with the names of legacy SQL:
# https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema
_ALIASES = {
    "INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD",
    "DECIMAL": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC",
}  # fmt: skip
_DUCKDB = {
    "STRING": "VARCHAR", "BYTES": "BLOB", "INTEGER": "BIGINT", "FLOAT": "DOUBLE", "BOOLEAN": "BOOLEAN",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE", "DATE": "DATE", "TIME": "TIME", "DATETIME": "TIMESTAMP",
    "NUMERIC": "DECIMAL(38,9)", "BIGNUMERIC": "DECIMAL(38,18)", "JSON": "JSON",
}  # fmt: skip
# https://cloud.google.com/bigquery/quotas#standard_tables
MOST_COLUMNS = 10_000
_NOT_EMULATED = ("GEOGRAPHY", "INTERVAL", "RANGE", "FOREIGN")
_KEPT = ("description", "policyTags", "precision", "scale", "maxLength")
_KNOWN = {"name", "type", "mode", "fields", *_KEPT}
_NAME = re.compile(r"[^!\"$()*,./;?@\[\]\\^`{}~\x00-\x1f]{1,300}")
# https://cloud.google.com/bigquery/docs/schemas#column_names
_RESERVED = ("_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_FROM_DUCKDB = {
    "VARCHAR": "STRING", "BLOB": "BYTES", "DOUBLE": "FLOAT", "FLOAT": "FLOAT", "BOOLEAN": "BOOLEAN",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "DATE": "DATE", "TIME": "TIME", "TIMESTAMP": "DATETIME",
    "TIMESTAMP_NS": "DATETIME", "TIMESTAMP_S": "DATETIME", "TIMESTAMP_MS": "DATETIME", "JSON": "JSON",
    "UUID": "STRING", '"NULL"': "INTEGER", "NULL": "INTEGER",
    "TINYINT": "INTEGER", "SMALLINT": "INTEGER", "INTEGER": "INTEGER", "BIGINT": "INTEGER",
    "UTINYINT": "INTEGER", "USMALLINT": "INTEGER", "UINTEGER": "INTEGER", "UBIGINT": "INTEGER",
    "HUGEINT": "INTEGER", "UHUGEINT": "INTEGER",
}  # fmt: skip


def checked(fields: Sequence[Field]) -> list[Field]:
    """A schema that a client gave, as the service answers with it.

    Raises:
        BigQueryError: The schema is invalid, or holds a type that is not emulated.
    """
    found = [_checked(field) for field in fields]
    check_count(found)
    seen: set[str] = set()
    for field in found:
        if field["name"].lower() in seen:
            raise invalid(f"Duplicate field name '{field['name']}' found in schema.")
        seen.add(field["name"].lower())
    return found


def check_count(fields: Sequence[Field]) -> None:
    """A table, or the result of a query, has so many columns at most, those inside of records among them.

    Raises:
        BigQueryError: There are more.
    """
    if (count := _count(fields)) > MOST_COLUMNS:
        raise invalid(f"Too many total leaf fields: {count}, max: {MOST_COLUMNS}")


def _count(fields: Sequence[Field]) -> int:
    return sum(1 + _count(field.get("fields") or []) for field in fields)


def _checked(field: Field) -> Field:
    name = str(field.get("name") or "")
    if not _NAME.fullmatch(name) or name.upper().startswith(_RESERVED):
        raise invalid(f'Invalid field name "{name}".')
    given = str(field.get("type") or "").upper()
    kind = _ALIASES.get(given, given)
    if kind in _NOT_EMULATED:
        raise not_emulated(f"the type {kind} (field {name})")
    if kind not in _DUCKDB and kind != "RECORD":
        raise invalid(f"Invalid value for type: {given} is not a valid value (field {name})")
    unknown = {key for key, value in field.items() if value is not None} - _KNOWN
    if unknown:
        raise not_emulated(f"`{min(unknown)}` of the field {name}")
    mode = str(field.get("mode") or "NULLABLE").upper()
    if mode not in ("NULLABLE", "REQUIRED", "REPEATED"):
        raise invalid(f"Invalid value for mode: {mode} is not a valid value (field {name})")
    found: Field = {"name": name, "type": kind, "mode": mode}
    if kind == "RECORD":
        if not field.get("fields"):
            raise invalid(f"Field {name} is type RECORD but has no schema")
        found["fields"] = checked(field["fields"])
    for key in _KEPT:
        if field.get(key) is not None:
            found[key] = field[key] if key in ("description", "policyTags") else str(field[key])
    if kind == "BIGNUMERIC" and int(found.get("precision", 0)) > 38:
        raise not_emulated(f"more than 38 digits of the BIGNUMERIC field {name}")
    return found


def duckdb_type(field: Field) -> str:
    """The type of a field's values in DuckDB."""
    if field["type"] == "RECORD":
        inner = ", ".join(f"{quote(each['name'])} {duckdb_type(each)}" for each in field["fields"])
        found = f"STRUCT({inner})"
    elif field["type"] in ("NUMERIC", "BIGNUMERIC") and "precision" in field:
        found = f"DECIMAL({field['precision']},{field.get('scale', 0)})"
    else:
        found = _DUCKDB[field["type"]]
    return f"{found}[]" if field["mode"] == "REPEATED" else found


def columns(fields: Sequence[Field]) -> str:
    """The columns of CREATE TABLE."""
    return ", ".join(
        f"{quote(field['name'])} {duckdb_type(field)}{' NOT NULL' if field['mode'] == 'REQUIRED' else ''}"
        for field in fields
    )


def field_of(name: str, kind: Any) -> Field:
    """The field that a DuckDB type makes in BigQuery.

    Args:
        name: Its name.
        kind: A type as duckdb's Python client describes it.

    Raises:
        BigQueryError: BigQuery has no such type, or it is not emulated.
    """
    identifier = getattr(kind, "id", "")
    if identifier in ("list", "array"):
        inner = field_of(name, dict(kind.children)["child"])
        if inner["mode"] == "REPEATED":
            raise invalid(f"Array of arrays is not supported: {name}")
        return {**inner, "mode": "REPEATED"}
    if identifier == "struct":
        parts = [field_of(part, of) for part, of in kind.children]
        return {"name": name, "type": "RECORD", "mode": "NULLABLE", "fields": parts}
    text = str(kind)
    if found := _DECIMAL.fullmatch(text):
        precision, scale = int(found[1]), int(found[2])
        numeric = scale <= 9 and precision - scale <= 29
        return {"name": name, "type": "NUMERIC" if numeric else "BIGNUMERIC", "mode": "NULLABLE"}
    if text not in _FROM_DUCKDB:
        raise not_emulated(f"a column of the type {text} ({name})")
    return {"name": name, "type": _FROM_DUCKDB[text], "mode": "NULLABLE"}


def standard_type(field: Field) -> str:
    """The type in the words of GoogleSQL, as INFORMATION_SCHEMA shows it."""
    names = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
    if field["type"] == "RECORD":
        inner = ", ".join(f"{each['name']} {standard_type(each)}" for each in field["fields"])
        found = f"STRUCT<{inner}>"
    else:
        found = names.get(field["type"], str(field["type"]))
        if "precision" in field:
            found += (
                f"({field['precision']}, {field['scale']})" if "scale" in field else f"({field['precision']})"
            )
        elif "maxLength" in field:
            found += f"({field['maxLength']})"
    return f"ARRAY<{found}>" if field["mode"] == "REPEATED" else found

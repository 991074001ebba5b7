"""Parquet files as rows: which Parquet type becomes which BigQuery type.

https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-parquet#parquet_conversions
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bigquery_emulator.errors import invalid, not_emulated
from bigquery_emulator.tables.destination import Rows
from bigquery_emulator.tables.fields import Field, duckdb_type
from bigquery_emulator.tables.names import quote

Config = dict[str, Any]

# NAIVE is a timestamp without a zone: a TIMESTAMP in UTC, or a DATETIME where the schema says so.
_SIMPLE = (
    (pa.types.is_boolean, "BOOLEAN"), (pa.types.is_integer, "INTEGER"), (pa.types.is_floating, "FLOAT"),
    (pa.types.is_date, "DATE"), (pa.types.is_time, "TIME"), (pa.types.is_string, "STRING"),
    (pa.types.is_large_string, "STRING"), (pa.types.is_binary, "BYTES"),
    (pa.types.is_large_binary, "BYTES"), (pa.types.is_fixed_size_binary, "BYTES"),
)  # fmt: skip
# What a column of the schema may be read from, beside its own type.
_CONVERSIONS = {
    ("NUMERIC", "BIGNUMERIC"), ("BIGNUMERIC", "NUMERIC"), ("INTEGER", "NUMERIC"), ("INTEGER", "BIGNUMERIC"),
    ("INTEGER", "FLOAT"), ("NUMERIC", "STRING"), ("BIGNUMERIC", "STRING"), ("STRING", "JSON"),
    ("NAIVE", "DATETIME"), ("NAIVE", "TIMESTAMP"),
}  # fmt: skip
_OPTIONS = ("enumAsString", "enableListInference")
# What DuckDB's decimals leave of BIGNUMERIC's 76 digits.
_BIGNUMERIC_DIGITS = (20, 18)
_PROBLEM = "Error while reading data, error message:"


def parquet_rows(
    files: Sequence[Path], given: list[Field] | None, existing: list[Field] | None, config: Config
) -> Rows:
    """The rows of Parquet files; columns that are missing in some are NULL there.

    Args:
        files: The files.
        given: The schema that the job names; the rows have all of its columns and no other.
        existing: The schema of the table that is appended to; its columns keep their types.
        config: The load job's options.

    Raises:
        BigQueryError: A file is no Parquet file, or does not fit the schema, or holds a type that is not
            emulated.
    """
    for option, value in (config.get("parquetOptions") or {}).items():
        if option not in _OPTIONS and value:
            raise not_emulated(f"`parquetOptions.{option}`")
    read = _read_fields(files, config)
    wanted = {field["name"].lower(): field for field in given or existing or []}
    if given is not None:
        unknown = [field["name"] for key, field in read.items() if key not in wanted]
        if unknown:
            raise invalid(f"{_PROBLEM} the schema has no field for the column {unknown[0]}")
    fields, selected = [], []
    for key in wanted if given is not None else read:
        field, target = read.get(key), wanted.get(key)
        if field is None:
            assert target is not None
            found, value = target, "[]" if target["mode"] == "REPEATED" else "NULL"
        else:
            found, value = _converted(field, target), quote(field["name"])
            if given is not None and target is not None:
                found = {**target, "type": found["type"]}
        value = f"CAST({value} AS {duckdb_type(found)})"
        if found["mode"] == "REPEATED":
            value = f"coalesce({value}, [])"  # BigQuery has no NULL in place of an array
        fields.append(found)
        selected.append(f"{value} AS {quote(found['name'])}")
    paths = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    select = f"SELECT {', '.join(selected)} FROM read_parquet([{paths}], union_by_name = true)"
    return Rows(select, fields)


def _read_fields(files: Sequence[Path], config: Config) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for path in files:
        try:
            schema = pq.read_schema(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise invalid(f"{_PROBLEM} not a Parquet file: {error}") from None
        for column in schema:
            field = _field(column, config)
            known = found.setdefault(field["name"].lower(), field)
            if known["type"] != field["type"]:
                raise invalid(f"{_PROBLEM} the files disagree on the type of {field['name']}")
            if known["mode"] == "REQUIRED":
                known["mode"] = field["mode"]
    return found


def _converted(read: Field, target: Field | None) -> Field:
    """The field that a column is read as: the target's where that is a conversion, else its own."""
    if target is None or read["mode"] == "REPEATED":
        return _with_zone(read)
    if (read["type"], target["type"]) in _CONVERSIONS or read["type"] == target["type"] != "RECORD":
        return {**target, "mode": read["mode"]}
    return {**_with_zone(read), "name": target["name"]}


def _with_zone(field: Field) -> Field:
    if field["type"] == "RECORD":
        return {**field, "fields": [_with_zone(part) for part in field["fields"]]}
    return {**field, "type": "TIMESTAMP"} if field["type"] == "NAIVE" else field


def _field(column: pa.Field, config: Config) -> Field:
    kind = column.type
    name, mode = column.name, "NULLABLE" if column.nullable else "REQUIRED"
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if not (config.get("parquetOptions") or {}).get("enableListInference"):
            raise not_emulated(
                f"a Parquet list without parquetOptions.enableListInference (column {name}): "
                "the service would make it a RECORD"
            )
        return {**_field(kind.value_field.with_name(name), config), "mode": "REPEATED"}
    if pa.types.is_struct(kind):
        parts = [_field(kind.field(number), config) for number in range(kind.num_fields)]
        return {"name": name, "type": "RECORD", "mode": mode, "fields": parts}
    if pa.types.is_decimal(kind):
        return {"name": name, "type": _decimal_type(name, kind, config), "mode": mode}
    if (pa.types.is_timestamp(kind) or pa.types.is_time64(kind)) and kind.unit == "ns":
        raise not_emulated(f"a Parquet column in nanoseconds ({name}): BigQuery's types hold microseconds")
    if pa.types.is_timestamp(kind):
        return {"name": name, "type": "NAIVE" if kind.tz is None else "TIMESTAMP", "mode": mode}
    for test, found in _SIMPLE:
        if test(kind):
            return {"name": name, "type": found, "mode": mode}
    raise not_emulated(f"the Parquet type {kind} (column {name})")


def _decimal_type(name: str, kind: Any, config: Config) -> str:
    """The first of decimalTargetTypes that holds the values, in the order NUMERIC, BIGNUMERIC, STRING.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#DecimalTargetType
    """
    allowed = config.get("decimalTargetTypes") or ["NUMERIC"]
    integers, scale = kind.precision - kind.scale, kind.scale
    if "NUMERIC" in allowed and scale <= 9 and integers <= 29:
        return "NUMERIC"
    if "BIGNUMERIC" in allowed and scale <= 38 and integers <= 38:
        if integers > _BIGNUMERIC_DIGITS[0] or scale > _BIGNUMERIC_DIGITS[1]:
            raise not_emulated(
                f"a BIGNUMERIC of {integers} digits before and {scale} after the point ({name})"
            )
        return "BIGNUMERIC"
    if "STRING" in allowed:
        return "STRING"
    raise invalid(
        f"{_PROBLEM} the column {name} of the type {kind} fits none of "
        f"decimalTargetTypes ({', '.join(allowed)})"
    )

"""Parquet files as rows: which Parquet type becomes which BigQuery type.

https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-parquet#parquet_conversions
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bigquery_emulator.destination import Rows
from bigquery_emulator.errors import invalid, not_emulated
from bigquery_emulator.fields import Field, duckdb_type
from bigquery_emulator.names import quote

_SIMPLE = (
    (pa.types.is_boolean, "BOOLEAN"), (pa.types.is_integer, "INTEGER"), (pa.types.is_floating, "FLOAT"),
    (pa.types.is_date, "DATE"), (pa.types.is_time, "TIME"), (pa.types.is_timestamp, "TIMESTAMP"),
    (pa.types.is_string, "STRING"), (pa.types.is_large_string, "STRING"),
    (pa.types.is_binary, "BYTES"), (pa.types.is_large_binary, "BYTES"),
    (pa.types.is_fixed_size_binary, "BYTES"),
)  # fmt: skip
# What a column of the table, or of a schema that the job names, may be read from.
_CONVERSIONS = {
    ("TIMESTAMP", "DATETIME"), ("DATETIME", "TIMESTAMP"), ("NUMERIC", "BIGNUMERIC"), ("BIGNUMERIC", "NUMERIC"),
    ("INTEGER", "NUMERIC"), ("INTEGER", "BIGNUMERIC"), ("INTEGER", "FLOAT"), ("NUMERIC", "STRING"),
    ("BIGNUMERIC", "STRING"), ("STRING", "JSON"), ("BYTES", "STRING"), ("NUMERIC", "FLOAT"),
}  # fmt: skip


def parquet_rows(files: Sequence[Path], wanted: Sequence[Field] | None, config: dict[str, Any]) -> Rows:
    """The rows of Parquet files; columns that are missing in some are NULL there.

    Args:
        files: The files.
        wanted: The schema that the job names or the table has; its columns keep their types.
        config: The load job's options.

    Raises:
        BigQueryError: A file is no Parquet file, or holds a type that is not emulated.
    """
    found: dict[str, Field] = {}
    for path in files:
        try:
            schema = pq.read_schema(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise invalid(f"Error while reading data, error message: not a Parquet file: {error}") from None
        for column in schema:
            field = _field(column, config)
            known = found.setdefault(field["name"].lower(), field)
            if known["type"] != field["type"]:
                raise invalid(
                    f"Error while reading data, error message: the files disagree on {field['name']}"
                )
            if field["mode"] == "NULLABLE":
                known["mode"] = "NULLABLE" if known["mode"] == "REQUIRED" else known["mode"]
    names = {field["name"].lower(): field for field in wanted or []}
    fields = []
    selected = []
    for key, field in found.items():
        target = names.get(key, field)
        name = quote(field["name"])
        if (field["type"], target["type"]) in _CONVERSIONS and field["mode"] != "REPEATED":
            field = {**target, "mode": target["mode"]}
        selected.append(f"CAST({name} AS {duckdb_type(field)}) AS {quote(target['name'])}")
        fields.append(field)
    paths = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    select = f"SELECT {', '.join(selected)} FROM read_parquet([{paths}], union_by_name = true)"
    return Rows(select, fields)


def _field(column: pa.Field, config: dict[str, Any]) -> Field:
    kind = column.type
    mode = "NULLABLE" if column.nullable else "REQUIRED"
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return {**_field(kind.value_field.with_name(column.name), config), "mode": "REPEATED"}
    if pa.types.is_struct(kind):
        parts = [_field(kind.field(number), config) for number in range(kind.num_fields)]
        return {"name": column.name, "type": "RECORD", "mode": mode, "fields": parts}
    if pa.types.is_decimal(kind):
        return {"name": column.name, "type": _decimal_type(column.name, kind, config), "mode": mode}
    for test, name in _SIMPLE:
        if test(kind):
            return {"name": column.name, "type": name, "mode": mode}
    raise not_emulated(f"the Parquet type {kind} (column {column.name})")


def _decimal_type(name: str, kind: Any, config: dict[str, Any]) -> str:
    """The first of decimalTargetTypes that holds the values, in the order NUMERIC, BIGNUMERIC, STRING.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#DecimalTargetType
    """
    allowed = config.get("decimalTargetTypes") or ["NUMERIC"]
    integers, scale = kind.precision - kind.scale, kind.scale
    if "NUMERIC" in allowed and scale <= 9 and integers <= 29:
        return "NUMERIC"
    if "BIGNUMERIC" in allowed and scale <= 38 and integers <= 38:
        return "BIGNUMERIC"
    if "STRING" in allowed:
        return "STRING"
    raise invalid(
        f"Error while reading data, error message: the column {name} of the type {kind} fits none of "
        f"decimalTargetTypes ({', '.join(allowed)})"
    )

"""Runs SQL in DuckDB over Arrow data, shut off from files and network, with types kept exactly."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from beam_pipeline.errors import ConfigError
from beam_pipeline.staging.empty_batch import empty_batch

BATCH_ROWS = 64 * 1024
# Of one batch, as far as the width of its rows is known.
_BATCH_BYTES = 16 << 20

# What Parquet or Arrow holds only in another form that is still exact.
_STORED_AS = {
    "UHUGEINT": "DECIMAL(38,0)",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    '"NULL"': "INTEGER",
}
_UNSTORABLE = {
    "interval": "Parquet has no interval of months, days and microseconds",
    "time with time zone": "a time with a zone has no counterpart in Arrow",
    "bit": "bits have no counterpart in Arrow",
    "bignum": "a decimal holds 38 digits",
    "union": "a union has no counterpart in Parquet",
    "variant": "a variant has no counterpart in Arrow",
    "geometry": "a geometry has no counterpart in Arrow",
}


@dataclass(frozen=True)
class Unstorable:
    """A type of DuckDB that cannot be staged exactly."""

    kind: str
    reason: str


def open_session(
    *,
    threads: int,
    memory_limit: str | None = None,
    temp_directory: str | None = None,
    readable: Sequence[str] = (),
    timezone: str = "UTC",
) -> Any:
    """Opens a database in memory whose SQL reaches nothing outside it.

    Args:
        threads: How many threads a query may use.
        memory_limit: What queries may hold in memory, such as `1GB`.
        temp_directory: Local folder for what does not fit.
        readable: Folders whose files its SQL may read all the same.
        timezone: The zone in which the SQL reads and writes instants (`timestamptz`) as local times.

    Raises:
        ConfigError: There is no such zone.
    """
    import duckdb

    config: dict[str, Any] = {
        "threads": threads,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # Otherwise a table's name may be a variable of this Python code.
        "python_enable_replacements": False,
        "temp_directory": temp_directory or "",
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    connection = duckdb.connect(config=config)
    folders = ", ".join(literal(os.path.realpath(folder)) for folder in readable)
    try:
        connection.execute(f"SET TimeZone = {literal(timezone)}")
    except duckdb.Error:
        raise ConfigError(
            f"timezone  `{timezone}` is no time zone; use a name such as `UTC` or `Europe/Berlin`"
        ) from None
    for setting in (
        "errors_as_json = true",
        "arrow_lossless_conversion = true",
        f"allowed_directories = [{folders}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def available_threads() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def batches(relation: Any, row_bytes: int = 1) -> Iterator[Any]:
    """Yields a relation's rows as they are computed: at least one batch, in canonical types.

    Every column's type must be its own `storable` one.

    Args:
        relation: The query.
        row_bytes: About how wide a row is, so that a batch of wide rows has fewer.
    """
    reader = relation.to_arrow_reader(max(1, min(BATCH_ROWS, _BATCH_BYTES // max(1, row_bytes))))
    schema = pa.schema([pa.field(field.name, _canonical(field.type)) for field in reader.schema])
    empty = True
    for batch in reader:
        if batch.num_rows or empty:
            columns = [
                _plain(column, field.type) for column, field in zip(batch.columns, schema, strict=True)
            ]
            empty = False
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
    if empty:
        yield empty_batch(schema)


def storable(kind: Any, hugeint: str = "DECIMAL(38,0)") -> str | Unstorable:
    """The SQL type to cast a DuckDB type to so that staging holds it exactly; mostly its own.

    Args:
        kind: The type.
        hugeint: What holds a HUGEINT, which is what DuckDB makes of a sum of integers.
    """
    if kind.id in _UNSTORABLE:
        return Unstorable(str(kind), _UNSTORABLE[kind.id])
    if kind.id == "enum":
        return "VARCHAR"
    if kind.id in ("list", "array"):
        inner = storable(kind.children[0][1], hugeint)
        return inner if isinstance(inner, Unstorable) else f"{inner}[]"
    if kind.id == "struct" and not all(name for name, _ in kind.children):
        return Unstorable("a row", "its fields have no names")
    if kind.id in ("struct", "map"):
        inner_types = [(name, storable(child, hugeint)) for name, child in kind.children]
        for _, inner in inner_types:
            if isinstance(inner, Unstorable):
                return inner
        if kind.id == "map":
            return f"MAP({inner_types[0][1]}, {inner_types[1][1]})"
        return "STRUCT(" + ", ".join(f"{quoted(name)} {inner}" for name, inner in inner_types) + ")"
    if kind.id == "hugeint":
        return hugeint
    return _STORED_AS.get(str(kind), str(kind))


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _canonical(kind: Any) -> Any:
    """DuckDB's Arrow types with Arrow's usual boolean, instants in UTC, and the usual name of list items."""
    if isinstance(kind, pa.Bool8Type):
        return pa.bool_()
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pa.timestamp(kind.unit, "UTC")
    if pa.types.is_map(kind):
        return pa.map_(_canonical(kind.key_type), _canonical(kind.item_type))
    if pa.types.is_list(kind):
        return pa.list_(_canonical(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _canonical(field.type)) for field in kind])
    return kind


def _plain(array: Any, target: Any) -> Any:
    """Casts an array to its canonical type; Arrow itself does not cast extensions inside structs."""
    if array.type == target and not pa.types.is_list(target):
        return array
    if isinstance(array.type, pa.Bool8Type):
        return array.storage.cast(pa.bool_())
    mask = array.is_null() if array.null_count else None
    if pa.types.is_map(target):
        keys, items = _plain(array.keys, target.key_type), _plain(array.items, target.item_type)
        return pa.MapArray.from_arrays(array.offsets, keys, items, type=target, mask=mask)
    if pa.types.is_list(target):
        items = _plain(array.values, target.value_type)
        return pa.ListArray.from_arrays(array.offsets, items, type=target, mask=mask)
    if pa.types.is_struct(target):
        children = [_plain(array.field(i), field.type) for i, field in enumerate(target)]
        return pa.StructArray.from_arrays(children, fields=list(target), mask=mask)
    return array.cast(target)

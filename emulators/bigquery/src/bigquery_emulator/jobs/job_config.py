"""What a job's configuration may hold. What is not known here is refused, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bigquery_emulator.errors import BigQueryError, invalid, not_emulated

Config = dict[str, Any]

_DISPOSITIONS = {
    "createDisposition": ("CREATE_IF_NEEDED", "CREATE_NEVER"),
    "writeDisposition": ("WRITE_TRUNCATE", "WRITE_TRUNCATE_DATA", "WRITE_APPEND", "WRITE_EMPTY"),
}
_UPDATES = ("ALLOW_FIELD_ADDITION", "ALLOW_FIELD_RELAXATION")
_FORMATS = ("PARQUET", "NEWLINE_DELIMITED_JSON", "CSV")

# Of each option: None where every value is taken, else the values that are.
_OPTIONS: Mapping[str, Mapping[str, tuple[Any, ...] | None]] = {
    "job": {
        "jobType": None, "dryRun": None, "jobTimeoutMs": None, "labels": None,
        "query": None, "load": None, "copy": None, "extract": None,
    },
    "load": {
        **_DISPOSITIONS, "sourceUris": None, "schema": None, "destinationTable": None,
        "destinationTableProperties": None, "sourceFormat": _FORMATS, "autodetect": None,
        "schemaUpdateOptions": None, "timePartitioning": None, "rangePartitioning": None,
        "clustering": None, "decimalTargetTypes": None, "parquetOptions": None,
        "nullMarker": None, "fieldDelimiter": None, "skipLeadingRows": None, "quote": None,
        "encoding": ("UTF-8",), "allowQuotedNewlines": None, "allowJaggedRows": None,
        "ignoreUnknownValues": None, "maxBadRecords": (0, "0"), "useAvroLogicalTypes": None,
    },
    "query": {
        **_DISPOSITIONS, "query": None, "destinationTable": None, "defaultDataset": None,
        "priority": ("INTERACTIVE", "BATCH"), "useQueryCache": None, "useLegacySql": (False,),
        "maximumBytesBilled": None, "parameterMode": None, "queryParameters": None,
        "schemaUpdateOptions": None, "timePartitioning": None, "rangePartitioning": None,
        "clustering": None, "allowLargeResults": None, "flattenResults": (True,),
    },
    "copy": {
        **_DISPOSITIONS, "sourceTable": None, "sourceTables": None, "destinationTable": None,
        "operationType": ("COPY",),
    },
    "extract": {
        "sourceTable": None, "destinationUri": None, "destinationUris": None, "printHeader": None,
        "fieldDelimiter": None, "destinationFormat": _FORMATS, "useAvroLogicalTypes": None,
        "compression": ("NONE", "GZIP", "SNAPPY", "ZSTD"),
    },
}  # fmt: skip
_KINDS = ("query", "load", "copy", "extract")


def kind_of(config: Config) -> str:
    """What a job does: `query`, `load`, `copy` or `extract`.

    Raises:
        BigQueryError: It is none of these, or holds something that is not emulated.
    """
    kinds = [kind for kind in _KINDS if config.get(kind) is not None]
    if len(kinds) != 1:
        raise invalid("Job configuration must contain exactly one job-specific configuration object")
    check("job", config)
    check(kinds[0], config[kinds[0]])
    return kinds[0]


def check(kind: str, options: Config) -> None:
    """Refuses options that are not known.

    Raises:
        BigQueryError: Names the first.
    """
    known = _OPTIONS[kind]
    for name, value in options.items():
        if value in (None, False, "", [], {}) and name != "useLegacySql":
            continue
        if name not in known:
            raise not_emulated(f"the option `{name}` of a {kind} job" if kind != "job" else f"`{name}`")
        allowed = known[name]
        if allowed is not None and value not in allowed:
            if name in _DISPOSITIONS:
                raise invalid(f"Invalid value for {name}: {value}")
            raise not_emulated(f"`{name}` = {value} of a {kind} job")
    for update in options.get("schemaUpdateOptions") or []:
        if update not in _UPDATES:
            raise BigQueryError("invalid", f"Invalid value for schemaUpdateOptions: {update}")

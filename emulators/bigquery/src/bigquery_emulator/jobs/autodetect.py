"""Schemas found in the data, where a load job asks for `autodetect`.

https://cloud.google.com/bigquery/docs/schema-detect; the service looks at a sample, this at every row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bigquery_emulator.errors import invalid
from bigquery_emulator.tables.fields import Field, checked

_TEXTS = (
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "DATE"),
    (re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)?( ?UTC|Z|[+-]\d{2}:?\d{2})?"), "TIMESTAMP"),
    (re.compile(r"\d{2}:\d{2}:\d{2}(\.\d+)?"), "TIME"),
    (re.compile(r"[+-]?\d{1,18}"), "INTEGER"),
    (re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?"), "FLOAT"),
    (re.compile(r"true|false", re.IGNORECASE), "BOOLEAN"),
)


def detected(rows: Sequence[dict[str, Any]], config: dict[str, Any]) -> list[Field]:
    """The schema of rows.

    Raises:
        BigQueryError: The job does not ask for it, or there is nothing to find.
    """
    if not config.get("autodetect"):
        raise invalid("No schema specified on job or table.")
    fields = _fields(rows)
    if not fields:
        raise invalid("Failed to detect schema: there are no rows.")
    return checked(fields)


def _fields(rows: Sequence[dict[str, Any]]) -> list[Field]:
    names: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            names.setdefault(name, []).append(value)
    return [_field(name, values) for name, values in names.items()]


def _field(name: str, values: list[Any]) -> Field:
    given = [value for value in values if value is not None]
    mode = "NULLABLE"
    if given and all(isinstance(value, list) for value in given):
        mode = "REPEATED"
        given = [each for value in given for each in value]
    if given and all(isinstance(value, dict) for value in given):
        return {"name": name, "type": "RECORD", "mode": mode, "fields": _fields(given)}
    kinds = {_kind(value) for value in given}
    if kinds == {"INTEGER", "FLOAT"}:
        kinds = {"FLOAT"}
    if kinds == {"DATE", "TIMESTAMP"}:
        kinds = {"TIMESTAMP"}
    return {"name": name, "type": kinds.pop() if len(kinds) == 1 else "STRING", "mode": mode}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "INTEGER"
    if isinstance(value, float):
        return "FLOAT"
    text = str(value).strip()
    return next((kind for pattern, kind in _TEXTS if pattern.fullmatch(text)), "STRING")

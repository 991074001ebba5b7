"""Values of JSON and CSV as values of a BigQuery type, exactly, or refused."""

from __future__ import annotations

import base64
import datetime
import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from bigquery_emulator.tables.fields import Field

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
# Digits before and after the point: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types
_DIGITS = {"NUMERIC": (29, 9), "BIGNUMERIC": (20, 18)}
_INT64 = 1 << 63
_ARROW = {
    "STRING": pa.string(), "BYTES": pa.binary(), "INTEGER": pa.int64(), "FLOAT": pa.float64(),
    "BOOLEAN": pa.bool_(), "TIMESTAMP": pa.timestamp("us", "UTC"), "DATE": pa.date32(),
    "TIME": pa.time64("us"), "DATETIME": pa.timestamp("us"), "JSON": pa.string(),
    "NUMERIC": pa.decimal128(38, 9), "BIGNUMERIC": pa.decimal128(38, 18),
}  # fmt: skip


class BadValue(ValueError):
    """Raised for a value that its field cannot hold."""


def arrow_type(field: Field) -> pa.DataType:
    """The Arrow type of a field's values."""
    if field["type"] == "RECORD":
        kind = pa.struct([pa.field(each["name"], arrow_type(each)) for each in field["fields"]])
    else:
        kind = _ARROW[field["type"]]
    return pa.list_(kind) if field["mode"] == "REPEATED" else kind


def row_of(
    given: dict[str, Any], fields: list[Field], *, ignore_unknown: bool, path: str = ""
) -> dict[str, Any]:
    """A row, or the value of a RECORD, from a JSON object.

    Raises:
        BadValue: A value does not fit its field, a required one is missing, or there is no such field.
    """
    by_name = {name.lower(): value for name, value in given.items()}
    if not ignore_unknown:
        unknown = [name for name in given if name.lower() not in {field["name"].lower() for field in fields}]
        if unknown:
            raise BadValue(f"No such field: {path}{unknown[0]}.")
    found = {}
    for field in fields:
        name = f"{path}{field['name']}"
        value = by_name.get(field["name"].lower())
        if value is None and field["mode"] == "REQUIRED":
            raise BadValue(f"Missing required field: {name}.")
        found[field["name"]] = _value(value, field, name, ignore_unknown)
    return found


def _value(value: Any, field: Field, name: str, ignore_unknown: bool) -> Any:
    if field["mode"] == "REPEATED":
        if value is None:
            return []
        if not isinstance(value, list):
            raise BadValue(f"Array specified for non-repeated field or value is no array: {name}.")
        one = {**field, "mode": "NULLABLE"}
        if any(each is None for each in value):
            raise BadValue(f"Only optional fields can be set to NULL. Field: {name}; Value: NULL")
        return [_value(each, one, name, ignore_unknown) for each in value]
    if value is None:
        return None
    if field["type"] == "RECORD":
        if not isinstance(value, dict):
            raise BadValue(f"This field: {name} is a record.")
        return row_of(value, field["fields"], ignore_unknown=ignore_unknown, path=f"{name}.")
    if isinstance(value, (list, dict)) and field["type"] != "JSON":
        raise BadValue(f"Array or record specified for the field {name} of the type {field['type']}.")
    try:
        return scalar(value, field)
    except (ValueError, OverflowError, InvalidOperation) as error:
        if isinstance(error, BadValue):
            raise
        shown = str(value)[:100]
        raise BadValue(
            f"Could not convert value to {field['type'].lower()}. Field: {name}; Value: {shown}"
        ) from None


def scalar(value: Any, field: Field) -> Any:
    """One value of a type that is no record.

    Raises:
        ValueError: It is not of that type.
    """
    match field["type"]:
        case "STRING":
            return value if isinstance(value, str) else json.dumps(value)
        case "BYTES":
            return base64.b64decode(value, validate=True)
        case "INTEGER":
            return _integer(value)
        case "FLOAT":
            return float(value)
        case "BOOLEAN":
            return _boolean(value)
        case "NUMERIC" | "BIGNUMERIC":
            return _decimal(value, field["type"])
        case "DATE":
            return datetime.date.fromisoformat(value.strip())
        case "TIME":
            return datetime.time.fromisoformat(value.strip())
        case "DATETIME":
            return _datetime(str(value))
        case "TIMESTAMP":
            return _timestamp(value)
        case _:
            return _json(value)


def _integer(value: Any) -> int:
    number = Decimal(str(value).strip()) if not isinstance(value, bool) else None
    if number is None or number != number.to_integral_value() or not -_INT64 <= number < _INT64:
        raise ValueError(value)
    return int(number)


def _boolean(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in ("true", "t", "yes", "y", "1"):
        return True
    if text in ("false", "f", "no", "n", "0"):
        return False
    raise ValueError(value)


def _decimal(value: Any, kind: str) -> Decimal:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(value)
    number = Decimal(str(value).strip())
    integers, scale = _DIGITS[kind]
    exponent = number.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > scale or number.adjusted() >= integers:
        raise ValueError(value)
    return number


def _datetime(text: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text.strip())
    if found.tzinfo is not None:
        raise ValueError(text)
    return found


def _timestamp(value: Any) -> datetime.datetime:
    """Text with or without a zone (then UTC), or seconds since the epoch."""
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return _EPOCH + datetime.timedelta(microseconds=int(Decimal(text) * 1_000_000))
    text = re.sub(r"\s*(UTC|Z|z)$", "+00:00", text)
    found = datetime.datetime.fromisoformat(re.sub(r"\s+([+-]\d)", r"\1", text))
    return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found.astimezone(datetime.UTC)


def _json(value: Any) -> str:
    """JSON text; a string that holds JSON is that JSON."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return json.dumps(value)
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

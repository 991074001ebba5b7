"""OPTIONS, PARTITION BY and CLUSTER BY of DDL, as REST says them.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#table_option_list
"""

from __future__ import annotations

import datetime
from typing import Any

from sqlglot import exp

from bigquery_emulator.errors import invalid_query, not_emulated

Resource = dict[str, Any]

_BOUNDS = (("start", "start"), ("end", "end"), ("interval", "step"))
_ELSEWHERE = (exp.PartitionedByProperty, exp.Cluster, exp.ClusterProperty, exp.TemporaryProperty)
_NAMES = {
    "description": "description", "friendly_name": "friendlyName", "labels": "labels",
    "require_partition_filter": "requirePartitionFilter", "expiration_timestamp": "expirationTime",
}  # fmt: skip
_TEXTS = {"description": "description", "friendly_name": "friendlyName", "location": "location"}


def options_of(holder: exp.Expression | None) -> Resource:
    """The options that a statement gives.

    Raises:
        BigQueryError: One is not emulated.
    """
    found: Resource = {}
    for each in holder.expressions if holder is not None else []:
        if isinstance(each, exp.LocationProperty):
            found["location"] = each.this.name
            continue
        if isinstance(each, _ELSEWHERE):
            continue
        if type(each) not in (exp.Property, exp.EQ):
            raise not_emulated(each.sql("bigquery"))
        name = each.this.name.lower()
        value = each.args.get("value") if isinstance(each, exp.Property) else each.expression
        assert isinstance(value, exp.Expression)
        if isinstance(value, exp.Null) and name in _NAMES:
            found[_NAMES[name]] = None
        elif name in _TEXTS:
            found[_TEXTS[name]] = value.name
        elif name == "labels":
            found["labels"] = dict(_pair(item) for item in value.expressions)
        elif name == "require_partition_filter":
            found["requirePartitionFilter"] = value.sql().upper() == "TRUE"
        elif name == "expiration_timestamp":
            found["expirationTime"] = _milliseconds(value)
        elif name == "default_table_expiration_days":
            found["defaultTableExpirationMs"] = str(int(float(value.name) * 86_400_000))
        else:
            raise not_emulated(f"the option {name}")
    return found


def layout_of(properties: exp.Expression | None) -> Resource:
    """Partitioning and clustering that a statement gives."""
    found: Resource = {}
    for each in properties.expressions if properties is not None else []:
        if isinstance(each, exp.PartitionedByProperty):
            found.update(_partitioning(each.this))
        elif isinstance(each, (exp.Cluster, exp.ClusterProperty)):
            found["clustering"] = {"fields": [column.name for column in each.expressions]}
    return found


def _partitioning(by: exp.Expression) -> Resource:
    if isinstance(by, (exp.Column, exp.Identifier)):
        return {"timePartitioning": {"type": "DAY", "field": by.name}}
    if isinstance(by, (exp.Date, exp.TsOrDsToDate)):
        return {"timePartitioning": {"type": "DAY", "field": by.this.name}}
    if isinstance(by, (exp.DateTrunc, exp.TimestampTrunc, exp.DatetimeTrunc)):
        return {"timePartitioning": {"type": by.args["unit"].name.upper(), "field": by.this.name}}
    if isinstance(by, exp.RangeBucket) and isinstance(by.expression, exp.GenerateSeries):
        bounds = {name: by.expression.args[key].name for name, key in _BOUNDS}
        return {"rangePartitioning": {"field": by.this.name, "range": bounds}}
    raise not_emulated(f"PARTITION BY {by.sql('bigquery')}")


def _pair(item: exp.Expression) -> tuple[str, str]:
    if len(item.expressions) != 2:
        raise invalid_query("labels must be an array of pairs of strings")
    key, value = item.expressions
    return key.name, value.name


def _milliseconds(value: exp.Expression) -> str:
    text = value.find(exp.Literal)
    if text is None or not isinstance(value, (exp.Cast, exp.Literal)):
        raise not_emulated(f"the expression {value.sql('bigquery')} for a time of expiration: give a literal")
    moment = datetime.datetime.fromisoformat(text.name.replace(" UTC", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return str(int(moment.timestamp() * 1000))

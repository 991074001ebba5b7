"""Query parameters as SQL.

https://cloud.google.com/bigquery/docs/parameterized-queries
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from bigquery_emulator.errors import not_emulated
from bigquery_emulator.tables.fields import Field


def parameters(config: dict[str, Any]) -> dict[str | int, exp.Expression]:
    """The parameters of a query as SQL.

    Raises:
        BigQueryError: A value is not of its type.
    """
    found: dict[str | int, exp.Expression] = {}
    for position, each in enumerate(config.get("queryParameters") or []):
        name = each.get("name")
        kind = each.get("parameterType") or {}
        found[name.lower() if name else position] = _value(kind, each.get("parameterValue") or {})
    return found


def parameter(field: Field, value: Any) -> exp.Expression:
    """A value of a field, as REST writes it in a row, as SQL."""
    return _value(_type_of(field), _given(field, value))


def _type_of(field: Field) -> dict[str, Any]:
    if field["mode"] == "REPEATED":
        return {"type": "ARRAY", "arrayType": _type_of({**field, "mode": "NULLABLE"})}
    if field["type"] == "RECORD":
        parts = [{"name": part["name"], "type": _type_of(part)} for part in field["fields"]]
        return {"type": "STRUCT", "structTypes": parts}
    return {"type": field["type"]}


def _given(field: Field, value: Any) -> dict[str, Any]:
    if field["mode"] == "REPEATED":
        one = {**field, "mode": "NULLABLE"}
        return {"arrayValues": [_given(one, cell["v"]) for cell in value or []]}
    if field["type"] == "RECORD" and value is not None:
        parts = zip(field["fields"], value["f"], strict=True)
        return {"structValues": {part["name"]: _given(part, cell["v"]) for part, cell in parts}}
    return {"value": value}


def _value(kind: dict[str, Any], value: dict[str, Any]) -> exp.Expression:
    name = str(kind.get("type", "")).upper()
    if name == "ARRAY":
        items = [_value(kind["arrayType"], each) for each in value.get("arrayValues") or []]
        return exp.cast(exp.Array(expressions=items), sql_type(kind), dialect="bigquery")
    if name == "STRUCT":
        given = value.get("structValues") or {}
        parts = [
            exp.PropertyEQ(
                this=exp.to_identifier(each["name"]),
                expression=_value(each["type"], given.get(each["name"]) or {}),
            )
            for each in kind.get("structTypes") or []
        ]
        return exp.Struct(expressions=parts)
    text = value.get("value")
    if text is None:
        literal: exp.Expression = exp.null()
    elif name == "BYTES":
        return exp.FromBase64(this=exp.Literal.string(str(text)))
    else:
        literal = exp.Literal.string(str(text))
    return exp.cast(literal, sql_type(kind), dialect="bigquery")


def sql_type(kind: dict[str, Any]) -> str:
    """A QueryParameterType in GoogleSQL.

    Raises:
        BigQueryError: It is not emulated.
    """
    name = str(kind.get("type", "")).upper()
    if name == "ARRAY":
        return f"ARRAY<{sql_type(kind['arrayType'])}>"
    if name == "STRUCT":
        parts = ", ".join(f"{each['name']} {sql_type(each['type'])}" for each in kind["structTypes"])
        return f"STRUCT<{parts}>"
    aliases = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
    name = aliases.get(name, name)
    known = (
        "STRING",
        "INT64",
        "FLOAT64",
        "BOOL",
        "BYTES",
        "DATE",
        "TIME",
        "DATETIME",
        "TIMESTAMP",
        "NUMERIC",
        "BIGNUMERIC",
        "JSON",
    )
    if name not in known:
        raise not_emulated(f"a query parameter of the type {name}")
    return name

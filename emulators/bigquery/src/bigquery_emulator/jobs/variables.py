"""Variables of a script: DECLARE and SET.

https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from bigquery_emulator.errors import invalid_query, not_emulated
from bigquery_emulator.jobs.parameters import parameter
from bigquery_emulator.sql.ddl import field_of_type
from bigquery_emulator.sql.dialect import Context
from bigquery_emulator.sql.execution import selected, translated_errors
from bigquery_emulator.tables.cells import read_rows
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.fields import Field, checked, duckdb_type

# The field and the value of each variable, by its name in lower case: part of a job's record.
Variables = dict[str, dict[str, Any]]


def check_places(statements: list[exp.Expression]) -> None:
    """Variables are declared before anything else.

    Raises:
        BigQueryError: One is not.
    """
    seen_other = False
    for statement in statements:
        if isinstance(statement, exp.Declare) and seen_other:
            raise invalid_query("Variable declarations are allowed only at the start of a block or script")
        seen_other = seen_other or not isinstance(statement, exp.Declare)


def declare(cursor: Cursor, statement: exp.Declare, context: Context, variables: Variables) -> None:
    """Gives each variable its default, or NULL.

    Raises:
        BigQueryError: It is declared already, or the default is not of its type.
    """
    for item in statement.expressions:
        default = item.args.get("default") or exp.null()
        kind = item.args.get("kind")
        named = item.this if isinstance(item.this, list) else [item.this]
        for name in (each.name for each in named):
            if name.lower() in variables:
                raise invalid_query(f"Variable '{name}' redeclaration")
            field = checked([field_of_type(name, kind)])[0] if kind is not None else None
            (found,) = _values(cursor, [default.copy()], [field], context)
            variables[name.lower()] = found


def assign(cursor: Cursor, statement: exp.Set, context: Context, variables: Variables) -> None:
    """SET of one variable, or of several from a tuple or a struct.

    Raises:
        BigQueryError: One is not declared, or a value is not of its type.
    """
    for item in statement.expressions:
        pair = item.this
        if not isinstance(pair, exp.EQ) or pair.find(exp.SessionParameter):
            raise not_emulated(f"SET {item.sql('bigquery')}")
        targets = pair.this.expressions if isinstance(pair.this, exp.Tuple) else [pair.this.unnest()]
        names = [each.name.lower() for each in targets]
        for name in names:
            if name not in variables:
                raise invalid_query(f"Undeclared variable: {name}")
        fields: list[Field | None] = [variables[name]["field"] for name in names]
        given = _assigned(pair, len(names))
        variables.update(zip(names, _values(cursor, given, fields, context), strict=True))


def values(variables: Variables) -> dict[str, exp.Expression]:
    """The variables as SQL."""
    return {name: parameter(each["field"], each["value"]) for name, each in variables.items()}


def _assigned(pair: exp.EQ, count: int) -> list[exp.Expression] | exp.Select:
    """What is assigned: expressions, or a query with a column for each variable."""
    source = pair.expression
    if isinstance(pair.this, exp.Column):
        return [source]
    query = source.unnest() if isinstance(source, (exp.Subquery, exp.Paren)) else source
    if isinstance(query, exp.Select) and query.args.get("kind") == "STRUCT":
        query.set("kind", None)
        found: list[exp.Expression] | exp.Select = query
        length = len(query.expressions)
    elif isinstance(query, (exp.Tuple, exp.Struct)):
        found = [each.this if isinstance(each, exp.Alias) else each for each in query.expressions]
        length = len(found)
    else:
        found, length = [source], 1
    if length != count:
        raise invalid_query(
            f"SET of {count} variables takes a struct of {count} values, and there are {length}"
        )
    return found


def _values(
    cursor: Cursor,
    given: list[exp.Expression] | exp.Select,
    fields: list[Field | None],
    context: Context,
) -> list[dict[str, Any]]:
    names = [f"_{number}" for number in range(len(fields))]
    if isinstance(given, exp.Select):
        query = given
        columns = [each.unalias() for each in given.expressions]
    else:
        query = exp.Select()
        columns = given
    # Not `exp.alias_`: it makes another thing of a subquery than the parser does.
    aliased = [
        exp.Alias(this=each.copy(), alias=exp.to_identifier(name))
        for each, name in zip(columns, names, strict=True)
    ]
    query.set("expressions", aliased)
    rows = selected(cursor, query, context)
    # A value without a type, such as NULL, is an INT64, as in a result.
    wanted = [
        field or {**found, "name": name}
        for field, found, name in zip(fields, rows.fields, names, strict=True)
    ]
    casts = ", ".join(
        f"CAST({name} AS {duckdb_type(field)}) AS {name}" for name, field in zip(names, wanted, strict=True)
    )
    with translated_errors():
        found = read_rows(cursor, f"SELECT {casts} FROM ({rows.select}) LIMIT 2", wanted, "ISO8601_STRING")
    if len(found) > 1:
        raise invalid_query("Scalar subquery produced more than one element")
    cells = found[0]["f"] if found else [{"v": None}] * len(wanted)
    return [{"field": field, "value": cell["v"]} for field, cell in zip(wanted, cells, strict=True)]

"""GoogleSQL statements as DuckDB's SQL: sqlglot, and what it does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError

from bigquery_emulator import catalog
from bigquery_emulator.database import Cursor
from bigquery_emulator.errors import BigQueryError, invalid_query, not_emulated
from bigquery_emulator.names import DatasetId, TableId


@dataclass
class Context:
    """What the names in a statement mean.

    Attributes:
        project: Of the job.
        dataset: The default dataset, if the job names one.
        parameters: SQL of each parameter, by name, or by position from 0.
        temporary: Names of the script's temporary tables.
    """

    project: str
    dataset: DatasetId | None = None
    parameters: Mapping[str | int, exp.Expression] = field(default_factory=dict)
    temporary: set[str] = field(default_factory=set)


def parse(sql: str) -> list[exp.Expression]:
    """The statements of a script.

    Raises:
        BigQueryError: It is not valid.
    """
    try:
        found = [statement for statement in sqlglot.parse(sql, read="bigquery") if statement is not None]
    except SqlglotError as error:
        told = getattr(error, "errors", None) or [{}]
        place = f" at [{told[0].get('line', 1)}:{told[0].get('col', 1)}]"
        detail = told[0].get("description") or str(error).splitlines()[0]
        raise invalid_query(f"Syntax error: {detail}{place}") from None
    if not found:
        raise invalid_query("Syntax error: Unexpected end of script")
    return [statement for statement in found if not isinstance(statement, exp.Semicolon)]


def table_id(table: exp.Table, context: Context) -> TableId:
    """The table that a statement names.

    Raises:
        BigQueryError: It names no dataset, and the job has no default one.
    """
    parts = [part.name for part in table.parts]
    if len(parts) == 1:
        if context.dataset is None:
            raise invalid_query(f'Table "{parts[0]}" must be qualified with a dataset (e.g. dataset.table).')
        return TableId(context.dataset, parts[0])
    project = ".".join(parts[:-2]) or context.project
    return TableId.of({"projectId": project, "datasetId": parts[-2], "tableId": parts[-1]}, context.project)


def prepare(
    cursor: Cursor, statement: exp.Expression, context: Context, created: Sequence[exp.Table] = ()
) -> None:
    """Puts parameters and DuckDB's names of tables into a statement.

    Args:
        cursor: Where tables are looked up.
        statement: Is changed.
        context: What its names mean.
        created: Tables that need not be there.

    Raises:
        BigQueryError: A table or a parameter is not there.
    """
    _bind(statement, context)
    common = {each.alias for each in statement.find_all(exp.CTE)}
    for table in list(statement.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier):
            raise not_emulated(f"the table function {table.this.sql('bigquery')}")
        if any(table is each for each in created):
            continue
        if len(table.parts) == 1 and (table.name in common or table.name in context.temporary):
            continue
        if table.args.get("version") or table.args.get("when"):
            raise not_emulated("FOR SYSTEM_TIME AS OF")
        name = table_id(table, context)
        if catalog.find_table(cursor, name) is None:
            raise BigQueryError("notFound", f"Not found: Table {name} was not found in location US")
        rename(table, name)
    _fix(statement)


def rename(table: exp.Table, name: TableId) -> None:
    """Gives a table its name in DuckDB; what is called by its own name in the statement stays so."""
    alias = table.alias
    table.set("catalog", None)
    table.set("db", exp.to_identifier(name.dataset.schema, quoted=True))
    table.set("this", exp.to_identifier(name.table, quoted=True))
    if "." in alias:  # sqlglot calls `p.d.t` by its whole name
        table.set("alias", exp.TableAlias(this=exp.to_identifier(name.table, quoted=True)))


def duckdb_sql(statement: exp.Expression) -> str:
    """A prepared statement in DuckDB's SQL.

    Raises:
        BigQueryError: It holds something that DuckDB cannot do.
    """
    try:
        return statement.sql("duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise not_emulated(str(error).splitlines()[0]) from None


def _bind(statement: exp.Expression, context: Context) -> None:
    position = 0
    for node in list(statement.find_all(exp.Parameter, exp.Placeholder, bfs=False)):
        if isinstance(node, exp.Placeholder):
            key: str | int = position
            position += 1
        else:
            key = node.name.lower()
        if key not in context.parameters:
            named = f"'{node.name}'" if isinstance(key, str) else f"{position}"
            raise invalid_query(f"Query parameter {named} not found")
        node.replace(context.parameters[key].copy())


def _fix(statement: exp.Expression) -> None:
    for node in list(statement.find_all(exp.Literal)):
        if not node.is_number or isinstance(node.parent, (exp.Cast, exp.DataTypeParam)):
            continue
        if not node.is_int:
            node.replace(exp.cast(node.copy(), exp.DataType.Type.DOUBLE))  # in DuckDB a DECIMAL
        elif isinstance(node.parent, (exp.Add, exp.Sub, exp.Mul)):
            node.replace(exp.cast(node.copy(), exp.DataType.Type.BIGINT))  # in DuckDB 32 bits


def name_columns(query: exp.Expression) -> None:
    """Names the columns of a result as the service does: `f0_`, `f1_`, …

    Raises:
        BigQueryError: Two columns have one name.
    """
    while isinstance(query, (exp.SetOperation, exp.Subquery)):
        query = query.this
    if not isinstance(query, exp.Select):
        return
    seen: set[str] = set()
    unnamed = 0
    for each in list(query.expressions):
        name = each.alias_or_name
        if each.is_star:
            continue
        if not name or not isinstance(each, (exp.Alias, exp.Column, exp.Dot)):
            name = f"f{unnamed}_"
            unnamed += 1
            each.replace(exp.alias_(each.copy(), name, quoted=True))
        if name.lower() in seen:
            raise invalid_query(
                f"Duplicate column names in the result are not supported. Found duplicate(s): {name}"
            )
        seen.add(name.lower())


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
        return exp.func("FROM_BASE64", exp.Literal.string(str(text)), dialect="bigquery")
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

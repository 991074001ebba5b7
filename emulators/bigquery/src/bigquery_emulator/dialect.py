"""GoogleSQL statements as DuckDB's SQL: sqlglot, and what it does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError

from bigquery_emulator import catalog, information_schema
from bigquery_emulator.assertion import parse_statements
from bigquery_emulator.database import Cursor
from bigquery_emulator.errors import BigQueryError, invalid_query, not_emulated
from bigquery_emulator.hidden_dataset import hidden_dataset
from bigquery_emulator.names import DatasetId, TableId

# NUMERIC and BIGNUMERIC without sizes; DuckDB would take 18 digits.
_DECIMALS = {
    exp.DataType.Type.DECIMAL: exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb"),
    exp.DataType.Type.BIGDECIMAL: exp.DataType.build("DECIMAL(38, 18)", dialect="duckdb"),
}


@dataclass
class Context:
    """What the names in a statement mean.

    Attributes:
        project: Of the job.
        dataset: The default dataset, if the job names one.
        parameters: SQL of each parameter, by name, or by position from 0.
        script: A name of the script, for its temporary tables; None where there is one statement.
    """

    project: str
    dataset: DatasetId | None = None
    parameters: Mapping[str | int, exp.Expression] = field(default_factory=dict)
    script: str | None = None


def parse(sql: str) -> list[exp.Expression]:
    """The statements of a script.

    Raises:
        BigQueryError: It is not valid.
    """
    try:
        found = [statement for statement in parse_statements(sql) if statement is not None]
    except SqlglotError as error:
        told = getattr(error, "errors", None) or [{}]
        place = f" at [{told[0].get('line', 1)}:{told[0].get('col', 1)}]"
        detail = told[0].get("description") or str(error).splitlines()[0]
        raise invalid_query(f"Syntax error: {detail}{place}") from None
    if not found:
        raise invalid_query("Syntax error: Unexpected end of script")
    return cast(list[exp.Expression], [each for each in found if not isinstance(each, exp.Semicolon)])


def temporary_id(context: Context, name: str) -> TableId:
    """Where a temporary table of the script is kept."""
    return TableId(hidden_dataset(context.project), f"temp_{context.script}_{name}")


def table_id(cursor: Cursor, table: exp.Table, context: Context) -> TableId:
    """The table that a statement names.

    Raises:
        BigQueryError: It names no dataset, and the job has no default one.
    """
    parts = [part.name for part in table.parts]
    if len(parts) == 1:
        if context.script is not None:
            temporary = temporary_id(context, parts[0])
            if catalog.find_table(cursor, temporary) is not None:
                return temporary
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
        if len(table.parts) == 1 and table.name in common:
            continue
        if _information_schema(cursor, table, context):
            continue
        if table.args.get("version") or table.args.get("when"):
            raise not_emulated("FOR SYSTEM_TIME AS OF")
        name = table_id(cursor, table, context)
        found = catalog.find_table(cursor, name)
        if found is None:
            raise BigQueryError("notFound", f"Not found: Table {name} was not found in location US")
        if found.get("requirePartitionFilter"):
            _require_filter(table, name, found)
        rename(table, name)
    _fix(statement)


def _information_schema(cursor: Cursor, table: exp.Table, context: Context) -> bool:
    """Puts the rows of a view into the place of its name, if it is one."""
    parts = [part for each in table.parts for part in each.name.split(".")]
    if len(parts) < 2 or parts[-2].upper() != "INFORMATION_SCHEMA":
        return False
    if len(parts) > 2:
        dataset = DatasetId(".".join(parts[:-3]) or context.project, parts[-3])
    elif context.dataset is not None:
        dataset = context.dataset
    else:
        raise invalid_query("INFORMATION_SCHEMA must be qualified with a dataset")
    if dataset.dataset.lower().startswith("region-"):
        raise not_emulated("INFORMATION_SCHEMA of a region: qualify it with a dataset")
    name = parts[-1].upper()
    registered = f"_information_schema_{name}_{dataset.project}_{dataset.dataset}"
    cursor.register(registered, information_schema.view(cursor, name, dataset))
    alias = table.alias if table.alias and "." not in table.alias else parts[-1]
    for part in ("catalog", "db"):
        table.set(part, None)
    table.set("this", exp.to_identifier(registered, quoted=True))
    table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    return True


def _require_filter(table: exp.Table, name: TableId, found: dict[str, Any]) -> None:
    """Refuses a statement that reads every partition of a table that demands a filter.

    https://cloud.google.com/bigquery/docs/querying-partitioned-tables#require_a_partition_filter_in_queries
    """
    layout = found.get("timePartitioning") or found.get("rangePartitioning")
    around = table.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Merge)
    if layout is None or around is None:
        return
    filters = [
        around.args.get("where"),
        around.args.get("on"),
        *(each.args.get("on") for each in around.args.get("joins") or []),
    ]
    columns = [
        column.name.lower() for each in filters if each is not None for column in each.find_all(exp.Column)
    ]
    if layout["field"].lower() not in columns:
        raise invalid_query(
            f"Cannot query over table '{name.dataset.project}.{name.dataset.dataset}.{name.table}' without "
            f"a filter over column(s) '{layout['field']}' that can be used for partition elimination"
        )


def rename(table: exp.Table, name: TableId) -> None:
    """Gives a table its name in DuckDB; what is called by its own name in the statement stays so."""
    alias, own = table.alias, table.name
    table.set("catalog", None)
    table.set("db", exp.to_identifier(name.dataset.schema, quoted=True))
    table.set("this", exp.to_identifier(name.table, quoted=True))
    if "." in alias:  # sqlglot calls `p.d.t` by its whole name
        alias = ""
    if not alias and isinstance(table.parent, (exp.From, exp.Join)):
        table.set("alias", exp.TableAlias(this=exp.to_identifier(own, quoted=True)))


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
    for safe in list(statement.find_all(exp.SafeFunc)):
        safe.replace(exp.Anonymous(this="TRY", expressions=[safe.this.copy()]))
    for quotient in list(statement.find_all(exp.Div)):
        operands = [quotient.this.copy(), quotient.expression.copy()]
        quotient.replace(exp.Anonymous(this="bq_divide", expressions=operands))
    for day in list(statement.find_all(exp.DateAdd, exp.DateSub, exp.DateTrunc)):
        if not isinstance(day, exp.DateTrunc) or _is_of_days(day):
            day.replace(exp.cast(day.copy(), exp.DataType.Type.DATE))  # in DuckDB a TIMESTAMP
    for kind in list(statement.find_all(exp.DataType)):
        if kind.this in _DECIMALS and not kind.expressions:
            kind.replace(_DECIMALS[kind.this].copy())
    for node in list(statement.find_all(exp.Literal)):
        if not node.is_number or isinstance(node.parent, (exp.Cast, exp.DataTypeParam)):
            continue
        if not node.is_int:
            node.replace(exp.cast(node.copy(), exp.DataType.Type.DOUBLE))  # in DuckDB a DECIMAL
        elif isinstance(node.parent, (exp.Add, exp.Sub, exp.Mul)):
            node.replace(exp.cast(node.copy(), exp.DataType.Type.BIGINT))  # in DuckDB 32 bits


def _is_of_days(node: exp.DateTrunc) -> bool:
    """Whether it is about a DATE: DATE_TRUNC of a TIMESTAMP is told by its unit or by its argument."""
    argument = node.this
    if isinstance(argument, exp.Cast) and argument.to.this in exp.DataType.TEMPORAL_TYPES:
        return bool(argument.to.this == exp.DataType.Type.DATE)
    return node.args["unit"].name.upper() not in ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")


def name_columns(query: exp.Expression) -> None:
    """Names the columns of a result as the service does: `f0_`, `f1_` and so on.

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

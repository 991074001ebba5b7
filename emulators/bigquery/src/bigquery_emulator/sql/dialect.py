"""GoogleSQL statements as DuckDB's SQL: sqlglot, and what it does not know."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel, SqlglotError

from bigquery_emulator.errors import BigQueryError, invalid_query, not_emulated
from bigquery_emulator.sql import information_schema
from bigquery_emulator.sql.assertion import parse_statements
from bigquery_emulator.sql.hidden_dataset import hidden_dataset
from bigquery_emulator.sql.meanings import fix
from bigquery_emulator.sql.pivot import name_pivoted
from bigquery_emulator.sql.variable_names import set_variables
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.names import DatasetId, TableId

_POSITION = "_position_"
# https://cloud.google.com/bigquery/quotas#query_jobs: of a query that is not resolved yet.
_LONGEST = 1 << 20
# https://cloud.google.com/bigquery/quotas#view_limits
_MOST_NESTED = 16
# What it would warn of is refused by name.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


@dataclass
class Context:
    """What the names in a statement mean.

    Attributes:
        project: Of the job.
        dataset: The default dataset, if the job names one.
        parameters: SQL of each parameter, by name, or by position from 0.
        script: A name of the script, for its temporary tables; None where there is one statement.
        variables: SQL of the value of each variable of the script, by its name in lower case.
    """

    project: str
    dataset: DatasetId | None = None
    parameters: Mapping[str | int, exp.Expression] = field(default_factory=dict)
    script: str | None = None
    variables: Mapping[str, exp.Expression] = field(default_factory=dict)


def parse(sql: str) -> list[exp.Expression]:
    """The statements of a script.

    Raises:
        BigQueryError: It is not valid.
    """
    if len(sql) > _LONGEST:
        raise invalid_query(
            "The query is too large. The maximum standard SQL query length is 1024.00K characters, "
            "including comments and white space characters."
        )
    try:
        found = [statement for statement in parse_statements(with_names(sql)) if statement is not None]
    except SqlglotError as error:
        told = getattr(error, "errors", None) or [{}]
        place = f" at [{told[0].get('line', 1)}:{told[0].get('col', 1)}]"
        detail = told[0].get("description") or str(error).splitlines()[0]
        raise invalid_query(f"Syntax error: {detail}{place}") from None
    if not found:
        raise invalid_query("Syntax error: Unexpected end of script")
    for each in found:
        if isinstance(each, exp.Delete) and not each.this and each.args.get("tables"):
            each.set("this", each.args["tables"][0])  # DELETE without FROM
            each.set("tables", None)
    return cast(list[exp.Expression], [each for each in found if not isinstance(each, exp.Semicolon)])


def temporary_id(context: Context, name: str) -> TableId:
    """Where a temporary table of the script is kept."""
    return TableId(hidden_dataset(context.project), f"temp_{context.script}_{name}")


def with_names(sql: str) -> str:
    """A script whose parameters by position, `?`, have their positions for names."""
    parts, end = [], 0
    placeholders = [each for each in tokens(sql) if each.token_type.name == "PLACEHOLDER"]
    for number, token in enumerate(placeholders):
        parts += [sql[end : token.start], f"@{_POSITION}{number}"]
        end = token.end + 1
    return "".join([*parts, sql[end:]])


def tokens(sql: str) -> list[Any]:
    """The words of a script.

    Raises:
        BigQueryError: It is not valid.
    """
    try:
        return BigQuery().tokenize(sql)
    except SqlglotError as error:
        raise invalid_query(f"Syntax error: {str(error).splitlines()[0]}") from None


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
    cursor: Cursor,
    statement: exp.Expression,
    context: Context,
    created: Sequence[exp.Table] = (),
    depth: int = 0,
) -> None:
    """Puts parameters, variables, views and DuckDB's names of tables into a statement.

    Args:
        cursor: Where tables are looked up.
        statement: Is changed.
        context: What its names mean.
        created: Tables that need not be there.
        depth: How many views it is inside of.

    Raises:
        BigQueryError: A table or a parameter is not there.
    """
    _bind(statement, context)
    name_pivoted(statement)
    common = {each.alias for each in statement.find_all(exp.CTE)}
    columns: set[str] = set()
    views: list[tuple[exp.Table, TableId, dict[str, Any]]] = []
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
        columns.update(each["name"].lower() for each in found["schema"]["fields"])
        if "view" in found:
            views.append((table, name, found))
            continue
        if found.get("requirePartitionFilter"):
            _require_filter(table, name, found)
        rename(table, name)
    if context.variables:
        set_variables(statement, context.variables, columns)
    fix(statement)
    for table, name, found in views:
        _expand(cursor, table, name, found, depth)


def _expand(cursor: Cursor, table: exp.Table, name: TableId, found: dict[str, Any], depth: int) -> None:
    """Puts a view's query into the place of its name.

    Raises:
        BigQueryError: It is nested too deeply, or what it reads is not there any more.
    """
    if depth == _MOST_NESTED:
        raise invalid_query(f"View {name} is nested too deeply: there may be {_MOST_NESTED} levels of views")
    (query,) = parse(found["view"]["query"])
    prepare(cursor, query, Context(name.dataset.project), depth=depth + 1)
    alias = given_alias(table) or table.name
    replacement = exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    for kept in ("joins", "pivots", "sample"):
        if table.args.get(kept):
            replacement.set(kept, table.args[kept])
    table.replace(replacement)


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
    alias = given_alias(table) or parts[-1]
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


def given_alias(table: exp.Table) -> str:
    """The alias that a statement gives to a table; empty if it gives none."""
    alias = table.alias
    return "" if "." in alias else alias  # sqlglot calls `p.d.t` by its whole name


def rename(table: exp.Table, name: TableId) -> None:
    """Gives a table its name in DuckDB; what is called by its own name in the statement stays so."""
    alias, own = given_alias(table), table.name
    table.set("catalog", None)
    table.set("db", exp.to_identifier(name.dataset.schema, quoted=True))
    table.set("this", exp.to_identifier(name.table, quoted=True))
    if not alias and isinstance(table.parent, (exp.From, exp.Join)):
        table.set("alias", exp.TableAlias(this=exp.to_identifier(own, quoted=True)))


def duckdb_sql(statement: exp.Expression) -> str:
    """A prepared statement in DuckDB's SQL.

    Raises:
        BigQueryError: It holds something that DuckDB cannot do.
    """
    generator = DuckDB().generator(unsupported_level=ErrorLevel.IGNORE)
    sql = str(generator.generate(statement))
    for message in generator.unsupported_messages:
        if "timezone handling differences" not in message:  # every connection's zone is UTC
            raise not_emulated(message)
    return sql


def _bind(statement: exp.Expression, context: Context) -> None:
    for node in list(statement.find_all(exp.Parameter)):
        name = node.name.lower()
        key = int(name.removeprefix(_POSITION)) if name.startswith(_POSITION) else name
        if not name:
            raise not_emulated("system variables such as @@project_id")
        if key not in context.parameters:
            raise invalid_query(f"Query parameter '{node.name}' not found")
        node.replace(context.parameters[key].copy())

"""CREATE, DROP, ALTER and TRUNCATE."""

from __future__ import annotations

import datetime
from typing import Any

from sqlglot import exp

from bigquery_emulator.errors import duplicate, invalid_query, not_emulated, not_found
from bigquery_emulator.sql import dialect
from bigquery_emulator.sql.creation import begin_create, check_kind
from bigquery_emulator.sql.dialect import Context
from bigquery_emulator.sql.execution import selected
from bigquery_emulator.sql.hidden_dataset import create_missing_hidden_dataset
from bigquery_emulator.sql.table_options import layout_of, options_of
from bigquery_emulator.sql.views import run_create_view
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.destination import insert
from bigquery_emulator.tables.fields import Field, checked, duckdb_type
from bigquery_emulator.tables.names import DatasetId, TableId, quote
from bigquery_emulator.tables.partitioning import checked_layout
from bigquery_emulator.tables.patch import merged

Resource = dict[str, Any]

# https://cloud.google.com/bigquery/docs/managing-table-schemas#change_a_columns_data_type
_WIDER = {"INTEGER": ("NUMERIC", "BIGNUMERIC", "FLOAT"), "NUMERIC": ("BIGNUMERIC", "FLOAT")}


def run_ddl(cursor: Cursor, statement: exp.Expression, context: Context, statistics: Resource) -> None:
    """Runs one statement, and puts what it did into `statistics`.

    Raises:
        BigQueryError: The statement is not valid, or not emulated.
    """
    if isinstance(statement, exp.TruncateTable):
        _truncate(cursor, statement, context, statistics)
        return
    _compute_expiration(cursor, statement, context)
    kind = str(statement.args.get("kind") or "TABLE").upper()
    if isinstance(statement, exp.Create) and kind == "TABLE":
        _create_table(cursor, statement, context, statistics)
    elif isinstance(statement, exp.Create) and kind == "VIEW":
        run_create_view(cursor, statement, context, statistics)
    elif isinstance(statement, exp.Drop) and kind in ("TABLE", "VIEW"):
        _drop_table(cursor, statement, context, statistics)
    elif isinstance(statement, (exp.Create, exp.Drop)) and kind == "SCHEMA":
        _schema(cursor, statement, context)
    elif isinstance(statement, exp.Alter) and kind in ("TABLE", "VIEW"):
        _alter_table(cursor, statement, context, statistics)
    else:
        raise not_emulated(f"{type(statement).__name__.upper()} {kind}")


def _compute_expiration(cursor: Cursor, statement: exp.Expression, context: Context) -> None:
    """Puts the moment into the place of an expression such as TIMESTAMP_ADD(CURRENT_TIMESTAMP(), …)."""
    for option in list(statement.find_all(exp.Property)):
        value = option.args.get("value")
        if (
            option.name.lower() != "expiration_timestamp"
            or value is None
            or isinstance(value, (exp.Null, exp.Literal, exp.Cast))
        ):
            continue
        query = exp.Select(expressions=[value.copy()])
        dialect.prepare(cursor, query, context)
        row = cursor.execute(f"SELECT CAST(({dialect.duckdb_sql(query)}) AS TIMESTAMPTZ)").fetchone()
        if row is None or row[0] is None:
            raise invalid_query("The option expiration_timestamp must be a TIMESTAMP")
        moment = exp.Literal.string(row[0].astimezone(datetime.UTC).isoformat())
        option.set("value", exp.cast(moment, exp.DataType.Type.TIMESTAMPTZ))


def _truncate(cursor: Cursor, statement: exp.TruncateTable, context: Context, statistics: Resource) -> None:
    for each in statement.expressions:
        name = dialect.table_id(cursor, each, context)
        table = catalog.get_stored_table(cursor, name)
        row = cursor.execute(f"DELETE FROM {name.sql}").fetchone()
        catalog.put_table(cursor, name, table, mutated=True)
        count = str(row[0] if row else 0)
        statistics["numDmlAffectedRows"] = count
        statistics["dmlStats"] = {"deletedRowCount": count}


def _create_table(cursor: Cursor, statement: exp.Create, context: Context, statistics: Resource) -> None:
    schema = statement.this
    target = schema.this if isinstance(schema, exp.Schema) else schema
    properties = statement.args.get("properties")
    if statement.args.get("clone"):
        raise not_emulated("CREATE TABLE … CLONE and COPY")
    given = properties.expressions if properties else []
    if any(isinstance(each, exp.TemporaryProperty) for each in given):
        name = _temporary(cursor, target, context)
    else:
        name = dialect.table_id(cursor, target, context)
    operation = begin_create(cursor, statement, name, statistics)
    if operation == "SKIP":
        return
    fields = (
        [_column(each) for each in schema.expressions if isinstance(each, exp.ColumnDef)]
        if isinstance(schema, exp.Schema)
        else []
    )
    rows = None
    query = statement.expression
    if query is not None:
        if isinstance(query, exp.Subquery):
            query = query.this
        rows = selected(cursor, query, context)
    fields = checked(fields) if fields else (rows.fields if rows else [])
    if operation == "REPLACE":
        if rows is not None:
            cursor.execute(f"CREATE TEMP TABLE _replacing AS {rows.select}")
            rows = type(rows)("SELECT * FROM _replacing", rows.fields)
        catalog.delete_table(cursor, name)
    layout = checked_layout(layout_of(properties), fields)
    resource = {**options_of(properties), **layout, "schema": {"fields": fields}}
    table = catalog.create_table(cursor, name, resource)
    if rows is not None:
        insert(cursor, rows, name, table)
        if operation == "REPLACE":
            cursor.execute("DROP TABLE _replacing")


def _temporary(cursor: Cursor, target: exp.Table, context: Context) -> TableId:
    if context.script is None:
        raise invalid_query("Use of CREATE TEMPORARY TABLE requires a script or session")
    if len(target.parts) > 1:
        raise invalid_query("A temporary table cannot be qualified with a dataset")
    name = dialect.temporary_id(context, target.name)
    create_missing_hidden_dataset(cursor, context.project)
    return name


def _column(definition: exp.ColumnDef) -> Field:
    field = field_of_type(definition.name, definition.args["kind"])
    for each in definition.args.get("constraints") or []:
        constraint = each.kind
        if isinstance(constraint, exp.NotNullColumnConstraint) and field["mode"] != "REPEATED":
            field["mode"] = "REQUIRED"
        elif isinstance(constraint, exp.Properties):
            field.update(options_of(constraint))
        else:
            raise not_emulated(f"{constraint.sql('bigquery')} of the column {definition.name}")
    return field


def field_of_type(name: str, kind: exp.DataType) -> Field:
    """The field of a type in GoogleSQL."""
    if kind.this == exp.DataType.Type.ARRAY:
        return {**field_of_type(name, kind.expressions[0]), "mode": "REPEATED"}
    if kind.this == exp.DataType.Type.STRUCT:
        parts = [_column(each) for each in kind.expressions]
        return {"name": name, "type": "STRUCT", "mode": "NULLABLE", "fields": parts}
    text = kind.sql("bigquery")
    base, _, rest = text.partition("(")
    field: Field = {"name": name, "type": base, "mode": "NULLABLE"}
    sizes = [part.strip() for part in rest.rstrip(")").split(",") if part.strip()]
    if sizes and base in ("STRING", "BYTES"):
        field["maxLength"] = sizes[0]
    elif sizes:
        field.update(zip(("precision", "scale"), sizes, strict=False))
    return field


def dropped(statement: exp.Drop) -> exp.Table:
    """What a DROP is about.

    Raises:
        BigQueryError: More than one thing.
    """
    named = statement.args.get("tables") or [statement.this]
    if len(named) != 1 or not isinstance(named[0], exp.Table):
        raise not_emulated("DROP of more than one thing")
    return named[0]


def _drop_table(cursor: Cursor, statement: exp.Drop, context: Context, statistics: Resource) -> None:
    name = dialect.table_id(cursor, dropped(statement), context)
    statistics["ddlTargetTable"] = name.reference
    found = catalog.find_table(cursor, name)
    if found is None:
        if not statement.args.get("exists"):
            raise not_found("Table", str(name))
        statistics["ddlOperationPerformed"] = "SKIP"
        return
    check_kind(found, name, statement)
    catalog.delete_table(cursor, name)
    statistics["ddlOperationPerformed"] = "DROP"


def _schema(cursor: Cursor, statement: exp.Expression, context: Context) -> None:
    named = dropped(statement) if isinstance(statement, exp.Drop) else statement.this
    parts = [part.name for part in named.parts]
    name = DatasetId(".".join(parts[:-1]) or context.project, parts[-1])
    exists = catalog.find_dataset(cursor, name) is not None
    if isinstance(statement, exp.Drop):
        if exists or not statement.args.get("exists"):
            catalog.delete_dataset(cursor, name, contents=bool(statement.args.get("cascade")))
        return
    if statement.args.get("replace"):
        raise not_emulated("CREATE OR REPLACE SCHEMA")
    if exists and statement.args.get("exists"):
        return
    options = options_of(statement.args.get("properties"))
    catalog.create_dataset(cursor, name, {"location": "US", **options})


def _alter_table(cursor: Cursor, statement: exp.Alter, context: Context, statistics: Resource) -> None:
    name = dialect.table_id(cursor, statement.this, context)
    statistics["ddlTargetTable"] = name.reference
    statistics["ddlOperationPerformed"] = "ALTER"
    table = catalog.find_table(cursor, name)
    if table is None:
        if statement.args.get("exists"):
            statistics["ddlOperationPerformed"] = "SKIP"
            return
        raise not_found("Table", str(name))
    check_kind(table, name, statement)
    for action in statement.args["actions"]:
        if "view" in table and not isinstance(action, exp.AlterSet):
            raise not_emulated(f"ALTER VIEW … {action.sql('bigquery')}")
        table = _altered(cursor, name, table, action)
    catalog.put_table(cursor, name, table)


def _changed(cursor: Cursor, name: TableId, field: Field, action: exp.AlterColumn) -> Field:
    if field["name"].lower() != action.name.lower():
        return field
    column = f"ALTER TABLE {name.sql} ALTER COLUMN {quote(field['name'])}"
    if action.args.get("drop") and action.args.get("allow_null"):
        cursor.execute(f"{column} DROP NOT NULL")
        return {**field, "mode": "NULLABLE"}
    wanted = action.args.get("dtype")
    if wanted is None:
        raise not_emulated(f"ALTER TABLE … {action.sql('bigquery')}")
    found = checked([{**field_of_type(field["name"], wanted), "mode": field["mode"]}])[0]
    if found["type"] != field["type"] and found["type"] not in _WIDER.get(field["type"], ()):
        raise invalid_query(
            f"ALTER TABLE ALTER COLUMN SET DATA TYPE requires that {field['type']} can become {found['type']}"
        )
    cursor.execute(f"{column} SET DATA TYPE {duckdb_type(found)}")
    return {**found, **{key: field[key] for key in ("description", "policyTags") if key in field}}


def _altered(cursor: Cursor, name: TableId, table: Resource, action: exp.Expression) -> Resource:
    fields = list(table["schema"]["fields"])
    if isinstance(action, exp.ColumnDef):
        field = checked([_column(action)])[0]
        if any(each["name"].lower() == field["name"].lower() for each in fields):
            if action.args.get("exists"):
                return table
            raise duplicate("Column", field["name"])
        cursor.execute(f"ALTER TABLE {name.sql} ADD COLUMN {quote(field['name'])} {duckdb_type(field)}")
        fields.append(field)
    elif isinstance(action, exp.Drop) and str(action.args.get("kind")).upper() == "COLUMN":
        column = action.args["tables"][0].name
        if not any(each["name"].lower() == column.lower() for each in fields):
            if action.args.get("exists"):
                return table
            raise not_found("Column", column)
        layout = (table.get("timePartitioning") or table.get("rangePartitioning") or {}).get("field")
        if column.lower() in {
            str(each).lower() for each in (layout, *(table.get("clustering") or {}).get("fields", ()))
        }:
            raise invalid_query(f"The column {column} partitions or clusters the table; it cannot be dropped")
        cursor.execute(f"ALTER TABLE {name.sql} DROP COLUMN {quote(column)}")
        fields = [each for each in fields if each["name"].lower() != column.lower()]
    elif isinstance(action, exp.AlterSet):
        return merged(table, options_of(action.find(exp.Properties)))
    elif isinstance(action, exp.AlterColumn):
        fields = [_changed(cursor, name, each, action) for each in fields]
    else:
        raise not_emulated(f"ALTER TABLE … {action.sql('bigquery')}")
    return {**table, "schema": {"fields": fields}}

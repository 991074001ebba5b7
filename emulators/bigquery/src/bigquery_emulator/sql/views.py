"""Views: a query under a table's name.

https://cloud.google.com/bigquery/docs/views-intro
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from bigquery_emulator.errors import invalid, invalid_query, not_emulated
from bigquery_emulator.sql import dialect
from bigquery_emulator.sql.creation import begin_create
from bigquery_emulator.sql.dialect import Context
from bigquery_emulator.sql.execution import selected
from bigquery_emulator.sql.table_options import options_of
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.fields import Field
from bigquery_emulator.tables.names import TableId

Resource = dict[str, Any]


def run_create_view(cursor: Cursor, statement: exp.Create, context: Context, statistics: Resource) -> None:
    """CREATE VIEW, and what it did into `statistics`.

    Raises:
        BigQueryError: The view is there, a table has its name, or its query is not valid.
    """
    if isinstance(statement.this, exp.Schema):
        raise not_emulated("CREATE VIEW with a list of columns")
    if statement.args.get("materialized") or statement.find(exp.MaterializedProperty):
        raise not_emulated("CREATE MATERIALIZED VIEW")
    query = statement.expression.unnest()
    if query.find(exp.Parameter):
        raise invalid_query("Query parameters cannot be used in a view")
    name = dialect.table_id(cursor, statement.this, context)
    if begin_create(cursor, statement, name, statistics) == "SKIP":
        return
    view = {"query": query.sql("bigquery"), "useLegacySql": False}
    fields = fields_of(cursor, view, name)
    catalog.delete_table(cursor, name)
    options = options_of(statement.args.get("properties"))
    catalog.create_table(cursor, name, {**options, "view": view, "schema": {"fields": fields}})


def fields_of(cursor: Cursor, view: Resource, name: TableId) -> list[Field]:
    """The columns of a view's query.

    Raises:
        BigQueryError: It is not one query in GoogleSQL that is valid.
    """
    unknown = set(view) - {"query", "useLegacySql"}
    if unknown or view.get("useLegacySql", True):
        raise not_emulated(f"`view.{min(unknown)}`" if unknown else "a view in legacy SQL")
    statements = dialect.parse(str(view.get("query") or ""))
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise invalid("A view is one query")
    return selected(cursor, statements[0], Context(name.dataset.project), depth=1).fields

"""What CREATE, DROP and ALTER of tables and of views have in common."""

from __future__ import annotations

from typing import Any, Literal

from sqlglot import exp

from bigquery_emulator.errors import duplicate
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.names import TableId

Resource = dict[str, Any]


def begin_create(
    cursor: Cursor, statement: exp.Create, name: TableId, statistics: Resource
) -> Literal["CREATE", "REPLACE", "SKIP"]:
    """What is to be done, which is also put into `statistics`.

    Raises:
        BigQueryError: It is there already, or what is to be replaced is of the other kind.
    """
    statistics["ddlTargetTable"] = name.reference
    existing = catalog.find_table(cursor, name)
    operation: Literal["CREATE", "REPLACE", "SKIP"] = "CREATE"
    if existing is not None and statement.args.get("exists"):
        operation = "SKIP"
    elif existing is not None:
        if not statement.args.get("replace"):
            raise duplicate("Table", str(name))
        check_kind(existing, name, statement)
        operation = "REPLACE"
    statistics["ddlOperationPerformed"] = operation
    return operation


def check_kind(table: Resource, name: TableId, statement: exp.Expression) -> None:
    """A statement about a VIEW is not about a table, nor the other way round.

    Raises:
        BigQueryError: It is.
    """
    if str(statement.args.get("kind")).upper() == "VIEW":
        catalog.check_view(table, name)
    else:
        catalog.check_stored(table, name)

"""The statements of a script: which are committed together, and what they are."""

from __future__ import annotations

from sqlglot import exp

from bigquery_emulator.errors import invalid_query, not_emulated
from bigquery_emulator.sql.ddl import dropped


def grouped(statements: list[exp.Expression]) -> list[list[exp.Expression]]:
    """The statements that are committed together: those from BEGIN to COMMIT, and each other alone."""
    groups: list[list[exp.Expression]] = []
    held: list[exp.Expression] | None = None
    for given in statements:
        begins = isinstance(given, exp.Command) and given.sql().strip().upper() == "BEGIN"
        statement = exp.Transaction() if begins else given
        if isinstance(statement, exp.Transaction):
            if held is not None:
                raise invalid_query("Cannot begin a transaction within a transaction")
            held = [statement]
        elif isinstance(statement, (exp.Commit, exp.Rollback)):
            if held is None:
                raise invalid_query("There is no transaction to end")
            groups.append([*held, statement])
            held = None
        elif held is not None:
            if isinstance(statement, (exp.Create, exp.Drop, exp.Alter)) and not _is_temporary(statement):
                raise invalid_query("In a transaction, DDL statements are about temporary tables only")
            held.append(statement)
        else:
            groups.append([statement])
    if held is not None:
        raise not_emulated("a transaction that the script does not end")
    return groups


def _is_temporary(statement: exp.Expression) -> bool:
    properties = statement.args.get("properties")
    given = properties.expressions if properties else []
    if any(isinstance(each, exp.TemporaryProperty) for each in given):
        return True
    return isinstance(statement, exp.Drop) and len(dropped(statement).parts) == 1


def changed_tables(group: list[exp.Expression]) -> list[exp.Table]:
    """The tables of which a transaction changes or deletes rows."""
    found = [each.this for each in group if isinstance(each, (exp.Update, exp.Delete, exp.Merge))]
    for each in group:
        if isinstance(each, exp.TruncateTable):
            found += each.expressions
    return found


def type_of(statement: exp.Expression) -> str:
    """The statementType of JobStatistics2."""
    if isinstance(statement, exp.Query):
        return "SELECT"
    if isinstance(statement, exp.TruncateTable):
        return "TRUNCATE_TABLE"
    if isinstance(statement, (exp.Create, exp.Drop, exp.Alter)):
        verb = type(statement).__name__.upper()
        kind = str(statement.args.get("kind") or "TABLE").upper()
        selected = isinstance(statement, exp.Create) and statement.expression is not None and kind == "TABLE"
        return f"{verb}_{kind}{'_AS_SELECT' if selected else ''}"
    return type(statement).__name__.upper()

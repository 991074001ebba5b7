"""Which names in a statement are those of variables."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp


def set_variables(
    statement: exp.Expression, variables: Mapping[str, exp.Expression], columns: set[str]
) -> None:
    """Puts variables into the place of their names; a column or an alias of that name comes first.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language#declare
    """
    taken = columns | _named_in(statement)
    tables = {each.alias_or_name.lower() for each in statement.find_all(exp.Table, exp.Subquery)}
    for column in list(statement.find_all(exp.Column)):
        owner = column.table.lower()
        if owner in variables and owner not in tables:
            column.replace(exp.Dot(this=variables[owner].copy(), expression=column.this.copy()))
            continue
        name = column.name.lower()
        if owner or name in taken or name not in variables or name in _own_aliases(column):
            continue
        column.replace(variables[name].copy())


def _named_in(statement: exp.Expression) -> set[str]:
    """The columns that subqueries and UNNEST give names to."""
    names = {each.alias.lower() for each in statement.find_all(exp.Unnest)}
    for alias in statement.find_all(exp.TableAlias):
        names.update(each.name.lower() for each in alias.args.get("columns") or [])
    for select in statement.find_all(exp.Select):
        if select is not statement:
            names.update(each.alias.lower() for each in select.expressions)
    return names


def _own_aliases(column: exp.Column) -> set[str]:
    """The aliases of its own SELECT that an expression sees: not from another part of the list."""
    select = column.find_ancestor(exp.Select)
    clause = column.find_ancestor(exp.Order, exp.Group, exp.Having, exp.Qualify)
    if select is None or clause is None or clause.parent is not select:
        return set()
    return {each.alias.lower() for each in select.expressions}

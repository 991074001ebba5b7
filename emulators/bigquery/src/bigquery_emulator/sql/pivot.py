"""PIVOT: the names that the service gives to the columns that it makes.

https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#pivot_operator
"""

from __future__ import annotations

from sqlglot import exp

from bigquery_emulator.errors import not_emulated


def name_pivoted(statement: exp.Expression) -> None:
    """Names the values of each PIVOT, and puts the alias of an aggregate before them as the service does.

    Raises:
        BigQueryError: A name that is not known: its value wants an alias.
    """
    for pivot in list(statement.find_all(exp.Pivot)):
        if pivot.args.get("unpivot"):
            continue
        aliases = [each.alias for each in pivot.expressions]
        values = pivot.args["fields"][0].expressions
        names = [_name(each, is_prefixed=any(aliases)) for each in values]
        for value, name in zip(values, names, strict=True):
            plain = value.this if isinstance(value, exp.PivotAlias) else value
            alias = exp.to_identifier(name, quoted=True)
            value.replace(exp.PivotAlias(this=plain.copy(), alias=alias))
        # DuckDB calls them `value_aggregate`.
        renamed = [
            exp.alias_(exp.column(f"{name}_{alias}", quoted=True), f"{alias}_{name}", quoted=True)
            for name in names
            for alias in aliases
            if alias
        ]
        if renamed:
            _rename(pivot, renamed)


def _rename(pivot: exp.Pivot, renamed: list[exp.Expr]) -> None:
    holder = pivot.parent
    assert holder is not None
    alias = pivot.args.get("alias")
    pivot.set("alias", None)
    query = exp.Select(expressions=[exp.Star(rename=renamed)]).from_(holder.copy())
    holder.replace(exp.Subquery(this=query, alias=alias.copy() if alias else None))


def _name(value: exp.Expression, *, is_prefixed: bool) -> str:
    if isinstance(value, exp.PivotAlias):
        return str(value.args["alias"].name)
    plain = value.unnest()
    if isinstance(plain, exp.Literal) and plain.is_string:
        return str(plain.name)
    if isinstance(plain, exp.Boolean):
        return "TRUE" if plain.this else "FALSE"
    if not is_prefixed:
        sign = "minus_" if isinstance(plain, exp.Neg) else "_"
        number = plain.this if isinstance(plain, exp.Neg) else plain
        if isinstance(number, exp.Literal):
            return sign + str(number.name).replace(".", "_point_")
        if isinstance(plain, exp.Cast) and plain.to.this == exp.DataType.Type.DATE:
            return f"_{plain.name}".replace("-", "_")
    raise not_emulated(
        f"the name of the column that PIVOT makes of {value.sql('bigquery')}: give it an alias"
    )

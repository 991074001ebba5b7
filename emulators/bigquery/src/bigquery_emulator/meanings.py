"""Where DuckDB would give another value or type than GoogleSQL does."""

from __future__ import annotations

from sqlglot import exp

from bigquery_emulator.errors import invalid_query

# NUMERIC and BIGNUMERIC without sizes; DuckDB would take 18 digits.
_DECIMALS = {
    exp.DataType.Type.DECIMAL: exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb"),
    exp.DataType.Type.BIGDECIMAL: exp.DataType.build("DECIMAL(38, 18)", dialect="duckdb"),
}


def fix(statement: exp.Expression) -> None:
    """Rewrites a statement so that DuckDB gives what BigQuery would."""
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


def _is_of_days(node: exp.DateTrunc) -> bool:
    """Whether it is about a DATE: DATE_TRUNC of a TIMESTAMP is told by its unit or by its argument."""
    argument = node.this
    if isinstance(argument, exp.Cast) and argument.to.this in exp.DataType.TEMPORAL_TYPES:
        return bool(argument.to.this == exp.DataType.Type.DATE)
    return node.args["unit"].name.upper() not in ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")

"""Where DuckDB would give another value or type than GoogleSQL does."""

from __future__ import annotations

from sqlglot import exp

from bigquery_emulator.errors import invalid_query

# Whose jobs these are.
USER = "emulator@localhost"
# NUMERIC and BIGNUMERIC without sizes; DuckDB would take 18 digits.
_DECIMALS = {
    exp.DataType.Type.DECIMAL: exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb"),
    exp.DataType.Type.BIGDECIMAL: exp.DataType.build("DECIMAL(38, 18)", dialect="duckdb"),
}
_KNOWN = {
    exp.DataType.Type.DATE: "bq_known_day",
    exp.DataType.Type.DATETIME: "bq_known_day",
    exp.DataType.Type.TIMESTAMP: "bq_known_day",
    exp.DataType.Type.TIMESTAMPTZ: "bq_known_day",
    exp.DataType.Type.TIME: "bq_known_time",
}


def fix(statement: exp.Expression) -> None:
    """Rewrites a statement so that DuckDB gives what BigQuery would."""
    _fix_safe_functions(statement)
    _fix_assignments(statement)
    _fix_session(statement)
    _fix_results(statement)
    _fix_numbers(statement)


def _fix_safe_functions(statement: exp.Expression) -> None:
    for safe in list(statement.find_all(exp.SafeFunc)):
        if isinstance(safe.this, exp.ParseJSON):
            safe.replace(exp.Anonymous(this="bq_safe_parse_json", expressions=[safe.this.this.copy()]))
        else:
            safe.replace(exp.Anonymous(this="TRY", expressions=[safe.this.copy()]))
    for document in reversed(list(statement.find_all(exp.ParseJSON))):
        document.replace(exp.Anonymous(this="bq_parse_json", expressions=[document.this.copy()]))
    # DuckDB reads more than there is: `infinity`, the year 10000, 24:00:00.
    for found in reversed(list(statement.find_all(exp.TryCast))):
        if found.to.this in _KNOWN:
            found.replace(exp.Anonymous(this=_KNOWN[found.to.this], expressions=[found.copy()]))


def _fix_assignments(statement: exp.Expression) -> None:
    for update in statement.find_all(exp.Update):
        for assignment in update.expressions:
            if isinstance(assignment.this, exp.Column):
                assignment.this.set("table", None)  # DuckDB takes no `SET t.x = …`


def _fix_session(statement: exp.Expression) -> None:
    for now in list(statement.find_all(exp.CurrentDatetime)):
        if now.this is None:
            now.replace(exp.cast(exp.CurrentTimestamp(), exp.DataType.Type.TIMESTAMP))
    for user in list(statement.find_all(exp.SessionUser, exp.CurrentUser)):
        user.replace(exp.Literal.string(USER))


def _fix_results(statement: exp.Expression) -> None:
    # The innermost first: what is outside holds a copy of what is inside.
    for quotient in reversed(list(statement.find_all(exp.Div))):
        operands = [quotient.this.copy(), quotient.expression.copy()]
        quotient.replace(exp.Anonymous(this="bq_divide", expressions=operands))
    for day in reversed(list(statement.find_all(exp.DateAdd, exp.DateSub, exp.DateTrunc))):
        if not isinstance(day, exp.DateTrunc) or _is_of_days(day):
            day.replace(exp.cast(day.copy(), exp.DataType.Type.DATE))  # in DuckDB a TIMESTAMP


def _fix_numbers(statement: exp.Expression) -> None:
    for kind in list(statement.find_all(exp.DataType)):
        if kind.this in _DECIMALS and not kind.expressions:
            kind.replace(_DECIMALS[kind.this].copy())
    for number in list(statement.find_all(exp.Literal)):
        if not number.is_number or isinstance(number.parent, (exp.Cast, exp.DataTypeParam)):
            continue
        if not number.is_int:
            number.replace(exp.cast(number.copy(), exp.DataType.Type.DOUBLE))  # in DuckDB a DECIMAL
        elif isinstance(number.parent, (exp.Add, exp.Sub, exp.Mul)):
            number.replace(exp.cast(number.copy(), exp.DataType.Type.BIGINT))  # in DuckDB 32 bits


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

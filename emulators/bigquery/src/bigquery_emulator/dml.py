"""INSERT, UPDATE, DELETE and MERGE, with their statistics."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from bigquery_emulator import catalog, dialect
from bigquery_emulator.database import Cursor
from bigquery_emulator.dialect import Context
from bigquery_emulator.errors import invalid_query
from bigquery_emulator.names import quote

Resource = dict[str, Any]

_STATISTIC = {"INSERT": "insertedRowCount", "UPDATE": "updatedRowCount", "DELETE": "deletedRowCount"}
_AMBIGUOUS = "UPDATE/MERGE must match at most one source row for each target row"


def run_dml(cursor: Cursor, statement: exp.Expression, context: Context, statistics: Resource) -> None:
    """Runs one statement, and puts what it changed into `statistics`.

    Raises:
        BigQueryError: The statement is not valid.
    """
    if isinstance(statement, (exp.Update, exp.Delete)) and statement.args.get("where") is None:
        name = type(statement).__name__.upper()
        raise invalid_query(f"{name} must have a WHERE clause")
    target = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    name = dialect.table_id(target, context)
    dialect.prepare(cursor, statement, context)
    table = catalog.get_table(cursor, name)
    if isinstance(statement, exp.Merge):
        counts = _merge(cursor, statement, table)
    else:
        row = cursor.execute(dialect.duckdb_sql(statement)).fetchone()
        counts = {type(statement).__name__.upper(): int(row[0]) if row else 0}
    catalog.put_table(cursor, name, table)
    statistics["numDmlAffectedRows"] = str(sum(counts.values()))
    statistics["dmlStats"] = {key: str(counts.get(verb, 0)) for verb, key in _STATISTIC.items()}


def _merge(cursor: Cursor, statement: exp.Merge, table: Resource) -> dict[str, int]:
    for when in statement.args["whens"].expressions:
        _write_out(when, table)
    _refuse_ambiguous(cursor, statement)
    sql = dialect.duckdb_sql(statement)
    found: dict[str, int] = {}
    answer = cursor.execute(f"{sql} RETURNING merge_action")
    while rows := answer.fetchmany(100_000):
        for (action,) in rows:
            found[action] = found.get(action, 0) + 1
    return found


def _write_out(when: exp.When, table: Resource) -> None:
    """`INSERT ROW`, and INSERT without names, are about all columns."""
    then = when.args.get("then")
    if not isinstance(then, exp.Insert):
        return
    names = [field["name"] for field in table["schema"]["fields"]]
    if then.this is None or (then.expression is None and then.this.name.upper() == "ROW"):
        columns = [exp.column(name, quoted=True) for name in names]
        then.set("this", exp.Tuple(expressions=columns))
        then.set("expression", exp.Tuple(expressions=[column.copy() for column in columns]))


def _refuse_ambiguous(cursor: Cursor, statement: exp.Merge) -> None:
    """DuckDB takes the last of several matching rows; BigQuery refuses."""
    changes = [
        when
        for when in statement.args["whens"].expressions
        if when.args.get("matched") and not when.args.get("source")
    ]
    if not changes:
        return
    target = statement.this.copy()
    label = quote(target.alias_or_name)
    conditions = [when.args["condition"] for when in changes if when.args.get("condition") is not None]
    query = exp.select("1").from_(target).join(statement.args["using"].copy(), on=statement.args["on"].copy())
    if len(conditions) == len(changes):
        query = query.where(exp.or_(*[condition.copy() for condition in conditions]))
    sql = f"{dialect.duckdb_sql(query)} GROUP BY {label}.rowid HAVING count(*) > 1 LIMIT 1"
    if cursor.execute(sql).fetchone():
        raise invalid_query(_AMBIGUOUS)

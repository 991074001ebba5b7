"""INSERT, UPDATE, DELETE and MERGE, with their statistics."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from bigquery_emulator.errors import invalid_query, not_emulated
from bigquery_emulator.sql import dialect
from bigquery_emulator.sql.dialect import Context
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.names import TableId, quote
from bigquery_emulator.tables.ranges import check_ranges

Resource = dict[str, Any]

_STATISTIC = {"INSERT": "insertedRowCount", "UPDATE": "updatedRowCount", "DELETE": "deletedRowCount"}
_AMBIGUOUS = "UPDATE/MERGE must match at most one source row for each target row"


def run_dml(cursor: Cursor, statement: exp.Expression, context: Context, statistics: Resource) -> TableId:
    """Runs one statement, puts what it changed into `statistics`, and gives its table.

    Raises:
        BigQueryError: The statement is not valid.
    """
    if isinstance(statement, (exp.Update, exp.Delete)) and statement.args.get("where") is None:
        name = type(statement).__name__.upper()
        raise invalid_query(f"{name} must have a WHERE clause")
    target = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    table_name = dialect.table_id(cursor, target, context)
    table = catalog.get_stored_table(cursor, table_name)
    dialect.prepare(cursor, statement, context)
    if isinstance(statement, exp.Merge):
        counts = _merge(cursor, statement, table)
    else:
        if isinstance(statement, exp.Update):
            _refuse_ambiguous_update(cursor, statement)
        row = cursor.execute(dialect.duckdb_sql(statement)).fetchone()
        counts = {type(statement).__name__.upper(): int(row[0]) if row else 0}
    if not isinstance(statement, exp.Delete):
        check_ranges(cursor, table_name.sql, table["schema"]["fields"], load=False)
    catalog.put_table(cursor, table_name, table, mutated=not isinstance(statement, exp.Insert))
    statistics["numDmlAffectedRows"] = str(sum(counts.values()))
    statistics["dmlStats"] = {key: str(counts.get(verb, 0)) for verb, key in _STATISTIC.items()}
    return table_name


def _merge(cursor: Cursor, statement: exp.Merge, table: Resource) -> dict[str, int]:
    for when in statement.args["whens"].expressions:
        _write_out(when, table, statement.args["using"].alias_or_name)
    _refuse_ambiguous_merge(cursor, statement)
    sql = dialect.duckdb_sql(statement)
    found: dict[str, int] = {}
    answer = cursor.execute(f"{sql} RETURNING merge_action")
    while rows := answer.fetchmany(100_000):
        for (action,) in rows:
            found[action] = found.get(action, 0) + 1
    return found


def _write_out(when: exp.When, table: Resource, source: str) -> None:
    """`INSERT ROW`, and INSERT without names, are about all columns."""
    then = when.args.get("then")
    if not isinstance(then, exp.Insert) or then.args.get("expression"):
        return
    names = [field["name"] for field in table["schema"]["fields"]]
    columns = [exp.to_identifier(name, quoted=True) for name in names]
    given = then.this.find(exp.Anonymous) if isinstance(then.this, exp.Tuple) else None
    if given is not None and given.name.upper() == "VALUES":
        values = [value.copy() for value in given.expressions]
    elif isinstance(then.this, exp.Var) and then.this.name.upper() == "ROW":
        values = [exp.column(name, table=source, quoted=True) for name in names]
    else:
        raise not_emulated(f"INSERT {then.this} of a MERGE")
    then.set("this", exp.Tuple(expressions=columns))
    then.set("expression", exp.Tuple(expressions=values))


def _refuse_ambiguous_merge(cursor: Cursor, statement: exp.Merge) -> None:
    """DuckDB takes the last of several matching rows; BigQuery refuses."""
    changes = [
        when
        for when in statement.args["whens"].expressions
        if when.args.get("matched") and not when.args.get("source")
    ]
    if not changes:
        return
    conditions = [when.args["condition"] for when in changes if when.args.get("condition") is not None]
    target = statement.this.copy()
    pairs = exp.select("1").from_(target).join(statement.args["using"].copy(), on=statement.args["on"].copy())
    if len(conditions) == len(changes):
        pairs = pairs.where(exp.or_(*[condition.copy() for condition in conditions]))
    _refuse_pairs(cursor, pairs, target)


def _refuse_ambiguous_update(cursor: Cursor, statement: exp.Update) -> None:
    sources = statement.args.get("from_")
    if sources is None:
        return
    target = statement.this.copy()
    pairs = exp.select("1").from_(target).join(sources.this.copy(), join_type="cross")
    if sources.this.args.get("joins"):
        raise not_emulated("UPDATE … FROM with a join: put it into a subquery")
    _refuse_pairs(cursor, pairs.where(statement.args["where"].this.copy()), target)


def _refuse_pairs(cursor: Cursor, pairs: exp.Select, target: exp.Expression) -> None:
    """Refuses where a row of the target is in more than one pair."""
    rowid = f"{quote(target.alias_or_name)}.rowid"
    if cursor.execute(f"{dialect.duckdb_sql(pairs)} GROUP BY {rowid} HAVING count(*) > 1 LIMIT 1").fetchone():
        raise invalid_query(_AMBIGUOUS)

"""Questions about tables: which one a name means, and how many rows a query may have."""

from __future__ import annotations

from typing import Any

import psycopg

from beam_pipeline.errors import ConfigError, ResourceError
from beam_pipeline.near_miss import did_you_mean

_NAMES = """
SELECT c.oid::regclass::text FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1 LIMIT 1000
"""


def find(control: psycopg.Connection[Any], name: str, path: str) -> str:
    """The table's name as the server writes it, quoted where it must be.

    Raises:
        ConfigError: The name is not `table` or `schema.table`.
        ResourceError: There is no such table.
    """
    where = f"{path}.parameters.table"
    try:
        row = control.execute("SELECT pg_catalog.to_regclass(%s)::text", [name]).fetchone()
    except psycopg.errors.SyntaxError:
        row = None
    except psycopg.errors.InvalidName:
        raise ConfigError(
            f"{where}  `{name}` is not a name: write `table` or `schema.table`, in double quotes "
            "where it has capitals or blanks"
        ) from None
    if row is not None and row[0] is not None:
        return str(row[0])
    names = [str(found[0]) for found in control.execute(_NAMES)]
    raise ResourceError(f"{where}  the database has no table `{name}`{did_you_mean(name, names)}")


def is_never_null(control: psycopg.Connection[Any], table: str, column: str) -> bool:
    """Whether the table's column is declared NOT NULL."""
    row = control.execute(
        "SELECT attnotnull FROM pg_catalog.pg_attribute"
        " WHERE attrelid = pg_catalog.to_regclass(%s) AND attname = %s",
        [table, column],
    ).fetchone()
    return row is not None and bool(row[0])


def expected_rows(control: psycopg.Connection[Any], queries: list[str]) -> int | None:
    """How many rows the queries have, as far as the planner knows: only of whole tables."""
    total = 0
    for query in queries:
        row = control.execute(f"EXPLAIN (FORMAT JSON) {query}").fetchone()
        assert row is not None
        plan = row[0][0]["Plan"]
        if plan["Node Type"] != "Seq Scan" or "Filter" in plan:
            return None
        total += int(plan["Plan Rows"])
    return total

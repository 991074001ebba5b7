"""Checks the SQL before anything is read: what a look at the text alone can tell."""

from __future__ import annotations

import re
from typing import Any

from beam_pipeline.errors import BeamlineError, ConfigError, SqlError
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.sql import duckdb_errors
from beam_pipeline.sql_engine.query import EXPLAIN, Query


def check(query: Query, aliases: list[str], where: str) -> None:
    """Checks that a text is one query over the inputs.

    Args:
        query: The query.
        aliases: The inputs' names.
        where: Path of the parameter in the config, for messages.

    Raises:
        SqlError: It cannot be parsed, or names a table or function that does not exist.
        ConfigError: It is empty, holds several statements, or something other than a query.
    """
    import duckdb

    sql, what = query.sql, f"transform {query.step}"
    with query.open_session(threads=1) as connection:
        try:
            statements = connection.extract_statements(sql)
        except duckdb.Error as error:
            raise query.named(error) from error
        _check_kind(statements, where)
        try:
            tables = connection.get_table_names(sql)
        except duckdb.CatalogException as error:
            # A table would be listed, not missing: this is a function or a type.
            raise _misnamed(error, query) from error
        except duckdb.PermissionException as error:
            raise _with_place(error, query, connection) from error
        except duckdb.Error:
            return  # what else is wrong shows, with its place, once the inputs' columns are known
    known = {alias.lower() for alias in aliases}
    for table in sorted(tables):
        if table.lower() not in known:
            tables_are = f"the tables are its inputs: {', '.join(aliases)}"
            message = f"{what}: there is no table `{table}` ({tables_are}){did_you_mean(table, aliases)}"
            raise _at_word(message, table, query.written)


def _check_kind(statements: list[Any], where: str) -> None:
    kinds = [statement.type.name for statement in statements]
    if not kinds:
        raise ConfigError(f"{where}  is empty: it holds no statement")
    if kinds == ["CREATE", "SELECT"] and statements[0].query == statements[1].query:
        raise ConfigError(f"{where}  the columns of this PIVOT depend on the data; name them with `IN (…)`")
    if len(kinds) > 1:
        raise ConfigError(f"{where}  holds {len(kinds)} statements; write one query")
    if kinds != ["SELECT"]:
        raise ConfigError(f"{where}  is {kinds[0]}; only a query (SELECT, WITH, FROM, VALUES) is allowed")


def _with_place(error: Exception, query: Query, connection: Any) -> BeamlineError:
    """The same error as binding the query tells it, which knows the place."""
    try:
        connection.execute(EXPLAIN + query.sql)
    except type(error) as placed:
        return query.named(placed, skipped=len(EXPLAIN))
    except Exception:  # noqa: S110  # another error: it comes to light later
        pass
    return query.named(error)


def _misnamed(error: Exception, query: Query) -> SqlError:
    message = query.named(error).message
    found = re.search(r"with name (.+?) does not exist", message)
    return _at_word(message, found[1] if found else "", query.written)


def _at_word(message: str, word: str, sql: str) -> SqlError:
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", sql, re.IGNORECASE) if word else None
    if found is None:
        return SqlError(message)
    shown, position = duckdb_errors.shown_at(message, sql, found.start())
    return SqlError(shown, position)

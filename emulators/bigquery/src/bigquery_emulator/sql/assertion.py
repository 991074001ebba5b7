"""The statement ASSERT, which sqlglot does not know.

https://cloud.google.com/bigquery/docs/reference/standard-sql/debugging-statements#assert
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any, ClassVar, cast

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import DialectType
from sqlglot.tokenizer_core import Token, TokenType

from bigquery_emulator.errors import invalid_query
from bigquery_emulator.tables.database import Cursor


class Assert(exp.Expression):
    """A query of one value that must be true, and what is said if it is not."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "description": False}

    def sql(self, dialect: DialectType = None, copy: bool = True, **options: Any) -> str:
        """The statement as text."""
        (condition,) = self.this.expressions
        told = f" AS {self.args['description'].sql(dialect)}" if self.text("description") else ""
        return f"ASSERT {condition.sql(dialect, copy=copy, **options)}{told}"


def parse_statements(sql: str) -> list[exp.Expression | None]:
    """The statements of a script, ASSERT among them.

    Raises:
        SqlglotError: It is not valid.
    """
    dialect = sqlglot.Dialect.get_or_raise("bigquery")
    found: list[exp.Expression | None] = []
    lines = [0, *(end.end() for end in re.finditer("\n", sql))]
    for tokens in _statements(dialect.tokenize(sql)):
        if tokens[0].text.upper() == "ASSERT":
            parsed: list[exp.Expression | None] = [_assertion(sql, tokens)]
        else:
            parsed = cast(list[exp.Expression | None], dialect.parser().parse(tokens, sql))
        for statement in parsed:
            if statement is not None:
                statement.meta["frame"] = _frame(sql, lines, tokens[0].start, tokens[-1].end)
        found.extend(parsed)
    return found


def check(cursor: Cursor, sql: str, description: str) -> None:
    """Runs the query of an assertion, as DuckDB's SQL.

    Raises:
        BigQueryError: Its value is not true.
    """
    row = cursor.execute(sql).fetchone()
    if row is None or row[0] is not True:
        raise invalid_query(f"Assertion failed: {description}" if description else "Assertion failed")


def _statements(tokens: list[Token]) -> list[list[Token]]:
    found: list[list[Token]] = [[]]
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            found.append([])
        else:
            found[-1].append(token)
    return [statement for statement in found if statement]


def _frame(sql: str, lines: list[int], start: int, end: int) -> dict[str, Any]:
    """Where a statement stands in its script, as a ScriptStackFrame says it; lines and columns from 1.

    Args:
        sql: The script.
        lines: Where each of its lines begins.
        start: The statement's first character.
        end: Its last one.
    """

    def place(at: int) -> tuple[int, int]:
        line = bisect_right(lines, at)
        return line, at - lines[line - 1] + 1

    (start_line, start_column), (end_line, end_column) = place(start), place(end + 1)
    return {
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
        "text": sql[start : end + 1],
    }


def _assertion(sql: str, tokens: list[Token]) -> exp.Expression:
    end = tokens[-1].end + 1
    description = ""
    if (
        len(tokens) > 3
        and tokens[-1].token_type == TokenType.STRING
        and tokens[-2].token_type == TokenType.ALIAS
    ):
        description = tokens[-1].text
        end = tokens[-2].start
    query = sqlglot.parse_one(f"SELECT {sql[tokens[0].end + 1 : end]}", read="bigquery")
    return Assert(this=query, description=exp.Literal.string(description))

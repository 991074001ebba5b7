"""Translates a query from Beam SQL's dialect to DuckDB's, and keeps where each word came from."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel, ParseError, TokenError, UnsupportedError
from sqlglot.generators.duckdb import DuckDBGenerator

from beam_pipeline.errors import ConfigError, SqlError
from beam_pipeline.modules.transform.beamsql import refused
from beam_pipeline.modules.transform.beamsql.dialect import BeamSql
from beam_pipeline.modules.transform.beamsql.rewrite import RefusedError, rewrite
from beam_pipeline.sql.duckdb_errors import Origin, shown_at

# Stands before what a node becomes, around the offset at which its author wrote it. Both characters are for
# private use, and no SQL can hold them outside of quotes.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_MARKED = (exp.Identifier, exp.Literal, exp.Func, exp.Star, exp.Boolean, exp.Null, exp.Interval)
_CLOSED = re.compile(r"--[^\n]*|//[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|`[^`]*`|(?P<open>'|`|/\*)", re.DOTALL)


def translate(written: str, what: str, where: str) -> tuple[str, Origin]:
    """Translates one query.

    Args:
        written: The query in Beam SQL's dialect.
        what: What failed, the start of a message (`transform totals`).
        where: Path of the parameter in the config, for messages.

    Returns:
        The query in DuckDB's dialect, and where it comes from.

    Raises:
        SqlError: It cannot be parsed, or holds what has no counterpart; the message shows the place.
        ConfigError: It is empty, holds several statements, or something other than a query.
    """

    def at(message: str, offset: int) -> SqlError:
        shown, position = shown_at(f"{what}: {message}", written, offset)
        return SqlError(shown, position)

    private = re.search(f"[{_OPEN}{_CLOSE}]", written)
    if private is not None:
        raise at("a character for private use is not allowed in SQL", private.start())
    dialect = BeamSql()
    try:
        tokens = dialect.tokenize(written)
    except TokenError:
        raise at("a text, name or comment is not closed", _unclosed(written)) from None
    found = refused.find(tokens)
    if found is not None:
        raise at(*found)
    try:
        trees = [tree for tree in dialect.parser(error_level=ErrorLevel.RAISE).parse(tokens, written) if tree]
    except ParseError as error:
        raise at(*_parse_problem(error, written)) from None
    tree = _one_query(trees, where)
    _place(tree, tokens)
    try:
        return _generate(rewrite(tree), tokens, written)
    except RefusedError as error:
        raise at(error.message, error.node.meta.get("start", 0)) from None
    except UnsupportedError as error:
        raise SqlError(f"{what}: {error}; there is no counterpart of it in `beamsql`") from None


def _one_query(trees: list[Any], where: str) -> exp.Expr:
    if not trees:
        raise ConfigError(f"{where}  is empty: it holds no statement")
    if len(trees) > 1:
        raise ConfigError(f"{where}  holds {len(trees)} statements; write one query")
    [tree] = trees
    if not isinstance(tree, (exp.Query, exp.Values)):
        kind = str(tree.this) if isinstance(tree, exp.Command) else tree.key
        raise ConfigError(f"{where}  is {kind.upper()}; only a query (SELECT, WITH, VALUES) is allowed")
    return tree


def _unclosed(written: str) -> int:
    return next((token.start() for token in _CLOSED.finditer(written) if token["open"]), 0)


def _parse_problem(error: ParseError, written: str) -> tuple[str, int]:
    first = error.errors[0]
    word = first["highlight"] or ""
    lines = written.split("\n")
    # sqlglot counts columns up to the end of the word at fault.
    offset = sum(len(line) + 1 for line in lines[: first["line"] - 1]) + first["col"] - len(word)
    expected = re.match(r"Expecting (.+)", first["description"])
    end = offset + len(word) >= len(written.rstrip().rstrip(";"))
    near = f"at the end, behind `{word}`" if end and not expected else f"at or near `{word}`"
    more = f": expected `{expected[1]}`" if expected else ""
    return f"syntax error {near}{more}", max(0, min(offset, len(written)))


def _place(tree: exp.Expr, tokens: list[Any]) -> None:
    """Gives each node the offset at which it begins, where the parser gave none: that of its first part."""
    index = {token.start: number for number, token in enumerate(tokens)}
    begins: dict[int, int] = {}
    for node in reversed(list(tree.walk())):
        start = node.meta.get("start", begins.get(id(node)))
        if start is None:
            continue
        if "start" not in node.meta and isinstance(node, exp.Func):
            # Its name stands before its first argument.
            number = index.get(start, 0)
            if number >= 2 and tokens[number - 1].text == "(" and tokens[number - 2].text.isidentifier():
                start = tokens[number - 2].start
        node.meta["start"] = start
        if node.parent is not None:
            parent = id(node.parent)
            begins[parent] = min(begins.get(parent, start), start)


class _Marking(DuckDBGenerator):
    def sql(self, expression: Any, key: str | None = None, comment: bool = True) -> str:
        """Generates, and marks where what it generates was written."""
        text = super().sql(expression, key, comment)
        if key is None and isinstance(expression, _MARKED) and text:
            start = expression.meta.get("start")
            if start is not None:
                return f"{_OPEN}{start}{_CLOSE}{text}"
        return str(text)


def _generate(tree: exp.Expr, tokens: list[Any], written: str) -> tuple[str, Origin]:
    duckdb = DuckDB()
    options: dict[str, Any] = {"unsupported_level": ErrorLevel.RAISE, "comments": False, "identify": False}
    sql = str(DuckDBGenerator(dialect=duckdb, **options).generate(tree))
    marked = str(_Marking(dialect=duckdb, **options).generate(tree))
    if _MARK.sub("", marked) != sql:
        return sql, Origin(written, ())
    marks: list[tuple[int, int]] = []
    removed = 0
    for mark in _MARK.finditer(marked):
        marks.append((mark.start() - removed, int(mark[1])))
        removed += len(mark[0])
    return sql, Origin(written, tuple(_places(duckdb.tokenize(sql), marks, tokens)))


def _places(generated: list[Any], marks: list[tuple[int, int]], tokens: list[Any]) -> list[tuple[int, int]]:
    """Where each generated token was written: at its node, or else at the nearest equal word."""
    by_text: dict[str, list[int]] = {}
    for token in tokens:
        by_text.setdefault(token.text.upper(), []).append(token.start)
    places: list[tuple[int, int]] = []
    index, start = 0, 0
    for token in generated:
        exact = False
        while index < len(marks) and marks[index][0] <= token.start:
            exact = marks[index][0] == token.start
            start = marks[index][1]
            index += 1
        same = by_text.get(token.text.upper(), [])
        near = min(same, key=lambda place: abs(place - start), default=start)
        places.append((token.start, start if exact else near))
    return places

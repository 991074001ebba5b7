"""SQL text as users write it: several queries in one, ends with a semicolon, comments anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from beam_pipeline.errors import ConfigError

SEPARATOR = "--sep--"


@dataclass(frozen=True)
class Dialect:
    """How a kind of server reads texts and comments.

    Attributes:
        line_comment: What one is, up to its line's end.
        quoted: What a text or a name in quotes is.
        nests: Whether a comment in a comment must end, too.
        executed: What the server runs although it looks like the begin of a comment.
    """

    line_comment: str
    quoted: str
    nests: bool = False
    executed: str | None = None


_PLAIN = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`"""
_BACKSLASH = r"""'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"|`(?:[^`]|``)*`"""
# Two minus signs are a comment only in front of a blank.
_MYSQL_COMMENT = rf"(?:\#|--(?=[\x00-\x20]|\Z))(?:(?!{SEPARATOR})[^\n])*"
_POSTGRES_COMMENT = rf"--(?:(?!{SEPARATOR})[^\n\r])*"
_DOLLAR = r"\$(?P<tag>[^\W\d]\w*|)\$.*?\$(?P=tag)\$"
_ESCAPED = r"[eE]'(?:[^'\\]|''|\\.)*'"

POSTGRES = Dialect(_POSTGRES_COMMENT, f"{_ESCAPED}|{_PLAIN}|{_DOLLAR}", nests=True)
MYSQL = Dialect(_MYSQL_COMMENT, _BACKSLASH, executed=r"/\*M?!")
MYSQL_WITHOUT_BACKSLASH = Dialect(_MYSQL_COMMENT, _PLAIN, executed=r"/\*M?!")

_EDGES = re.compile(r"/\*|\*/")
# Blanks to the eye, but letters or nothing to a server.
_NO_BLANKS = "\u200b\u2060\ufeff"


def split_queries(text: str, where: str, dialect: Dialect = POSTGRES) -> list[str]:
    """Splits a text at every `--sep--`; each part is one statement without its semicolon.

    Args:
        text: The SQL text of a `query` parameter.
        where: Path of the parameter in the config, for messages.
        dialect: Of the server.

    Raises:
        ConfigError: A part is empty or holds more than one statement, or ends within a comment.
    """
    parts: list[str] = []
    begin = 0
    for kind, start, end in _tokens(text, dialect):
        if kind == "sep":
            parts.append(text[begin:start])
            begin = end
    parts.append(text[begin:])
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    return [_statement(part, where, index, len(parts), dialect) for index, part in enumerate(parts, 1)]


def excerpt(query: str, offset: int) -> tuple[dict[str, int], str]:
    """Shows a place in a query.

    Args:
        query: The SQL text.
        offset: Characters before the place.

    Returns:
        Line and column from 1, and the line, or the part of a long one, with a caret under it.
    """
    line = query.count("\n", 0, offset) + 1
    column = offset - (query.rfind("\n", 0, offset) + 1) + 1
    text = query.split("\n")[line - 1].expandtabs(1)
    start, end = max(0, column - 60), column + 40
    before, after = "…" if start > 0 else "", "…" if end < len(text) else ""
    shown = f"{before}{text[start + len(before) : end - len(after)]}{after}"
    caret = " " * (column - 1 - start) + "^"
    return {"line": line, "column": column}, f"  {shown}\n  {caret}"


def placed(message: str, query: str, offset: int) -> tuple[str, dict[str, int]]:
    """Adds a place in a query to a message, and shows it.

    Returns:
        The message and the position: line and column from 1.
    """
    position, shown = excerpt(query, offset)
    return f"{message}, at line {position['line']}, column {position['column']}:\n{shown}", position


def _statement(text: str, where: str, index: int, count: int, dialect: Dialect) -> str:
    name = where if count == 1 else f"{where}, query {index} of {count}"
    ended_at: int | None = None
    has_code = False
    for kind, start, _ in _tokens(text, dialect):
        seems_blank = kind == "other" and (text[start].isspace() or text[start] in _NO_BLANKS)
        if kind in ("space", "comment") or (seems_blank and ended_at is not None):
            continue
        if kind == "open":
            raise ConfigError(f"{name}  {_line(text, start)} begins a comment that does not end (`*/`)")
        if kind == "end":
            ended_at = start if ended_at is None else ended_at
        elif ended_at is not None:
            raise ConfigError(
                f"{name}  holds more than one statement; write one query, or separate queries "
                f"that are read side by side with {SEPARATOR}"
            )
        else:
            has_code = True
            if seems_blank:
                raise ConfigError(
                    f"{name}  {_line(text, start)} holds the character U+{ord(text[start]):04X}, which looks "
                    "like a blank and is none in SQL; type a blank in its place"
                )
    if not has_code:
        raise ConfigError(f"{name}  is empty")
    # What follows the semicolon is comment: cut it off, so that the query can be wrapped.
    return text if ended_at is None else text[:ended_at]


def _tokens(text: str, dialect: Dialect) -> Iterator[tuple[str, int, int]]:
    """Yields the kind, begin and end of everything in which a semicolon may be no end, and the rest."""
    pattern = _pattern(dialect)
    at = 0
    while at < len(text):
        found = pattern.match(text, at)
        assert found is not None
        kind, end = str(found.lastgroup), found.end()
        if kind == "open":
            closed = _end_of_comment(text, end, dialect.nests)
            kind, end = ("open", len(text)) if closed is None else ("comment", closed)
        yield kind, at, end
        at = end


@cache
def _pattern(dialect: Dialect) -> re.Pattern[str]:
    executed = dialect.executed or "(?!)"
    return re.compile(
        rf"""
          (?P<sep>{SEPARATOR})
        | (?P<comment>(?:{dialect.line_comment}))
        | (?P<executed>{executed})
        | (?P<open>/\*)
        | (?P<quoted>(?:{dialect.quoted}))
        | (?P<unclosed>['"].*)
        | (?P<end>;)
        | (?P<space>[ \t\n\r\f\v]+)
        | (?P<word>\w[\w$]*)
        | (?P<other>.)
        """,
        re.VERBOSE | re.DOTALL,
    )


def _end_of_comment(text: str, at: int, nests: bool) -> int | None:
    depth = 1
    for found in _EDGES.finditer(text, at):
        if found[0] == "*/":
            depth -= 1
        elif nests:
            depth += 1
        if depth == 0:
            return found.end()
    return None


def _line(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}"

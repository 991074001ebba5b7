"""SQL text as users write it: several queries in one, ends with a semicolon, comments anywhere."""

from __future__ import annotations

import re

from beam_pipeline.errors import ConfigError

SEPARATOR = "--sep--"

# Everything in which a semicolon is not the end of a statement, then the semicolon itself.
_TOKEN = re.compile(
    r"""
      (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)
    | (?P<dollar>\$(?P<tag>[A-Za-z_]*)\$.*?(?:\$(?P=tag)\$|\Z))
    | (?P<end>;)
    | (?P<space>\s+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def split_queries(text: str, where: str) -> list[str]:
    """Splits a text at every `--sep--`; each part is one statement without its semicolon.

    Args:
        text: The SQL text of a `query` parameter.
        where: Path of the parameter in the config, for messages.

    Raises:
        ConfigError: A part is empty or holds more than one statement.
    """
    parts = text.split(SEPARATOR)
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    return [_statement(part, where, index, len(parts)) for index, part in enumerate(parts, 1)]


def excerpt(query: str, offset: int) -> tuple[dict[str, int], str]:
    """Shows a place in a query.

    Args:
        query: The SQL text.
        offset: Characters before the place.

    Returns:
        Line and column from 1, and the line with a caret under it.
    """
    before = query[:offset]
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    text = query.split("\n")[line - 1].expandtabs(1)
    start = max(0, column - 60)
    shown = text[start : column + 40]
    caret = " " * (column - 1 - start) + "^"
    return {"line": line, "column": column}, f"  {shown}\n  {caret}"


def _statement(text: str, where: str, index: int, count: int) -> str:
    name = where if count == 1 else f"{where}, query {index} of {count}"
    ended_at: int | None = None
    has_code = False
    for token in _TOKEN.finditer(text):
        if token.lastgroup in ("space", "comment"):
            continue
        if token.lastgroup == "end":
            ended_at = token.start() if ended_at is None else ended_at
        elif ended_at is not None:
            raise ConfigError(
                f"{name}  holds more than one statement; write one query, or separate queries "
                f"that are read side by side with {SEPARATOR}"
            )
        else:
            has_code = True
    if not has_code:
        raise ConfigError(f"{name}  is empty")
    # What follows the semicolon is comment: cut it off, so that the query can be wrapped.
    return text if ended_at is None else text[:ended_at]

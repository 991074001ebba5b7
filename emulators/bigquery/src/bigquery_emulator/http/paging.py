"""Lists in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from bigquery_emulator.errors import invalid

T = TypeVar("T")


def page_of(items: Sequence[T], query: dict[str, str], default: int = 50) -> tuple[Sequence[T], str | None]:
    """A page of a list, and the token of the next one."""
    start = page_start(query)
    size = number(query, "maxResults", default)
    end = start + max(size, 1)
    return items[start:end], (page_token(end) if end < len(items) else None)


def page_start(query: dict[str, str]) -> int:
    """The row or item that a page begins with.

    Raises:
        BigQueryError: The token is none of this server's.
    """
    token = query.get("pageToken")
    if token:
        if not token.startswith("row") or not token[3:].isdigit():
            raise invalid(f"Invalid value for pageToken: {token}")
        return int(token[3:])
    return number(query, "startIndex", 0)


def number(query: dict[str, str], name: str, default: int) -> int:
    """A parameter of a query that is a whole number.

    Raises:
        BigQueryError: It is none.
    """
    text = query.get(name) or str(default)
    if not text.isdigit():
        raise invalid(f"Invalid value for {name}: {text}")
    return int(text)


def page_token(start: int) -> str:
    """The token of the page that begins with row or item `start`."""
    return f"row{start}"

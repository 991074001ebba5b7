"""The places of the naive source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from source_kit.naive.server import PASSWORD, Server
from source_kit.place import Access, TypeCase, Typed

_TYPES: dict[str, tuple[Any, list[Any], list[str]]] = {
    "whole": (pa.int64(), [-(2**63)], ["-9223372036854775808"]),
    "price": (pa.decimal128(12, 2), [Decimal("0.25"), Decimal("-1.50")], ["0.25", "-1.50"]),
    "words": (pa.string(), ["é"], ["é"]),
}
TESTS = Path(__file__).parents[2]


class NaivePlace:
    """A server of its own."""

    def __init__(self) -> None:
        self._server = Server()
        self.server = self._server.address
        self._made = 0

    def access(self, server: tuple[str, int], password: str | None = None) -> Access:
        """By a profile."""
        host, port = server
        profile = {"host": host, "port": port, "database": "d", "user": "u", "password": password or PASSWORD}
        path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
        return Access({"kit": profile}, {"PYTHONPATH": path})

    def typed(self) -> Sequence[Typed]:
        """Every type."""
        columns = {
            name: pa.array([*values, *[None] * (3 - len(values))], kind)
            for name, (kind, values, _) in _TYPES.items()
        }
        table = pa.table({"i": pa.array([0, 1, 2], pa.int64()), **columns})
        cases = {name: TypeCase(name, str(kind), shown) for name, (kind, _, shown) in _TYPES.items()}
        return [Typed(self.table(table), 3, cases)]

    def table(self, rows: pa.Table) -> dict[str, Any]:
        """A table of the server."""
        return self._named(rows)

    def pieces(self, rows: pa.Table, count: int) -> dict[str, Any]:
        """Split by `id`."""
        return {**self.table(rows), "partition": {"column": "id", "parts": count}}

    def much(self, rows: int, width: int) -> dict[str, Any]:
        """Rows that the server makes."""
        return self._named((rows, width))

    def missing(self) -> tuple[dict[str, Any], str]:
        """No table."""
        return {"profile": "kit", "table": "nowhere"}, "nowhere"

    def sessions(self) -> int:
        """The server's connections."""
        return self._server.sessions

    def impatient(self, patch: Any) -> None:
        """Nothing is tried again."""

    def close(self) -> None:
        """Ends the server."""
        self._server.close()

    def _named(self, table: pa.Table | tuple[int, int]) -> dict[str, Any]:
        self._made += 1
        name = f"t{self._made}"
        self._server.tables[name] = table
        return {"profile": "kit", "table": name}


def documented(fault: str | None) -> Sequence[tuple[str, str]]:
    """The table of its types."""
    found = [(name, str(kind)) for name, (kind, _, _) in _TYPES.items()]
    return [*found, ("more", "string")] if fault == "documents one more" else found


DENIES: Mapping[Any, str] = {}

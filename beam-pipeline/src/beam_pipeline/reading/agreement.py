"""Queries that are read as one must return the same columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from beam_pipeline.errors import ConfigError


class NamedColumn(Protocol):
    """A column of a query."""

    @property
    def name(self) -> str:
        """The column's name."""

    @property
    def server_type(self) -> str:
        """The server's name of its type."""


def check_agreement(described: Sequence[Sequence[NamedColumn]], where: str) -> None:
    """Checks that several queries return the same columns.

    Args:
        described: The columns of each query.
        where: Path of the parameter in the config, for messages.

    Raises:
        ConfigError: They do not.
    """
    first = [(column.name, column.server_type) for column in described[0]]
    for number, columns in enumerate(described[1:], 2):
        other = [(column.name, column.server_type) for column in columns]
        if other != first:
            one = ", ".join(f"{name} {kind}" for name, kind in first)
            two = ", ".join(f"{name} {kind}" for name, kind in other)
            raise ConfigError(
                f"{where}  queries 1 and {number} must return the same columns; got\n"
                f"  1: {one}\n  {number}: {two}"
            )

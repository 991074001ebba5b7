"""What a source gives to the kit: its places, and what it denies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pyarrow as pa

# What not every source has. Who asks for it of one that denies it is refused, by a clear error.
#   windows    rows by a column, from one value up to another
#   partition  a read that is split as its author wants it
#   password   a password of the source's own, in a connection profile
Capability = Literal["windows", "partition", "password"]
CAPABILITIES: tuple[Capability, ...] = ("windows", "partition", "password")


@dataclass(frozen=True)
class TypeCase:
    """One documented type.

    Attributes:
        type: As the table in the module's README has it.
        arrow: The type that it is read as.
        shown: What DuckDB shows of each value, from the first row on; all other rows are NULL.
        duckdb: DuckDB's name of the type of the staged column, where the README says it.
        null: What DuckDB shows of NULL.
        here: The Arrow type, where `arrow` has a part that stands for any type.
    """

    type: str
    arrow: str
    shown: Sequence[str]
    duckdb: str | None = None
    null: str | None = None
    here: str | None = None


@dataclass(frozen=True)
class Typed:
    """Something to read that has a column for each of some types, and a column `i` that numbers the rows.

    Attributes:
        parameters: Of the source.
        rows: How many there are; in the last one, every type is NULL.
        columns: The types, by column.
    """

    parameters: Mapping[str, Any]
    rows: int
    columns: Mapping[str, TypeCase]


@dataclass(frozen=True)
class Access:
    """How a source gets at its place.

    Attributes:
        profiles: The profiles file, as JSON.
        env: Variables of the process that reads.
    """

    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


class Place(Protocol):
    """A server, or a folder, of one source."""

    server: tuple[str, int]
    """Host and port that rows come from."""

    def access(self, server: tuple[str, int], password: str | None = None) -> Access:
        """How to read from here through another address, or with another password."""

    def typed(self) -> Sequence[Typed]:
        """Something of each documented type."""

    def table(self, rows: pa.Table) -> dict[str, Any]:
        """Makes a table, or files, of these rows: the parameters that read all of it.

        The columns are of the types int64, string, date32, timestamp[us] and timestamp[us, tz=UTC].
        """

    def pieces(self, rows: pa.Table, count: int) -> dict[str, Any]:
        """The same, to be read in `count` parts side by side: of the column `id` where a column splits."""

    def much(self, rows: int, width: int) -> dict[str, Any]:
        """The same of so many rows: `id` from 1, and `wide`, a text of `width` characters.

        As many bytes cross the connection: nothing is packed on the way.
        """

    def missing(self) -> tuple[dict[str, Any], str]:
        """The parameters that read what is not there, and what a message must name."""

    def sessions(self) -> int | None:
        """How many sessions of the source the server has; None where it has no sessions."""

    def impatient(self, patch: Any) -> None:
        """Makes clients that try a call again for minutes give up at once, by `pytest.MonkeyPatch`."""

    def close(self) -> None:
        """Removes what a next place of the same server must not find."""


class Member(Protocol):
    """One source, for the kit: `members/<name>.py` has it as `member`."""

    denies: Mapping[Capability, str]
    """What it cannot do, with a pattern of the message that says so."""

    kinds: Sequence[str]
    """Kinds of places that all rules run for; one at least."""

    listed: Mapping[str, str]
    """By kind, a pattern of the rows of the README that list types; else all rows `type`, `Arrow type`."""

    elsewhere: Mapping[str, str]
    """Documented types that no place can have here, and which test reads them instead."""

    def open(self, kind: str, fixture: Callable[[str], Any], folder: Path) -> Place:
        """Makes a place that is empty.

        Args:
            kind: One of `kinds`.
            fixture: Gets a fixture of pytest by its name.
            folder: Is empty.
        """

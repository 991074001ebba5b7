"""How a query is run; the parameters of a transform that takes SQL hold these."""

from __future__ import annotations

from typing import Literal, Protocol


class Options(Protocol):
    """What `sql`'s parameters are called and mean (modules/transform/sql/params.py)."""

    @property
    def inputs_alias(self) -> list[str] | None:
        """Names of the inputs in the SQL, in their order."""

    @property
    def scope(self) -> Literal["all", "batch", "key"]:
        """What the query sees at a time."""

    @property
    def partition_by(self) -> list[str] | dict[str, list[str]] | None:
        """The columns that bring rows together, with scope key."""

    @property
    def partitions(self) -> int | None:
        """How many parts the rows are dealt into, with scope key."""

    @property
    def memory_limit(self) -> str:
        """What the step may hold in memory in one process."""

    @property
    def threads(self) -> int | None:
        """Threads of one query; None for one for each processor."""

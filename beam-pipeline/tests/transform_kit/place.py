"""What a transform gives to the kit: its places, what it passes on, and what it denies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from transform_kit.tables import ROWS


@dataclass(frozen=True)
class Place:
    """One way of using a transform, with the rows that it gets.

    Attributes:
        title: What is special in it.
        parameters: As a config has them.
        inputs: Tables by the name of their step, in the config's order.
        row_wise: Every row becomes one row.
        by_batch: It sees one batch at a time; what is row-wise does.
        cut_free: The rows that come out are the same, however the inputs are cut into batches.
        rows_of_nothing: How many rows come of inputs without rows: one of a sum over everything.
        timezone: The pipeline's.
    """

    title: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=lambda: {"rows": ROWS})
    row_wise: bool = False
    by_batch: bool = False
    cut_free: bool = True
    rows_of_nothing: int = 0
    timezone: str = "UTC"

    @property
    def is_flat(self) -> bool:
        """Whether it needs no more memory for more rows."""
        return self.row_wise or self.by_batch


@dataclass(frozen=True)
class Denial:
    """What a transform refuses, before it reads a row or where it meets one.

    Attributes:
        title: What is denied.
        parameters: As a config has them.
        type: Of the failure.
        place: What the message must name: a path in the config, a column; or line and column of the SQL.
        allowed: What it must say, as a pattern: what there is, or what to do instead.
        inputs: As those of a place.
        timezone: The pipeline's.
    """

    title: str
    parameters: Mapping[str, Any]
    type: str
    place: str | tuple[int, int]
    allowed: str
    inputs: Mapping[str, Any] = field(default_factory=lambda: {"rows": ROWS})
    timezone: str = "UTC"


@dataclass(frozen=True)
class Member:
    """One transform, for the kit: `members/<name>.py` has it as `member`.

    Attributes:
        places: Ways of using it; one at least.
        passing: Parameters that let every column of an input `rows` through, by what is special in them. It
            has a column for each type, `i`, which numbers its rows, and `when`, a local time.
        denials: What it refuses; one at least.
        cancelled: Parameters for an input `rows` with an integer `n` and a local time `local`: it is killed
            while it works.
        refuses: Types that it does not pass on, with a pattern of the message that says so.
    """

    places: Sequence[Place]
    passing: Mapping[str, Mapping[str, Any]]
    denials: Sequence[Denial]
    cancelled: Mapping[str, Mapping[str, Any]]
    refuses: Mapping[str, str] = field(default_factory=dict)

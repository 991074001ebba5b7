"""What a sink in the job says of the rows that it wrote."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Written:
    """Rows that one bundle of a sink wrote, and that their receiver has.

    Attributes:
        rows: How many.
        size: Their bytes, as they were sent.
        sink: The step's name; the graph fills it in.
    """

    rows: int
    size: int
    sink: str = ""

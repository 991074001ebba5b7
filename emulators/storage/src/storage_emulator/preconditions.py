"""Request preconditions: ifGenerationMatch and its relatives.

The rules: https://cloud.google.com/storage/docs/request-preconditions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Query = Mapping[str, Sequence[str]]

NOT_MET = "At least one of the pre-conditions you specified did not hold."


@dataclass(frozen=True)
class NotMet:
    """A precondition that does not hold, as the HTTP status to answer."""

    status: int


def check(
    query: Query, resource: Mapping[str, Any] | None, *, reads: bool, prefix: str = "if"
) -> NotMet | None:
    """Compares the preconditions of a query with an object.

    Args:
        query: The call's query parameters.
        resource: The live object; None if there is none.
        reads: The call only reads, so that `…NotMatch` is answered as "not modified".
        prefix: `ifSource` for the source of a copy.
    """
    generation = "0" if resource is None else str(resource["generation"])
    metageneration = "0" if resource is None else str(resource["metageneration"])
    for name, actual in (("Generation", generation), ("Metageneration", metageneration)):
        wanted = query.get(f"{prefix}{name}Match")
        if wanted is not None and wanted[0] != actual:
            return NotMet(412)
        unwanted = query.get(f"{prefix}{name}NotMatch")
        if unwanted is not None and unwanted[0] == actual:
            return NotMet(304 if reads else 412)
    return None

"""Which steps one worker does alone, however many there are: what `beamline plan` warns of.

A step's PTransform may have two methods for that, which read no rows. `alone(self)` says why one worker
does the step, and what would change that, where workers are several machines; None where it is dealt out.
`estimate(self)` of a source says how much it is, as far as somebody else knows it already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from beam_pipeline.errors import BeamlineError
from beam_pipeline.sql import sql_text


@dataclass(frozen=True)
class Alone:
    """Why one worker does all of a step.

    Attributes:
        why: What makes it so.
        instead: What to write, and when that means the same.
        memory_limit: What the step may hold in memory, if it has a limit.
    """

    why: str
    instead: str
    memory_limit: str | None = None


@dataclass(frozen=True)
class Estimate:
    """How much a source is; None where nobody says.

    Attributes:
        rows: About so many.
        bytes: As they are stored.
    """

    rows: int | None = None
    bytes: int | None = None


class Partition(Protocol):
    """How a source that is read by statements is split."""

    @property
    def parts(self) -> int | None:
        """Number of ranges; None where the source decides."""


def of_statements(query: str | None, consistency: str | None, partition: Partition | None) -> Alone | None:
    """Why one worker reads all of a database's statements, if so.

    Args:
        query: The text, of several queries perhaps; None for a table.
        consistency: What the config asks for.
        partition: How each is split.
    """
    ranges = "`partition: { column: … }` with an integer, a date or a timestamp of the result"
    if consistency == "snapshot":
        return Alone(
            "all rows are read as of one moment, in one stream (`consistency: snapshot`)",
            f"`consistency: per_range` and {ranges}, where each range may be as of its own moment",
        )
    if sql_text.SEPARATOR in (query or ""):
        return None
    if partition is None:
        return Alone("it is read by one statement, in one stream (no `partition`)", ranges)
    if partition.parts == 1:
        return Alone("it is read as one range (`partition.parts: 1`)", "more `parts`")
    return None


def alone(
    sources: Mapping[str, Any], transforms: Sequence[tuple[str, Sequence[str], Any]]
) -> dict[str, dict[str, Any]]:
    """The steps that one worker does alone, with what is known of what it gets.

    Args:
        sources: The PTransform of each source, by name.
        transforms: Name, inputs and PTransform of each transform.
    """
    inputs: dict[str, Sequence[str]] = {name: [name] for name in sources}
    inputs |= {name: given for name, given, _ in transforms}
    every = {**sources, **{name: transform for name, _, transform in transforms}}
    found = {name: transform.alone() for name, transform in every.items() if hasattr(transform, "alone")}
    told = {name: reason for name, reason in found.items() if reason is not None}
    asked = {name for step in told for name in inputs[step] if name in sources}
    estimates = {name: _estimate(sources[name]) for name in asked}
    return {
        name: asdict(reason) | asdict(_sum([estimates.get(given, Estimate()) for given in inputs[name]]))
        for name, reason in told.items()
    }


def _estimate(source: Any) -> Estimate:
    if not hasattr(source, "estimate"):
        return Estimate()
    try:
        estimate: Estimate = source.estimate()
    except BeamlineError:
        return Estimate()  # that it cannot be asked is told with its columns
    return estimate


def _sum(parts: list[Estimate]) -> Estimate:
    rows, sizes = [part.rows for part in parts], [part.bytes for part in parts]
    return Estimate(
        rows=None if None in rows else sum(one or 0 for one in rows),
        bytes=None if None in sizes else sum(one or 0 for one in sizes),
    )

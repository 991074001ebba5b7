"""What every transform must do: rules, each with the faults that it must find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from transform_kit.place import Denial, Member, Place
from transform_kit.subject import Subject


@dataclass(frozen=True)
class Case:
    """What a rule is run for, beside places and denials: parameters."""

    title: str
    parameters: Any


AnyCase = Place | Denial | Case


class Check(Protocol):
    """Holds one case against a rule."""

    def __call__(self, subject: Subject, case: Any, folder: Path) -> None:
        """Raises an AssertionError, or what a transform raises that must not."""


@dataclass(frozen=True)
class Rule:
    """One thing that every transform must do.

    Attributes:
        name: A sentence.
        faults: Ways of being wrong (tests/modules/transform/naive): it must find each.
        cases: What of a member it is run for; not applicable if that is nothing.
        check: Holds one of them against it.
    """

    name: str
    faults: Sequence[str]
    cases: Callable[[Member], Sequence[AnyCase]]
    check: Check


@dataclass
class Rules:
    """The rules of one topic, in their order."""

    all: list[Rule] = field(default_factory=list)

    def rule(
        self, name: str, faults: str | Sequence[str], cases: Callable[[Member], Sequence[AnyCase]]
    ) -> Callable[[Check], Check]:
        """Makes the function beneath a rule."""

        def decorate(check: Check) -> Check:
            named = (faults,) if isinstance(faults, str) else tuple(faults)
            self.all.append(Rule(name, named, cases, check))
            return check

        return decorate


def places(member: Member) -> Sequence[Place]:
    """All of them."""
    return member.places


def places_where(which: Callable[[Place], bool]) -> Callable[[Member], Sequence[Place]]:
    """Those that are so."""
    return lambda member: [place for place in member.places if which(place)]


def denials(member: Member) -> Sequence[Denial]:
    """All of them."""
    return member.denials

"""What every source must do: rules, each with a fault that it must find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from source_kit.place import Capability
from source_kit.reading import Reading


@dataclass(frozen=True)
class Rule:
    """One thing that every source must do.

    Attributes:
        name: A sentence.
        fault: Of the naive source (naive/params.py), with which it must not pass.
        keep: Fails where the source does not do it.
        needs: What a source may deny: then the rule does not apply.
    """

    name: str
    fault: str
    keep: Callable[[Reading], None]
    needs: Capability | None = None

    def applies(self, denies: Mapping[Capability, str]) -> bool:
        """Whether it is one for a source that denies this."""
        return self.needs not in denies


class Rules:
    """The rules about one thing, in the order of their definition."""

    def __init__(self) -> None:
        self.all: list[Rule] = []

    def rule(
        self, name: str, fault: str, needs: Capability | None = None
    ) -> Callable[[Callable[[Reading], None]], Callable[[Reading], None]]:
        """Makes a rule of a function."""

        def add(keep: Callable[[Reading], None]) -> Callable[[Reading], None]:
            self.all.append(Rule(name, fault, keep, needs))
            return keep

        return add

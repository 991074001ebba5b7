"""Columns: told before the run, the same in every batch, and of their own types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transform_kit.place import Denial, Member, Place
from transform_kit.rule import Case, Rules, places
from transform_kit.subject import STEP, Subject, by_row, joined, whole
from transform_kit.tables import TYPES, of_types

rules = Rules()
rule = rules.rule


@rule("the columns are told before a row is read", ("tells nothing", "tells other columns"), places)
def _told(subject: Subject, case: Place, folder: Path) -> None:
    told = subject.told(case, folder)
    assert told is not None, f"{case.title}: its `schema` tells nothing"
    for batch in subject.run(case, folder):
        assert batch.schema.equals(told), f"{case.title}: told were {told}, there are {batch.schema}"


@rule("all batches have the same columns, whatever is in them", "guesses types from values", places)
def _stable(subject: Subject, case: Place, folder: Path) -> None:
    cuts = [by_row(table) for table in case.inputs.values()]
    found = {batch.schema for batch in [*subject.run(case, folder, cuts), *subject.run(case, folder)]}
    assert len(found) == 1, f"{case.title}: {found}"


def _passing(member: Member) -> Sequence[Case]:
    names = [name for name in TYPES if name not in member.refuses]
    return [Case(title, (parameters, names)) for title, parameters in member.passing.items()]


@rule("what passes through comes out as it was, of every type", "makes decimals floats", _passing)
def _types(subject: Subject, case: Case, folder: Path) -> None:
    parameters, names = case.parameters
    table = of_types(names)
    place = Place(case.title, parameters, {"rows": table})
    found = joined(subject.run(place, folder)).sort_by("i")
    told = subject.told(place, folder)
    changed = [
        name
        for name in names
        if str(told.field(name).type) != name
        or str(found.schema.field(name).type) != name
        or not _same(found.column(name).combine_chunks(), table.column(name).combine_chunks())
    ]
    assert not changed, f"{case.title}: {', '.join(changed)} came out otherwise"
    for batch in subject.run(place, folder, [whole(table.slice(0, 0))]):
        assert batch.schema.equals(found.schema), f"{case.title}: without rows, they are {batch.schema}"


def _refused(member: Member) -> Sequence[Case]:
    return [
        Case(f"{title}, {kind}", (parameters, kind, pattern))
        for title, parameters in member.passing.items()
        for kind, pattern in member.refuses.items()
    ]


@rule("a type that does not pass is refused by name", "takes every type", _refused)
def _types_refused(subject: Subject, case: Case, folder: Path) -> None:
    parameters, kind, pattern = case.parameters
    denial = Denial(case.title, parameters, "ConfigError", kind, pattern, {"rows": of_types([kind])})
    found = subject.failure(denial, folder)
    assert found is not None, f"{case.title}: it passed"
    assert found.get("step") == STEP, found
    assert re.search(pattern, found["message"], re.DOTALL), found["message"]


def _same(one: Any, other: Any) -> bool:
    # A read file names the items of a list otherwise.
    return bool((one if one.type == other.type else one.cast(other.type)).equals(other))

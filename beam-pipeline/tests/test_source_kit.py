"""The kit of sources: every rule for every source, and for one that breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from beam_pipeline.errors import BeamlineError
from beam_pipeline.modules import registry
from kit_page import has_member
from source_kit.catalogue import RULES, member_of, page
from source_kit.naive.member import NaivePlace, documented
from source_kit.naive.module import find
from source_kit.naive.params import Fault
from source_kit.place import CAPABILITIES
from source_kit.reading import Reading
from source_kit.rule import Rule
from source_kit.rules.denials import refuses

LISTED = r"^\| `([^`|]+)` \| `([^`|]+)` \|"
ROOT = Path(__file__).parents[2]
SOURCES = [module.name for module in registry.discover("source")]
EVERY = [(topic, rule) for topic, rules in RULES.items() for rule in rules]


def members() -> dict[str, Any]:
    """Those there are; that each source has one is a test."""
    return {name: member_of(name) for name in SOURCES if has_member("source", name)}


PLACES = [(name, kind) for name, member in members().items() for kind in member.kinds]


@pytest.mark.parametrize("name", SOURCES)
def test_each_source_has_places_for_the_kit(name: str) -> None:
    member_of(name)


@pytest.fixture
def reading(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reading]:
    name, kind = request.param
    member = member_of(name)
    readme = ROOT / "beam-pipeline" / "src" / "beam_pipeline" / "modules" / "source" / name / "README.md"
    listed = re.findall(member.listed.get(kind, LISTED), readme.read_text(), re.MULTILINE)
    (tmp_path / "place").mkdir()
    place = member.open(kind, request.getfixturevalue, tmp_path / "place")
    made = Reading(name, place, member.denies, listed, member.elsewhere, tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.mark.parametrize("reading", PLACES, indirect=True, ids="-".join)
@pytest.mark.parametrize(("topic", "rule"), EVERY, ids=[f"{topic}: {rule.name}" for topic, rule in EVERY])
def test_rule(topic: str, rule: Rule, reading: Reading) -> None:
    if rule.applies(reading.denies):
        rule.keep(reading)


@pytest.mark.parametrize("reading", PLACES, indirect=True, ids="-".join)
def test_what_is_denied_is_refused(reading: Reading) -> None:
    for capability in CAPABILITIES:
        if capability in reading.denies:
            refuses(reading, capability)


def naive(fault: str | None, tmp_path: Path, patch: pytest.MonkeyPatch, **denies: str) -> Reading:
    patch.setattr(registry, "find", find)
    program, place = "source_kit.naive.main", NaivePlace()
    given: Any = (denies, documented(fault), {}, tmp_path, patch, program, {"fault": fault})
    return Reading("naive", place, *given)


@pytest.mark.parametrize("rule", [rule for _, rule in EVERY], ids=[rule.name for _, rule in EVERY])
def test_the_plainest_source_that_can_be_keeps(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = naive(None, tmp_path, monkeypatch)
    rule.keep(reading)
    reading.close()


@pytest.mark.parametrize("rule", [rule for _, rule in EVERY], ids=[rule.fault for _, rule in EVERY])
def test_it_is_found_where_a_source(rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = naive(rule.fault, tmp_path, monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception, BeamlineError)):
        rule.keep(reading)
    reading.close()


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_it_is_found_where_a_source_takes_what_it_denies(
    capability: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = naive(None, tmp_path, monkeypatch, **{capability: "cannot"})
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        refuses(reading, capability)
    reading.close()


def test_each_rule_has_a_fault_of_its_own() -> None:
    faults = [rule.fault for _, rule in EVERY]
    assert sorted(faults) == sorted(get_args(Fault))


def test_the_page_says_what_ran() -> None:
    written = (ROOT / "docs" / "reference" / "kit-sources.md").read_text()
    assert written == page(), "run `npm run generate` and commit the result"

"""The kit of transforms: every transform that there is must keep every rule, which finds a naive one's faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beam_pipeline.errors import BeamlineError
from beam_pipeline.modules import registry
from kit_page import has_member
from transform_kit import catalogue
from transform_kit.naive_member import member as naive
from transform_kit.rule import AnyCase, Rule
from transform_kit.subject import Subject

ROOT = Path(__file__).parents[2]
NAMES = [module.name for module in registry.discover("transform")]
SUBJECTS = {name: Subject(name) for name in NAMES}
RULES = [rule for rules in catalogue.RULES.values() for rule in rules]
FOUND = {name: catalogue.member_of(name) for name in NAMES if has_member("transform", name)}


def cases() -> list[object]:
    return [
        pytest.param(name, rule, case, id=f"{name}: {rule.name}: {case.title}")
        for name, member in FOUND.items()
        for rule in RULES
        for case in rule.cases(member)
    ]


@pytest.fixture
def folder(tmp_path: Path, extended: dict[str, str]) -> Path:
    """Empty, but for how to call a process that knows the tests' modules."""
    (tmp_path / "env.json").write_text(json.dumps(extended))
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_has_places(name: str) -> None:
    catalogue.member_of(name)


@pytest.mark.parametrize(("name", "rule", "case"), cases())
def test_keeps(name: str, rule: Rule, case: AnyCase, folder: Path) -> None:
    rule.check(SUBJECTS[name], case, folder)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_is_kept_by_a_naive_one(rule: Rule, folder: Path) -> None:
    found = rule.cases(naive)
    assert found
    for number, case in enumerate(found):
        (folder / str(number)).mkdir()
        (folder / str(number) / "env.json").write_text((folder / "env.json").read_text())
        rule.check(Subject("naive"), case, folder / str(number))


@pytest.mark.parametrize(
    ("rule", "fault"),
    [pytest.param(rule, fault, id=f"{rule.name}: {fault}") for rule in RULES for fault in rule.faults],
)
def test_is_not_kept_by_one_that(rule: Rule, fault: str, folder: Path) -> None:
    subject = Subject("naive", {"fault": fault})
    with pytest.raises((AssertionError, BeamlineError, RuntimeError)):
        for number, case in enumerate(rule.cases(naive)):
            (folder / str(number)).mkdir()
            (folder / str(number) / "env.json").write_text((folder / "env.json").read_text())
            rule.check(subject, case, folder / str(number))


def test_a_transform_without_places_fails_by_name() -> None:
    with pytest.raises(
        AssertionError, match=r"`nameless` has no beam-pipeline/tests/transform_kit/members/nameless\.py"
    ):
        catalogue.member_of("nameless")


def test_the_table_is_as_generated() -> None:
    page = ROOT / "docs" / "reference" / "kit-transforms.md"
    assert page.read_text() == catalogue.page(), "run `npm run generate`"

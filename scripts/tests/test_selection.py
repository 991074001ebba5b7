import re
from pathlib import Path

from checks.runner import Check, Suite, junit_count, mocha_count, run
from checks.selection import select
from provision.console import Console

ITEMS: list[Check | Suite] = [
    Check("prettier", ["prettier"]),
    Suite("mocha", ["mocha"], Path("mocha.json"), mocha_count),
    Suite("pytest", ["pytest"], Path("pytest.xml"), junit_count),
]


def commands(part: str, words: str | None = None, service: str | None = None) -> list[list[str]]:
    return [[str(word) for word in item.command] for item in select(ITEMS, part, words, service)]


def test_checks_are_no_tests() -> None:
    assert [item.name for item in select(ITEMS, "unit")] == ["mocha", "pytest"]


def test_the_parts_have_no_test_in_common() -> None:
    stacks = "(chaos|dev|examples|integration|package|runners|upgrade)"
    databases = "(postgres or mysql or mariadb)"
    assert commands("unit") == [
        ["mocha", "--ignore", f"dist/test/@{stacks}/**"],
        ["pytest", "-k", f"not {databases}"],
    ]
    assert commands("integration") == [
        ["mocha", "--ignore", f"dist/test/!{stacks}/**"],
        ["pytest", "-k", databases],
    ]


def test_a_filter_goes_to_both() -> None:
    mocha, pytest = commands("unit", "time zone")
    assert mocha[-2:] == ["--grep", "/time zone/i"]
    assert pytest[-1].endswith(" and (time and zone)")


def test_an_expression_of_pytest_stays_one() -> None:
    assert commands("unit", "beamsql or sink")[1][-1].endswith(" and (beamsql or sink)")


def test_a_service_narrows_further() -> None:
    mocha, pytest = commands("integration", "sink", "mysql")
    pattern = re.compile(mocha[-1].strip("/i"))
    assert pattern.match("a sink of MariaDB".lower())
    assert not pattern.match("a sink of postgres")
    assert pytest[-1] == "(mysql or mariadb) and (sink)"


def test_a_narrowed_suite_may_run_no_test(tmp_path: Path) -> None:
    totals = tmp_path / "totals.json"
    outcomes = '"passes": 0, "failures": 0, "pending": 0'
    document = f'{{{outcomes}, "failed": [], "again": [], "slowest": [], "files": {{}}}}'
    script = f"open({str(totals)!r}, 'w').write({document!r})"
    empty = Suite("mocha", ["python3", "-c", script, "--"], totals, mocha_count)
    assert run([empty], Console()).failed == 1
    assert run(select([empty], "unit"), Console()).failed == 0

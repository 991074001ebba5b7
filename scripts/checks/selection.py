"""Which tests `make unit-test` and `make integration-test` run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from checks.runner import Check, Suite

PARTS = ("unit", "integration")
SERVICES = {"postgres": ("postgres",), "mysql": ("mysql", "mariadb")}

# Folders of test/ whose tests start whole stacks.
STACKS = ("chaos", "dev", "examples", "integration", "package", "runners", "upgrade")
DATABASES = " or ".join(name for names in SERVICES.values() for name in names)


def select(
    items: Sequence[Check | Suite], part: str, words: str | None = None, service: str | None = None
) -> list[Check | Suite]:
    """The suites, each narrowed to the tests of one part; a suite may come to run none.

    Args:
        items: Everything there is; checks are left out.
        part: One of `PARTS`.
        words: What the names of the tests must hold: a pattern to mocha, an expression to pytest.
        service: A key of `SERVICES`, by which the names of the tests are narrowed further.
    """
    return [_narrowed(item, part, words, service) for item in items if isinstance(item, Suite)]


def _narrowed(suite: Suite, part: str, words: str | None, service: str | None) -> Suite:
    of_mocha = suite.name == "mocha"
    arguments = _mocha(part, words, service) if of_mocha else _pytest(part, words, service)
    return replace(suite, command=[*suite.command, *arguments], may_be_empty=True)


def _mocha(part: str, words: str | None, service: str | None) -> list[str]:
    stacks = "|".join(STACKS)
    others = f"@({stacks})" if part == "unit" else f"!({stacks})"
    named = [words] if words else []
    if service:
        named.append("|".join(SERVICES[service]))
    grep = "".join(f"(?=.*(?:{each}))" for each in named) if len(named) > 1 else "".join(named)
    return ["--ignore", f"dist/test/{others}/**", *(["--grep", f"/{grep}/i"] if grep else [])]


def _pytest(part: str, words: str | None, service: str | None) -> list[str]:
    databases = " or ".join(SERVICES[service]) if service else DATABASES
    terms = [f"not ({databases})" if part == "unit" else f"({databases})"]
    if words:
        # Several words are no expression: all of them must be in the name.
        loose = re.fullmatch(r"[\w.\-]+( +[\w.\-]+)+", words) and not re.search(r"\b(and|or|not)\b", words)
        terms.append(f"({' and '.join(words.split()) if loose else words})")
    return ["-k", " and ".join(terms)]

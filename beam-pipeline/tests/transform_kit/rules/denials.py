"""Refusals: what is denied is refused, by an error that a person can act on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from transform_kit.place import Denial
from transform_kit.rule import Rules, denials
from transform_kit.subject import STEP, Subject

rules = Rules()
rule = rules.rule


@rule("what it denies is refused", ("denies nothing", "errs as if it were a defect"), denials)
def _refused(subject: Subject, case: Denial, folder: Path) -> None:
    assert _failure(subject, case, folder)["type"] == case.type, _failure(subject, case, folder)


@rule("a refusal names the step", "names no step", denials)
def _step(subject: Subject, case: Denial, folder: Path) -> None:
    assert _failure(subject, case, folder).get("step") == STEP, case.title


@rule("a refusal names the place", "names no place", denials)
def _place(subject: Subject, case: Denial, folder: Path) -> None:
    found = _failure(subject, case, folder)
    if isinstance(case.place, str):
        assert case.place in found["message"], f"{case.title}: {found['message']}"
    else:
        line, column = case.place
        assert found.get("position") == {"line": line, "column": column}, f"{case.title}: {found}"


@rule("a refusal says what is allowed, or what to do", "says not what is allowed", denials)
def _allowed(subject: Subject, case: Denial, folder: Path) -> None:
    message = _failure(subject, case, folder)["message"]
    assert re.search(case.allowed, message, re.DOTALL), f"{case.title}: {message}"


def _failure(subject: Subject, case: Denial, folder: Path) -> dict[str, Any]:
    found = subject.failure(case, folder)
    assert found is not None, f"{case.title}: it is not refused"
    return found

"""The corpus of module parameters, which TypeScript checks through the JSON Schema, through pydantic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from beam_pipeline.modules.registry import Module, discover

CORPUS = Path(__file__).parents[2] / "test" / "corpus" / "modules"


def cases() -> Iterator[Any]:
    for file in sorted(CORPUS.glob("*.json")):
        suite = json.loads(file.read_text())
        # Parameters of a destination are TypeScript's.
        if suite["module"] in [module.name for module in discover(suite["kind"])]:
            for case in suite["cases"]:
                yield pytest.param(
                    Module(suite["kind"], suite["module"]), case, id=f"{file.stem}: {case['title']}"
                )


@pytest.mark.parametrize(("module", "case"), list(cases()))
def test_agrees_with_the_corpus(module: Module, case: dict[str, Any]) -> None:
    text = json.dumps(case["parameters"])
    if case["valid"]:
        module.params_type.model_validate_json(text)
        return
    with pytest.raises(ValidationError) as raised:
        module.params_type.model_validate_json(text)
    found = [".".join(map(str, problem["loc"])) for problem in raised.value.errors()]
    path = case["path"]
    assert any(path in ("", place) or place.startswith(f"{path}.") for place in found), found


def test_covers_every_module() -> None:
    modules = Path(__file__).parents[1] / "src" / "beam_pipeline" / "modules"
    folders = {f"{p.parent.name}-{p.name}" for p in modules.glob("*/*") if (p / "params.py").exists()}
    assert folders <= {file.stem for file in CORPUS.glob("*.json")}

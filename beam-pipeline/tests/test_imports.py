"""The modules of the package import one another in one direction."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"


def imports() -> dict[str, set[str]]:
    """What each module of the package imports of it, wherever it does so, also for its types alone."""
    files = [path for path in SOURCE.rglob("*.py") if not path.name.startswith("test_")]
    named = {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in files}
    modules = {name.removesuffix(".__init__"): path for name, path in named.items()}
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        others: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                others |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                others |= {alias.name for alias in node.names}
        # A package is imported with what lies in it, and says nothing of its own.
        found[name] = {other for other in others & modules.keys() if modules[other].name != "__init__.py"}
    return found


def test_no_module_imports_itself_over_others() -> None:
    found = imports()
    assert "beam_pipeline.near_miss" in found["beam_pipeline.modules.registry"]
    TopologicalSorter(found).prepare()


def test_a_circle_would_be_found() -> None:
    circle = {**imports(), "beam_pipeline.near_miss": {"beam_pipeline.modules.registry"}}
    with pytest.raises(CycleError):
        TopologicalSorter(circle).prepare()

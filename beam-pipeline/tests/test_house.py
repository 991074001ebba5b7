"""The house in order: no folder has more files than a reader takes in, and none leads back to itself."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [ROOT / name / "src" for name in ("beam-pipeline", "emulators/bigquery", "emulators/storage")]
# More than a reader takes in at a look.
MOST_FILES = 15


def own_files(source: Path) -> list[Path]:
    """Everything but tests."""
    return [path for path in source.rglob("*.py") if not path.name.startswith("test_")]


def imported(source: Path, path: Path) -> Iterable[Path]:
    """The files of this package that a file imports, wherever in it that stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            found = (source / name.replace(".", "/")).with_suffix(".py")
            if found.is_file():
                yield found


def place_of(source: Path, path: Path) -> str:
    """Its folder; but the program, and a source's PTransform, lie above what stands beside them."""
    is_above = path.name in ("main.py", "__main__.py", "read.py")
    return str((path if is_above else path.parent).relative_to(source))


def arrows(source: Path) -> dict[str, set[str]]:
    """Which folder imports which others."""
    found: dict[str, set[str]] = {}
    for path in own_files(source):
        home = place_of(source, path)
        others = {place_of(source, other) for other in imported(source, path)}
        found.setdefault(home, set()).update(others - {home})
    return found


def circle(arrows: Mapping[str, set[str]]) -> list[str]:
    """A way that leads back to where it began; empty if there is none."""
    done: set[str] = set()

    def search(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for other in sorted(arrows.get(name, ())):
            if found := search(other, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(arrows) if (found := search(name, []))), [])


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_no_folder_is_large(source: Path) -> None:
    sizes = Counter(path.parent for path in own_files(source) if path.name != "__init__.py")
    assert sizes
    assert {str(folder): size for folder, size in sizes.items() if size > MOST_FILES} == {}


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_no_folder_leads_back_to_itself(source: Path) -> None:
    assert circle(arrows(source)) == []


@pytest.mark.parametrize("given", [{"a": {"b"}, "b": {"c", "d"}, "d": {"b"}}, {"b": {"d"}, "d": {"b"}}])
def test_a_circle_would_be_found(given: dict[str, set[str]]) -> None:
    assert circle(given) == ["b", "d", "b"]


def test_imports_are_seen() -> None:
    assert "beam_pipeline/storage" in arrows(SOURCES[0])["beam_pipeline/attempt"]


def test_the_page_says_what_lives_in_each_folder() -> None:
    page = (SOURCES[0] / "beam_pipeline" / "README.md").read_text()
    listed = re.findall(r"^\| `(\w+)`", page, re.MULTILINE)
    folders = {path.parent.name for path in (SOURCES[0] / "beam_pipeline").glob("*/__init__.py")}
    assert sorted(listed) == sorted(folders)

"""The same idea has the same file name in each source: modules/source/README.md says which."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from beam_pipeline.modules import registry

FOLDER = Path(registry.__file__).parent / "source"
PAGE = (FOLDER / "README.md").read_text()
COMMON = set(re.findall(r"^\| `([\w/]+\.py)`", PAGE, re.MULTILINE))
OWN = {
    name: set(re.findall(r"`([\w/]+\.py)`", files))
    for name, files in re.findall(r"^\| `(\w+)` +\|(.*)\|$", PAGE, re.MULTILINE)
}

# Folders that several sources have, and the source's own.
FOLDERS = {Path(name).parent for name in COMMON}


def files_of(source: str) -> set[str]:
    own = FOLDER / source
    found = [path for folder in FOLDERS for path in (own / folder).glob("*.py")]
    files = [path for path in found if not path.name.startswith("test_") and path.name != "__init__.py"]
    return {str(path.relative_to(own)) for path in files}


def test_each_file_of_a_source_is_listed() -> None:
    sources = [module.name for module in registry.discover("source")]
    found = {name: files_of(name) - COMMON for name in sources}
    # A source that is new need not be told of here.
    assert {name: found[name] for name in OWN} == OWN


def test_a_name_means_one_thing() -> None:
    counted = Counter(name for names in OWN.values() for name in names)
    assert [name for name, count in counted.items() if count > 1] == []


def test_a_common_name_is_that_of_several() -> None:
    sources = [module.name for module in registry.discover("source")]
    assert [name for name in COMMON if sum(name in files_of(each) for each in sources) < 2] == []

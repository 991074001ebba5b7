"""The wheel: what the images of launcher and workers install."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def test_it_holds_every_module_and_no_test(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}
    found = {name for name in names if name.parts[0] == "beam_pipeline"}
    source = PROJECT / "src"
    written = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    assert found == {
        path for path in written if not path.name.startswith("test_") and "__pycache__" not in path.parts
    }

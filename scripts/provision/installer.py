"""Installs locked Python packages: with uv, which links them from its cache, and else with pip."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

from provision.paths import ROOT
from provision.step import StepFailed, run_quietly

# What a company sets for pip, such as the address of its own index, holds for uv as well.
UV_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}


class Installer:
    """Nothing is installed whose bytes are not those of the hash in a lock."""

    uv_lock = ROOT / "scripts" / "uv.lock"

    def __init__(self, python: Path) -> None:
        self.python = python
        self.pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
        ]
        self.uv: list[str | Path] | None = None
        self.uv_environment: dict[str, str] = {}

    def prepare(self) -> str | None:
        """Installs uv.

        Returns:
            A note where it cannot be had: pip does the same then, in a minute more.
        """
        try:
            self._install_by_pip("python-uv", self.uv_lock)
        except StepFailed:
            return "without uv"
        self.uv = [self.python, "-m", "uv", "pip", "install", "--quiet", "--python", self.python]
        self.uv_environment = uv_settings(self.pip_settings())
        return None

    def install(self, name: str, lock: Path) -> None:
        """Installs what a lock lists and nothing else; again where uv cannot what pip can."""
        if self.uv is not None:
            command = [*self.uv, "--no-deps", "--require-hashes", "--requirement", lock]
            try:
                run_quietly(f"{name}-uv", command, env=self.uv_environment)
                return
            except StepFailed:
                self.uv = None
        self._install_by_pip(name, lock)

    def install_own(self, name: str, project: Path) -> None:
        """Links a project of this clone; what it needs and what builds it is installed already."""
        options: list[str | Path] = ["--no-deps", "--no-build-isolation", "--editable", project]
        run_quietly(name, [*self.pip, *options])

    def _install_by_pip(self, name: str, lock: Path) -> None:
        run_quietly(name, [*self.pip, "--no-deps", "--require-hashes", "--requirement", lock])

    def pip_settings(self) -> str:
        command = [str(self.python), "-m", "pip", "config", "list"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def uv_settings(pip_config: str) -> dict[str, str]:
    """What `pip config list` prints, as variables for uv; what is set for uv itself stays.

    The lines are `global.index-url='…'` of the files and then `:env:.index-url='…'`: the last one holds.
    """
    settings: dict[str, str] = {}
    for line in sorted(pip_config.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        variable = UV_SETTINGS.get(key.rpartition(".")[2])
        if variable is None or variable in os.environ or not key.startswith(("global.", "install.", ":env:")):
            continue
        try:
            words = str(ast.literal_eval(value)).split()
        except (SyntaxError, ValueError):
            continue
        settings[variable] = ("," if variable == "UV_FIND_LINKS" else " ").join(words)
    return settings

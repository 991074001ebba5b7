"""Both commands of the README, in clones as people have them; all of them at the same time."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from provision.paths import cache_directory
from tests.clone import give, link_or_copy, make_clone, start, use_python

ROOT_USER = os.geteuid() == 0
DEMO_SECONDS = 400


@dataclass
class Clone:
    """A clone, and what its `make demo` said."""

    folder: Path
    umask: int
    environment: dict[str, str]
    user: pwd.struct_passwd | None = None
    exit_code: int = -1
    output: str = ""

    def start(self, *command: str, **more: str) -> subprocess.Popen[str]:
        environment = {**self.environment, **more}
        return start(command, self.folder, environment=environment, umask=self.umask, user=self.user)


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Clone]]:
    """Clones in which `make demo` has run: those of this user, and where this is root, another user's."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    folder = make_clone(home / "Jörgs Projekte" / "beam line")
    made = {
        "first": Clone(folder, 0o077, {}),
        "second": Clone(make_clone(folder.with_name("second")), 0o022, {}),
    }
    with tempfile.TemporaryDirectory(prefix="beamline-user-") as text:
        if ROOT_USER and (python := python_for_everybody()):
            made["other user"] = clone_of_another_user(Path(text), python)
        demos = {name: clone.start("make", "demo", DEMO_EXIT="1") for name, clone in made.items()}
        for name, demo in demos.items():
            try:
                made[name].output = demo.communicate(timeout=DEMO_SECONDS)[0]
                made[name].exit_code = demo.returncode
            except subprocess.TimeoutExpired:
                demo.terminate()
                made[name].output = demo.communicate()[0]
        yield made


def clone_of_another_user(folder: Path, python: Path) -> Clone:
    """As if that user had cloned and set up by itself; `nobody` is one that every machine has."""
    folder.chmod(0o755)
    user = pwd.getpwnam("nobody")
    clone = make_clone(folder / "clone")
    use_python(clone, python)
    shutil.copytree(cache_directory(), folder / "cache", symlinks=True, copy_function=link_or_copy)
    give(folder, user)
    environment = {
        "HOME": str(folder),
        "BEAMLINE_CACHE": str(folder / "cache"),
        "PATH": os.pathsep.join([str(python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "TMPDIR": str(folder),
    }
    return Clone(clone, 0o022, environment, user)


def python_for_everybody() -> Path | None:
    """A Python of the version of `.venv` outside of root's home."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = [Path(folder, name) for folder in ("/usr/local/bin", "/usr/bin")]
    return next((path for path in found if path.exists()), None)


def succeeded(clone: Clone) -> None:
    assert clone.exit_code == 0, clone.output
    assert "336,776 rows" in clone.output
    assert re.search(r"^succeeded in ", clone.output, re.MULTILINE), clone.output
    assert (clone.folder / "data" / "warehouse.duckdb").exists()


@pytest.mark.skipif(not ROOT_USER, reason="only root starts a server as another user")
def test_demo_runs_as_root_in_a_home_that_only_root_may_enter(clones: dict[str, Clone]) -> None:
    assert any(parent.stat().st_mode & 0o001 == 0 for parent in clones["first"].folder.parents)
    succeeded(clones["first"])


def test_demo_runs_as_an_ordinary_user(clones: dict[str, Clone]) -> None:
    clone = clones.get("first" if not ROOT_USER else "other user")
    if clone is None:
        pytest.skip(f"root's own Python {sys.version_info[:2]} is the only one: no other user can run it")
    succeeded(clone)


def test_demo_runs_in_a_path_with_a_blank_and_with_letters_beyond_ascii(clones: dict[str, Clone]) -> None:
    assert " " in str(clones["first"].folder)
    assert not str(clones["first"].folder).isascii()
    succeeded(clones["first"])


def test_demo_runs_with_a_umask_that_gives_others_nothing(clones: dict[str, Clone]) -> None:
    assert clones["first"].umask == 0o077
    succeeded(clones["first"])


def test_demo_runs_beside_another_clone_that_starts_at_the_same_time(clones: dict[str, Clone]) -> None:
    succeeded(clones["first"])
    succeeded(clones["second"])
    pages = {re.findall(r"web ui (http://\S+)", clone.output)[0] for clone in clones.values()}
    assert len(pages) == len(clones)


def test_what_a_run_keeps_is_its_users_alone(clones: dict[str, Clone]) -> None:
    for clone in clones.values():
        state = clone.folder / ".beamline"
        kept = [state, *state.rglob("*")]
        assert {"receipt.json", "beam.log", "worker.log", "temporal.sqlite"} <= {path.name for path in kept}
        open_to_others = [path for path in kept if not path.is_symlink() and path.stat().st_mode & 0o077]
        assert open_to_others == []


def test_what_a_run_publishes_follows_the_users_umask(clones: dict[str, Clone]) -> None:
    for clone in clones.values():
        data = clone.folder / "data"
        published = [path for path in [data, *data.rglob("*")] if not path.is_symlink()]
        files = {path.stat().st_mode & 0o777 for path in published if path.is_file()}
        folders = {path.stat().st_mode & 0o777 for path in published if path.is_dir()}
        assert files == {0o666 & ~clone.umask}
        assert folders == {0o777 & ~clone.umask}


def test_tests_run_wherever_the_demo_does(clones: dict[str, Clone]) -> None:
    """Of `make test`, all of the set-up and the tests that start servers."""
    some = {"PYTEST_ADDOPTS": "-k answers_queries"}
    running = [clone.start("scripts/run-tests", "pytest scripts", **some) for clone in clones.values()]
    for tests in running:
        output = tests.communicate(timeout=DEMO_SECONDS)[0]
        assert output.endswith("3 passed, 0 failed\n"), output

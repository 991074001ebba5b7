import os
import subprocess
import sys
from pathlib import Path

import pytest

from provision import __main__ as setup
from provision import preflight
from provision.node import NodePackages
from provision.postgres import PostgresUser
from provision.step import StepFailed


@pytest.mark.parametrize("name", ["a:b", "what?", 'a"b', "a$b", "a`b", "a\nb", "a\\b"])
def test_path_that_programs_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(StepFailed, match=r"has the character .* move or rename the folder"):
        preflight.check_name(Path("/home", name))


@pytest.mark.parametrize("name", ["a b", "Jörg", "日本", "it's", "a#b%c", "[x]&;"])
def test_path_that_works_is_not_refused(name: str) -> None:
    preflight.check_name(Path("/home", name))


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StepFailed, match=r"nothing can be installed into .* \(Not a directory\): do this"):
        preflight.check_folder(tmp_path / "file" / "cache", "do this")


def test_folder_whose_programs_do_not_run_is_refused(tmp_path: Path) -> None:
    """On a file system that is mounted `noexec`."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a file system")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "noexec", "none", tmp_path], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        with pytest.raises(StepFailed, match=r"cannot be run \(is it mounted noexec\?\): do this"):
            preflight.check_folder(tmp_path, "do this")
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_nothing_is_installed_where_a_database_cannot_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise StepFailed("no place")

    class Never(NodePackages):
        def is_done(self) -> bool:
            return False

        def run(self, notes: list[str]) -> None:
            raise AssertionError("installed")

    monkeypatch.setitem(setup.PARTS, "node", (Never,))
    monkeypatch.setattr(PostgresUser, "is_done", lambda _: refuse())
    monkeypatch.setattr(sys, "argv", ["setup", "node", "postgres"])
    assert setup.main() == 1
    assert "no place" in capsys.readouterr().err

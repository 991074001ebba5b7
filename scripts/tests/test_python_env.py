from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from provision import installer, python_env
from provision.installer import uv_settings
from provision.step import StepFailed


class Commands:
    """Keeps what is started; a command that has one of the words fails."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.all: list[list[str]] = []

    def run(self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> str:
        words = [str(word) for word in command]
        self.all.append(words)
        if any(word in self.failing for word in words):
            raise StepFailed(f"{name} failed")
        return ""

    @property
    def installs(self) -> list[list[str]]:
        return [words for words in self.all if "install" in words]


def set_up(folder: Path, monkeypatch: pytest.MonkeyPatch, commands: Commands) -> list[str]:
    """The notes of a set-up of which nothing is really started."""
    monkeypatch.setattr(python_env, "run_quietly", commands.run)
    monkeypatch.setattr(installer, "run_quietly", commands.run)
    monkeypatch.setattr(python_env.PythonEnvironment, "folder", folder)
    monkeypatch.setattr(python_env.PythonEnvironment, "stamp", folder / "stamp")
    monkeypatch.setattr(python_env.PythonEnvironment, "_works", lambda _: True)
    monkeypatch.setattr(installer.Installer, "pip_settings", lambda _: "")
    notes: list[str] = []
    python_env.PythonEnvironment().run(notes)
    return notes


def test_nothing_is_installed_whose_hash_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Commands()
    assert set_up(tmp_path, monkeypatch, commands) == []
    assert ["uv" in words for words in commands.installs] == [False, True, False, True]
    for words in commands.installs:
        assert "--no-deps" in words
        own = "--editable" in words and "--no-build-isolation" in words
        assert own or "--require-hashes" in words


@pytest.mark.parametrize(
    ("failing", "notes"),
    [(str(installer.Installer.uv_lock), ["without uv"]), ("uv", [])],
    ids=["uv cannot be had", "uv cannot install"],
)
def test_pip_installs_what_uv_cannot(
    failing: str, notes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Commands(failing)
    assert set_up(tmp_path, monkeypatch, commands) == notes
    by_pip = [words[-1] for words in commands.installs if "--require-hashes" in words and "uv" not in words]
    environment = python_env.PythonEnvironment
    assert by_pip[1:] == [str(environment.packages), str(environment.tools)]


def test_uv_goes_where_pip_was_told_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_INSECURE_HOST", "of.uv")
    for name in ("UV_FIND_LINKS", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert uv_settings(
        r""":env:.index-url='https://pip.example/simple'
global.cert='/etc/ca.pem'
global.extra-index-url='\nhttps://one.example\nhttps://two.example'
global.find-links='/wheels /more'
global.index-url='https://of.file/simple'
global.timeout='5'
global.trusted-host='of.pip'
list.format='columns'
"""
    ) == {
        "SSL_CERT_FILE": "/etc/ca.pem",
        "UV_INDEX": "https://one.example https://two.example",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_DEFAULT_INDEX": "https://pip.example/simple",
    }

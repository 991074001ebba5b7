from collections.abc import Sequence
from pathlib import Path

import pytest

from provision import python_env


def test_nothing_is_installed_whose_hash_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs: list[list[str]] = []

    def keep(_: str, command: Sequence[str | Path]) -> None:
        installs.append([str(word) for word in command])

    monkeypatch.setattr(python_env, "run_quietly", keep)
    monkeypatch.setattr(python_env.PythonEnvironment, "folder", tmp_path)
    monkeypatch.setattr(python_env.PythonEnvironment, "stamp", tmp_path / "stamp")
    monkeypatch.setattr(python_env.PythonEnvironment, "_works", lambda _: True)
    python_env.PythonEnvironment().run([])
    assert len(installs) == 3
    for install in installs:
        assert "--no-deps" in install
        own = "--editable" in install and "--no-build-isolation" in install
        assert own or "--require-hashes" in install

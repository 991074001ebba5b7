from pathlib import Path

import pytest

from provision.step import StepFailed
from provision.temporal_cli import TemporalCli


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Neither Go nor Node nor a Temporal CLI."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("BEAMLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TEMPORAL_CLI", raising=False)
    (tmp_path / "bin").mkdir()
    return tmp_path


def test_says_what_to_install_where_nothing_works(bare_machine: Path) -> None:
    step = TemporalCli()
    assert not step.is_done()
    with pytest.raises(StepFailed) as caught:
        step.run([])
    message = str(caught.value)
    assert "could be neither downloaded nor built" in message
    assert "docs.temporal.io/cli" in message
    assert "install Go" in message
    assert not step.program.exists()


def test_program_on_path_is_enough(bare_machine: Path) -> None:
    program = bare_machine / "bin" / "temporal"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert TemporalCli().is_done()


def test_program_in_the_cache_is_enough(bare_machine: Path) -> None:
    step = TemporalCli()
    step.folder.mkdir(parents=True)
    step.program.touch()
    assert TemporalCli().is_done()


def test_temporal_cli_that_is_no_program_is_an_error(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_CLI", str(bare_machine / "missing"))
    with pytest.raises(StepFailed, match="which is not a program"):
        TemporalCli().is_done()


def test_go_builds_the_pinned_version(bare_machine: Path) -> None:
    go = bare_machine / "bin" / "go"
    go.write_text('#!/bin/sh\necho "$@" > "$GOBIN/temporal"\n')
    go.chmod(0o755)
    step = TemporalCli()
    notes: list[str] = []
    step.run(notes)
    assert step.program.read_text() == (f"install github.com/temporalio/cli/cmd/temporal@v{step.version}\n")
    assert notes[0].startswith("built with go")
    assert TemporalCli().is_done()

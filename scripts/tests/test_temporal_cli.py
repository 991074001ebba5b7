import hashlib
import json
import platform
from pathlib import Path

import pytest

from provision import paths
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


DOWNLOADED = b"#!/bin/sh\n# the program\n"


def pin(folder: Path, monkeypatch: pytest.MonkeyPatch, sha256: str | None) -> None:
    """A package.json with that hash, and a `node` whose download is `DOWNLOADED`."""
    node = folder / "bin" / "node"
    node.write_text('#!/bin/sh\nprintf "#!/bin/sh\\n# the program\\n" > "$3/temporal"\necho "$3/temporal"\n')
    node.chmod(0o755)
    system = f"{platform.system()}-{platform.machine()}".lower()
    sums = {} if sha256 is None else {"temporal-cli@1.2.3": {system: sha256}}
    document = {"beamline": {"tools": {"temporal-cli": "1.2.3"}, "sha256": sums}}
    (folder / "package.json").write_text(json.dumps(document))
    monkeypatch.setattr(paths, "ROOT", folder)


def test_download_with_the_pinned_hash_is_kept(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(bare_machine, monkeypatch, hashlib.sha256(DOWNLOADED).hexdigest())
    step = TemporalCli()
    notes: list[str] = []
    step.run(notes)
    assert step.program.read_bytes() == DOWNLOADED
    assert "not verified" not in str(notes)


def test_download_with_another_hash_is_thrown_away(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(bare_machine, monkeypatch, "0" * 64)
    step = TemporalCli()
    with pytest.raises(StepFailed, match=r"not the Temporal CLI 1\.2\.3 that was pinned"):
        step.run([])
    assert list(step.folder.iterdir()) == []


def test_download_that_no_hash_is_known_of_is_said_to_be_unverified(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(bare_machine, monkeypatch, None)
    notes: list[str] = []
    TemporalCli().run(notes)
    assert f"this one's is {hashlib.sha256(DOWNLOADED).hexdigest()}" in str(notes)

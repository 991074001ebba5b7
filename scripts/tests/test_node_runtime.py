"""Node.js as the set-up brings it, with an `npm` that packs what a test gives it."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from provision import node_runtime, paths
from provision.node_runtime import NodePackage, NodeRuntime, bring, integrity_of
from provision.step import StepFailed

SYSTEM = f"{platform.system()}-{platform.machine()}".lower()
NAME = "node-some@22.23.5"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One whose Node.js is 20, and whose npm brings a Node.js of the pinned version."""
    for name in ("bin", "served", "clone"):
        (tmp_path / name).mkdir()
    node(tmp_path / "bin" / "node", "20.20.2")
    node(tmp_path / "node", "22.23.5")
    archive = tmp_path / "served" / "1.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "node", "package/bin/node")
    # Each call is served the next archive, and the last one again.
    npm = tmp_path / "bin" / "npm"
    npm.write_text(
        f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\n'
        f"n=$(wc -l <{tmp_path}/calls)\n"
        f"[ -f {tmp_path}/served/$n.tgz ] || n=$(ls {tmp_path}/served | wc -l)\n"
        f'cp {tmp_path}/served/$n.tgz "$4/some.tgz" && echo some.tgz\n'
    )
    npm.chmod(0o755)
    pin(tmp_path / "clone", integrity_of(archive))
    monkeypatch.setattr(node_runtime, "ROOT", tmp_path / "clone")
    monkeypatch.setattr(NodeRuntime, "folder", tmp_path / "clone" / ".node")
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setenv("PATH", f"{tmp_path}/clone/.node/bin:{tmp_path}/bin:/usr/bin:/bin")
    return tmp_path


def node(path: Path, version: str) -> None:
    path.write_text(f"#!/bin/sh\necho v{version}\n")
    path.chmod(0o755)


def pin(clone: Path, integrity: str) -> None:
    document = {"beamline": {"node": {"22": {SYSTEM: [NAME, integrity]}}}}
    (clone / "package.json").write_text(json.dumps(document))


def calls(machine: Path) -> list[str]:
    return (machine / "calls").read_text().splitlines() if (machine / "calls").exists() else []


def left(machine: Path) -> list[str]:
    return [str(path.relative_to(machine)) for path in machine.glob("clone/.node/**/*") if path.is_file()]


def test_an_older_one_is_left_alone_and_another_is_brought(machine: Path) -> None:
    step = NodeRuntime()
    assert not step.is_done()
    notes: list[str] = []
    step.run(notes)
    assert notes == ["22.23.5 in .node/, since this machine's is 20.20.2"]
    assert left(machine) == ["clone/.node/bin/node"]


def test_what_was_brought_needs_no_network(machine: Path) -> None:
    NodeRuntime().run([])
    (machine / "bin" / "npm").unlink()
    assert NodeRuntime().is_done()


@pytest.mark.parametrize("version", ["22.12.0", "24.1.0", "26.0.0"])
def test_nothing_is_brought_where_the_machines_is_new_enough(version: str, machine: Path) -> None:
    node(machine / "bin" / "node", version)
    assert NodeRuntime().is_done()


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "no program"])
def test_what_does_not_run_is_brought_anew(text: str, machine: Path) -> None:
    NodeRuntime().run([])
    (machine / "clone/.node/bin/node").write_text(text)
    step = NodeRuntime()
    assert not step.is_done()
    step.run([])
    assert NodeRuntime().is_done()


def test_a_broken_download_is_tried_again(machine: Path) -> None:
    (machine / "served" / "1.tgz").rename(machine / "served" / "2.tgz")
    (machine / "served" / "1.tgz").write_bytes(b"half of it")
    NodeRuntime().run([])
    assert NodeRuntime().is_done()
    assert ["--prefer-online" in call for call in calls(machine)] == [False, True]


def test_a_download_that_stays_another_is_thrown_away(machine: Path) -> None:
    pin(machine / "clone", "sha512-other")
    with pytest.raises(StepFailed, match=r"3 times(.|\n)*not the one that was pinned(.|\n)*Install Node\.js"):
        NodeRuntime().run([])
    assert len(calls(machine)) == 3
    assert left(machine) == []


def test_without_npm_it_is_said_what_to_install(machine: Path) -> None:
    (machine / "bin" / "npm").unlink()
    empty = machine / "empty"
    empty.mkdir()
    os.environ["PATH"] = str(empty)
    with pytest.raises(StepFailed, match=r"`npm` was not found(.|\n)*Install Node\.js 22 or 24"):
        NodeRuntime().run([])


def test_a_program_that_does_not_run_here_is_not_kept(machine: Path) -> None:
    (machine / "node").write_text("of another processor")
    with tarfile.open(machine / "served" / "1.tgz", "w:gz") as tar:
        tar.add(machine / "node", "package/bin/node")
    pin(machine / "clone", integrity_of(machine / "served" / "1.tgz"))
    with pytest.raises(StepFailed, match="does not run here"):
        bring("22", machine / "clone" / ".node" / "bin" / "node")
    assert left(machine) == []


def test_where_npm_has_none_it_is_said_what_to_install(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(StepFailed, match=r"is 20\.20\.2, and npm has none for .*-vax\. Install Node"):
        NodeRuntime().run([])


def test_every_pinned_package_has_a_hash() -> None:
    pinned = json.loads((paths.ROOT / "package.json").read_text())["beamline"]["node"]
    for major, systems in pinned.items():
        for package in (NodePackage(*each) for each in systems.values()):
            assert package.version.startswith(f"{major}."), package
            assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package.integrity), package


def test_every_script_runs_it() -> None:
    """What starts `node`, `npm` or `npx` in a shell goes through scripts/with-node."""
    places = [paths.ROOT / "beamline", paths.ROOT / "Makefile", paths.ROOT / "test/upgrade/make.sh"]
    scripts = [
        path
        for path in (paths.ROOT / "scripts").iterdir()
        if path.is_file() and path.read_bytes().startswith(b"#!/bin/sh")
    ]
    assert len(scripts) > 8
    command = re.compile(r"^(?!\s*#)(.*(?:exec|&&|then|\$\(do\)|^) *)(?:node|npm|npx) ", re.MULTILINE)
    for path in [*places, *scripts]:
        assert command.findall(path.read_text()) == [], path


def test_with_node_prefers_what_was_brought(tmp_path: Path) -> None:
    copy = tmp_path / "scripts" / "with-node"
    copy.parent.mkdir()
    copy.write_text((paths.ROOT / "scripts" / "with-node").read_text())
    copy.chmod(0o755)
    (tmp_path / "bin").mkdir()
    node(tmp_path / "bin" / "node", "20.20.2")
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}

    def version() -> str:
        return subprocess.check_output([copy, "node", "--version"], env=environment, text=True).strip()

    assert version() == "v20.20.2"
    (tmp_path / ".node" / "bin").mkdir(parents=True)
    node(tmp_path / ".node" / "bin" / "node", "22.1.0")
    assert version() == "v22.1.0"

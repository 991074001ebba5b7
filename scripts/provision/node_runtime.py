"""Node.js: the machine's, else the program of one of npm's packages, kept in `.node/`."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from provision.paths import ROOT, STATE
from provision.step import Step, StepFailed, run_quietly

MINIMUM_NODE = (22, 12)
INSTALL_NODE = "Install Node.js 22 or 24 (nodejs.org)."
MAIN = "22"
TRIES = 3


@dataclass(frozen=True)
class NodePackage:
    """One of npm's packages that hold the program and need no script of theirs to be run."""

    name: str
    integrity: str

    @property
    def version(self) -> str:
        return self.name.rpartition("@")[2]


class NodeRuntime(Step):
    """Done where the first `node` on PATH is new enough; `scripts/with-node` puts `.node/bin` before it."""

    lock = STATE / "locks" / "node-runtime"
    folder = ROOT / ".node"

    def __init__(self) -> None:
        self.title = f"node.js {MAIN}"
        self.hint = "brought by npm, once"

    def is_done(self) -> bool:
        return (node_version() or (0,))[:2] >= MINIMUM_NODE

    def run(self, notes: list[str]) -> None:
        program = self.folder / "bin" / "node"
        program.unlink(missing_ok=True)  # npm would be run by what does not work.
        found = shown(node_version())
        package = bring(MAIN, program)
        notes.append(f"{package.version} in {self.folder.name}/, since this machine's is {found}")


def bring(major: str, program: Path) -> NodePackage:
    """Puts the pinned Node.js of a major version there, all of it or nothing.

    Raises:
        StepFailed: There is none for this system, or npm does not bring it.
    """
    package = pinned_node(major)
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.parent, prefix="new-") as text:
        scratch = Path(text)
        with tarfile.open(download(package, scratch)) as archive:
            inside = archive.extractfile("package/bin/node")
            assert inside is not None
            with (scratch / "node").open("wb") as file:
                shutil.copyfileobj(inside, file)
        (scratch / "node").chmod(0o755)
        if shown(node_version(scratch / "node")) != package.version:
            raise StepFailed(f"the program of npm's {package.name} does not run here. {INSTALL_NODE}")
        (scratch / "node").replace(program)
    return package


def download(package: NodePackage, scratch: Path) -> Path:
    """The package's archive, of which the hash was compared."""
    reason = ""
    for attempt in range(TRIES):
        time.sleep(2 * attempt)
        # What npm has kept of an earlier time needs no network.
        fresh = "--prefer-offline" if attempt == 0 else "--prefer-online"
        try:
            output = run_quietly(
                "node-runtime", ["npm", "pack", package.name, "--pack-destination", scratch, fresh]
            )
        except StepFailed as error:
            reason = str(error)
            continue
        archive = scratch / output.split()[-1]
        found = integrity_of(archive)
        if found == package.integrity:
            return archive
        reason = f"the download is not the one that was pinned: {found}, package.json has {package.integrity}"
    raise StepFailed(
        f"npm did not bring {package.name}, {TRIES} times.\n    {reason}\n    {INSTALL_NODE} Or try again."
    )


def integrity_of(archive: Path) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()}"


def pinned_node(major: str) -> NodePackage:
    """The package for this system: `beamline.node` in package.json."""
    systems = json.loads((ROOT / "package.json").read_text())["beamline"]["node"][major]
    system = f"{platform.system()}-{platform.machine()}".lower()
    if system not in systems:
        raise StepFailed(
            f"Node.js here is {shown(node_version())}, and npm has none for {system}. {INSTALL_NODE}"
        )
    return NodePackage(*systems[system])


def node_version(program: str | Path = "node") -> tuple[int, ...] | None:
    """Of the first `node` on PATH, or of another program; None where there is none that runs."""
    try:
        text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        return tuple(int(part) for part in text.strip().removeprefix("v").split("-")[0].split("."))
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def shown(version: tuple[int, ...] | None) -> str:
    return ".".join(map(str, version)) if version else "not there"


if __name__ == "__main__":  # VERSION PROGRAM: brings another major version, for the tests.
    try:
        print(bring(sys.argv[1], Path(sys.argv[2]).absolute()).version)
    except StepFailed as error:
        sys.exit(str(error))

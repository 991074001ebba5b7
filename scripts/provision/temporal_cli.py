"""The Temporal CLI, which has the dev server and the Web UI in it."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
from pathlib import Path

from provision import go
from provision.paths import ROOT, cache_directory, pinned, pinned_sha256
from provision.step import Step, StepFailed, run_quietly

MODULE = "github.com/temporalio/cli/cmd/temporal"


class TemporalCli(Step):
    """`TEMPORAL_CLI`, PATH or the cache; else downloaded by the SDK; else built once with Go.

    `src/dev/services/temporal-cli.ts` looks in the same places. Go proves what it builds by the public list
    of hashes of modules. A download is proved by the hash in package.json; without one, it says so.
    """

    def __init__(self) -> None:
        self.version = pinned("temporal-cli")
        self.title = f"temporal cli {self.version}"
        self.hint = "downloaded, or else built with go: 2 to 6 minutes, once"
        self.folder = cache_directory() / f"temporal-{self.version}"
        self.doubts: list[str] = []
        self.program = self.folder / ("temporal.exe" if os.name == "nt" else "temporal")

    @property
    def lock(self) -> Path:
        return cache_directory() / "locks" / "temporal"

    def is_done(self) -> bool:
        if named := os.environ.get("TEMPORAL_CLI"):
            if not os.access(named, os.X_OK):
                raise StepFailed(f"TEMPORAL_CLI is `{named}`, which is not a program")
            return True
        return shutil.which("temporal") is not None or self.program.exists()

    def run(self, notes: list[str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix="temporal-new-") as text:
            scratch = Path(text)
            reasons: list[str] = []
            for how, get in {"downloaded": self._download, "built with go": self._build}.items():
                try:
                    get(scratch).replace(self.program)
                except StepFailed as error:
                    reasons.append(str(error))
                    continue
                notes.extend([f"{how}, kept in {shown(self.folder)}", *self.doubts])
                return
        raise StepFailed(
            "no Temporal CLI: it could be neither downloaded nor built.\n    "
            + "\n    ".join(reasons)
            + "\n    Install it (docs.temporal.io/cli) on PATH, or name it in TEMPORAL_CLI,"
            "\n    or install Go 1.24 or newer (go.dev), with which it is built here."
        )

    def _download(self, scratch: Path) -> Path:
        script = ROOT / "scripts" / "download-temporal-cli.mjs"
        output = run_quietly("temporal-download", ["node", script, f"v{self.version}", scratch])
        program = Path(output.strip().splitlines()[-1])
        self._check(program)
        return program

    def _check(self, program: Path) -> None:
        """Compares a download with the hash that is known of it."""
        system = f"{platform.system()}-{platform.machine()}".lower()
        known = pinned_sha256("temporal-cli", system)
        found = hashlib.sha256(program.read_bytes()).hexdigest()
        if known is None:
            self.doubts.append(f"not verified: package.json has no hash for {system}, this one's is {found}")
        elif known != found:
            raise StepFailed(
                f"the download is not the Temporal CLI {self.version} that was pinned: its SHA-256 is "
                f"{found}, package.json has {known} for {system}; it was thrown away."
            )

    def _build(self, scratch: Path) -> Path:
        return go.build(MODULE, self.version, scratch)


def shown(path: Path) -> str:
    """A path with the home directory as `~`."""
    home = str(Path.home())
    text = str(path)
    return f"~{text.removeprefix(home)}" if text.startswith(f"{home}/") else text

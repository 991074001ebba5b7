"""npm packages and the TypeScript build."""

from __future__ import annotations

import subprocess
from pathlib import Path

from provision.paths import ROOT, STATE
from provision.step import Step, StepFailed, content_key, run_quietly, stamped, write_stamp

MINIMUM_NODE = (20, 19)
INSTALL_NODE = "Install Node.js 20.19 or newer (nodejs.org)."


class NodePackages(Step):
    """`npm ci`, again whenever the lock file or Node's major version changes."""

    title = "node packages"
    lock = STATE / "locks" / "node"
    stamp = ROOT / "node_modules" / ".beamline-stamp"

    def is_done(self) -> bool:
        return self.stamp.exists() and stamped(self.stamp, self._key())

    def run(self, notes: list[str]) -> None:
        version = node_version()
        if version[:2] < MINIMUM_NODE:
            found = ".".join(map(str, version))
            raise StepFailed(f"Node.js is {found}, which is too old. {INSTALL_NODE}")
        self.stamp.unlink(missing_ok=True)
        run_quietly(
            "node",
            ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
            env={"npm_config_update_notifier": "false"},
        )
        write_stamp(self.stamp, self._key())

    def _key(self) -> str:
        return content_key([ROOT / "package-lock.json"], str(node_version()[0]))


class Build(Step):
    """`tsc`, again whenever a TypeScript file changes; what it left of deleted files is removed."""

    title = "typescript build"
    lock = STATE / "locks" / "build"
    stamp = ROOT / "dist" / ".beamline-stamp"

    def is_done(self) -> bool:
        if not stamped(self.stamp, self._key()):
            return False
        self.stamp.touch()  # ./beamline compares times, which is quicker
        return True

    def run(self, notes: list[str]) -> None:
        key = self._key()
        self.stamp.unlink(missing_ok=True)
        run_quietly("build", ["node", ROOT / "node_modules/typescript/bin/tsc", "-p", "tsconfig.json"])
        remove_orphans(ROOT / "dist")
        run_quietly("bundle", ["node", ROOT / "scripts" / "bundle-workflows.mjs"])
        write_stamp(self.stamp, key)

    def _key(self) -> str:
        settings = [ROOT / name for name in ("tsconfig.json", "package-lock.json")]
        return content_key([*sources(), *settings])


def sources() -> list[Path]:
    """Every file that `tsc` compiles (the `include` of tsconfig.json)."""
    return [path for folder in ("src", "test", "bench", "scripts") for path in (ROOT / folder).rglob("*.ts")]


def remove_orphans(dist: Path) -> None:
    """Removes the output of sources that are gone: mocha would go on running a deleted test."""
    for output in dist.rglob("*.js"):
        source = ROOT / output.relative_to(dist).with_suffix(".ts")
        if not source.exists():
            for suffix in (".js", ".js.map", ".d.ts"):
                output.with_name(f"{output.stem}{suffix}").unlink(missing_ok=True)


def node_version() -> tuple[int, ...]:
    try:
        text = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise StepFailed(f"`node` was not found. {INSTALL_NODE}") from error
    return tuple(int(part) for part in text.strip().removeprefix("v").split("-")[0].split("."))

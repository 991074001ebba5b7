"""npm packages and the TypeScript build."""

from __future__ import annotations

from pathlib import Path

from provision.node_runtime import node_version
from provision.paths import ROOT, STATE
from provision.step import Step, content_key, run_quietly, stamped, write_stamp


class NodePackages(Step):
    """`npm ci`, again whenever the lock file or Node's major version changes."""

    title = "node packages"
    lock = STATE / "locks" / "node"
    stamp = ROOT / "node_modules" / ".beamline-stamp"

    def is_done(self) -> bool:
        # A link leads to those of another clone, which are not changed from here.
        return self.stamp.parent.is_symlink() or stamped(self.stamp, self._key())

    def run(self, notes: list[str]) -> None:
        self.stamp.unlink(missing_ok=True)
        run_quietly(
            "node",
            ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
            # `npm pack --dry-run` would make this one dry, too.
            env={"npm_config_update_notifier": "false", "npm_config_dry_run": "false"},
        )
        write_stamp(self.stamp, self._key())

    def _key(self) -> str:
        return content_key([ROOT / "package-lock.json"], str((node_version() or (0,))[0]))


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
        for bundled in ("programs", "workflows"):
            run_quietly("bundle", ["node", ROOT / "scripts" / f"bundle-{bundled}.mjs"])
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

"""Beam's Prism of the version of our Beam, for `npm run submit`; alone, it prints where the program is."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from provision import go
from provision.paths import ROOT, cache_directory
from provision.step import Step, StepFailed

PACKAGE = "github.com/apache/beam/sdks/v2/go/cmd/prism"


class Prism(Step):
    """Built once with Go, into the cache."""

    def __init__(self) -> None:
        self.version = _beam_version()
        self.title = f"prism {self.version}"
        self.hint = "built with go: 3 to 6 minutes, once"
        self.program = cache_directory() / f"prism-{self.version}" / "prism"

    @property
    def lock(self) -> Path:
        return cache_directory() / "locks" / "prism"

    def is_done(self) -> bool:
        return self.program.exists()

    def run(self, notes: list[str]) -> None:
        self.program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.program.parent.parent, prefix="prism-new-") as scratch:
            try:
                built = go.build(PACKAGE, self.version, Path(scratch))
            except StepFailed as error:
                raise StepFailed(f"no Prism: {error}\n    Install Go 1.26 or newer (go.dev).") from None
            built.replace(self.program)
        notes.append("built with go")


def _beam_version() -> str:
    pinned = re.search(
        r'"apache-beam\[gcp\]==([0-9.]+)"', (ROOT / "beam-pipeline" / "pyproject.toml").read_text()
    )
    assert pinned is not None
    return pinned[1]


if __name__ == "__main__":
    print(Prism().program)

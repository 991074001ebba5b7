#!/usr/bin/env python3
"""Starts a PostgreSQL or MariaDB server of its own on a free loopback port.

Usage: start-database.py postgres|mariadb [--dir DIR] [--option NAME=VALUE]…

Prints one JSON line when the server accepts connections:

    {"kind", "url", "host", "port", "user", "password", "database"}

and stops the server when standard input closes, or on SIGTERM or SIGINT. Without ``--dir`` nothing is
kept; with it, the data and the password live in DIR and the next start finds them again. An option is one
of the server's own (`ssl_cert=FILE`).
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from databases import mariadb, postgres
from databases.failure import ServerFailed
from databases.server import Server
from databases.throwaway import throwaway_directory

KINDS = {"postgres": postgres.create, "mariadb": mariadb.create}


def main() -> int:
    arguments = parse(sys.argv[1:])
    os.umask(0o077)  # Logs and data are this user's alone, or the server's.
    # The interpreter itself writes to the pipe: a handler may come while a lock that it needs is held.
    ended, end = os.pipe()
    os.set_blocking(end, False)
    signal.set_wakeup_fd(end)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    with ExitStack() as stack:
        directory: Path = arguments.dir or stack.enter_context(throwaway_directory(arguments.kind))
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            server: Server = KINDS[arguments.kind](
                directory, keep=arguments.dir is not None, options=arguments.option
            )
            stack.callback(server.stop)
            server.start()
        except ServerFailed as error:
            print(f"start-database: {error}", file=sys.stderr)
            return 1
        print(json.dumps(server.address()), flush=True)
        threading.Thread(target=wait_for_end_of_input, args=(end,), daemon=True).start()
        return serve(server, ended)


def serve(server: Server, ended: int) -> int:
    """Waits until the caller is gone or the server is."""
    while not select.select([ended], [], [], 0.2)[0]:
        if not server.running():
            print(f"start-database: the server ended by itself:\n{server.last_lines()}", file=sys.stderr)
            return 1
    return 0


def wait_for_end_of_input(end: int) -> None:
    # Not sys.stdin: its lock, held by this thread, would abort the interpreter's exit.
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    os.write(end, b"\0")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--dir", type=lambda text: Path(text).resolve(), help="keep the data here")
    parser.add_argument("--option", action="append", default=[], help="a setting of the server: NAME=VALUE")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Connects to each profile and prints what failed: what `beamline connections test` runs.

    python -m beam_pipeline.asked.check_connections --profiles FILE [--key KEY]…

prints one JSON document, `{"results": [{"key", "type", "ok", "cause", "message", "seconds"}]}`, in the
order of the keys (all of the file's if none is given). `cause` is null or one of name_resolution, refused,
timeout, authentication, no_such_database, other. A file that cannot be read gives `{"error": message}` and
the exit code 1.

The type of a profile is the name of a source whose folder has a `check.py` with `check(connection) -> str`. A
profile need not say it: the server is asked, and the sources that have a `greeting.py` look at how it begins.
That has the `PORT` at which a server is looked for, `is_greeting(first)` and `is_place(path)` of a path here.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import socket
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from beam_pipeline.connect import connections, secrets
from beam_pipeline.connect.connections import Connection
from beam_pipeline.errors import AuthenticationError, BeamlineError, ConnectionLost, ResourceError
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.telling.parent import add_exit_with_parent, end_with_parent

CONNECT_SECONDS = 10
# A server that speaks first does so at once; over a slow line the greeting still needs its way.
GREETING_SECONDS = 1.5
_AT_ONCE = 16


def main(argv: Sequence[str] | None = None) -> int:
    """Tries every wanted profile.

    Returns:
        The exit code: 0 if the results were printed, whatever they are.
    """
    parser = argparse.ArgumentParser(prog="python -m beam_pipeline.asked.check_connections")
    parser.add_argument("--profiles", required=True, help="path of the connection profiles")
    parser.add_argument("--key", action="append", help="a profile to try; default: all")
    add_exit_with_parent(parser)
    arguments = parser.parse_args(argv)
    if arguments.exit_with_parent:
        end_with_parent()
    try:
        profiles = connections.read_profiles(arguments.profiles)
    except BeamlineError as error:
        print(json.dumps({"error": secrets.redact(str(error))}))
        return 1
    keys = arguments.key or list(profiles)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = list(pool.map(lambda key: try_profile(profiles, key, arguments.profiles), keys))
    print(json.dumps({"results": results}, indent=1))
    return 0


def try_profile(profiles: dict[str, Any], key: str, file: str) -> dict[str, Any]:
    """Tries one profile.

    Returns:
        Its entry of `results`.
    """
    started = time.monotonic()
    kind: str | None = None
    cause: str | None = None
    try:
        if key not in profiles:
            raise ResourceError(f"{file} has no profile `{key}`{did_you_mean(key, profiles)}")
        connection = connections.resolve_profile(profiles[key], f"{file}: {key}", f"profile {key}")
        kind = _type_of(profiles[key], connection)
        message = str(_part(kind, "check").check(connection))
    except BeamlineError as error:
        cause, message = _cause_of(error), str(error)
    return {
        "key": key,
        "type": kind,
        "ok": cause is None,
        "cause": cause,
        "message": secrets.redact(message),
        "seconds": round(time.monotonic() - started, 3),
    }


def _type_of(profile: Any, connection: Connection) -> str:
    types = _having("check")
    given = profile.get("type") if isinstance(profile, dict) else None
    if given is not None:
        if given not in types:
            raise ResourceError(
                f"{connection.name}: type `{given}` is not known{did_you_mean(given, types)} "
                f"({', '.join(types)})"
            )
        return str(given)
    greetings = {kind: _part(kind, "greeting") for kind in _having("greeting")}
    if not connection.host.startswith("/"):
        return _listen(connection, greetings)
    place = Path(connection.host)
    return _told([kind for kind, greeting in greetings.items() if greeting.is_place(place)], connection)


def _having(part: str) -> list[str]:
    """The sources whose folder has a file of that name."""
    folder = Path(__file__).parents[1] / "modules" / "source"
    return sorted(path.parent.name for path in folder.glob(f"*/{part}.py"))


def _part(kind: str, part: str) -> Any:
    return importlib.import_module(f"beam_pipeline.modules.source.{kind}.{part}")


def _told(kinds: list[str], connection: Connection) -> str:
    """The one type that knows it as its own."""
    if len(kinds) == 1:
        return kinds[0]
    types = ", ".join(_having("check"))
    raise ResourceError(
        f"{connection.name} ({connection.host}): what answers there is of no known type; say it with `type` "
        f"({types}), if it is one of them"
    )


def _listen(connection: Connection, greetings: dict[str, Any]) -> str:
    """Finds out who answers: asks at the profile's port, or else at the port that each type has."""
    given = connection.port
    candidates = [greeting.PORT for greeting in greetings.values()] if given is None else [given]
    refused: BeamlineError | None = None
    for port in candidates:
        try:
            # A profile may name several servers.
            with socket.create_connection((connection.host.split(",")[0], port), CONNECT_SECONDS) as probe:
                probe.settimeout(GREETING_SECONDS)
                try:
                    greeting = probe.recv(5)
                except TimeoutError:
                    greeting = b""
            return _told(
                [kind for kind, known in greetings.items() if known.is_greeting(greeting)], connection
            )
        except OSError as error:
            refused = refused or _unreachable(connection, port, error)
    assert refused is not None
    raise refused


def _unreachable(connection: Connection, port: int, error: OSError) -> BeamlineError:
    place = f"{connection.name} ({connection.host}, port {port})"
    if isinstance(error, socket.gaierror):
        return ConnectionLost(f"{place}: the host name cannot be resolved: {error.strerror}")
    if isinstance(error, TimeoutError):
        return ConnectionLost(f"{place}: the server did not answer in {CONNECT_SECONDS} s")
    if isinstance(error, ConnectionRefusedError):
        return ConnectionLost(f"{place}: nothing answers at that host and port: connection refused")
    return ConnectionLost(f"{place}: {error.strerror or error}")


def _cause_of(error: BeamlineError) -> str:
    text = str(error)
    if isinstance(error, AuthenticationError):
        unknown = r'database "[^"]*" does not exist|Unknown database'
        return "no_such_database" if re.search(unknown, text) else "authentication"
    if isinstance(error, ConnectionLost):
        for pattern, cause in (
            ("cannot be resolved", "name_resolution"),
            ("nothing answers", "refused"),
            ("did not answer", "timeout"),
        ):
            if pattern in text:
                return cause
    return "other"


if __name__ == "__main__":
    sys.exit(main())

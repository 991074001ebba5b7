"""`python -m beam_pipeline.asked.check_connections` against real servers and silence."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.asked import check_connections

CANARY = "canary-pa55word"


def run(tmp_path: Path, profiles: Any, *keys: str) -> tuple[int, dict[str, Any], str]:
    path = tmp_path / "tried.json"
    path.write_text(profiles if isinstance(profiles, str) else json.dumps(profiles))
    command = [sys.executable, "-m", "beam_pipeline.asked.check_connections", "--profiles", str(path)]
    done = subprocess.run(
        [*command, *(word for key in keys for word in ("--key", key))],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "CANARY": CANARY},
    )
    return done.returncode, json.loads(done.stdout), done.stdout + done.stderr


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port at which the system takes connections and nobody answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        yield server.getsockname()[1]


def test_each_profile_is_tried(
    postgres: dict[str, Any], mariadb: dict[str, Any], sql: Any, tmp_path: Path
) -> None:
    sql.execute(
        f"""
        DO $$ BEGIN CREATE ROLE guarded LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        ALTER ROLE guarded PASSWORD '{CANARY}'
        """
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    profiles = {
        "pg": postgres,
        "my": mariadb,
        "typed": {**mariadb, "type": "mysql"},
        "pg_password": {**postgres, "user": "guarded", "password": "wrong" + CANARY},
        "my_password": {**mariadb, "password": CANARY},
        "pg_database": {**postgres, "database": "nowhere"},
        "my_database": {**mariadb, "database": "nowhere"},
        "name": {**postgres, "host": "no-such-host.invalid"},
        "closed": {**postgres, "port": closed, "password": "${env:CANARY}"},
        "unset": {**postgres, "password": "${env:NOT_SET_HERE}"},
        "odd": {**postgres, "type": "postgers"},
        "misspelt": {**postgres, "pasword": CANARY},
    }
    code, printed, everything = run(tmp_path, profiles)
    assert code == 0
    results = {result["key"]: result for result in printed["results"]}
    assert list(results) == list(profiles)
    assert {key: (result["type"], result["cause"]) for key, result in results.items()} == {
        "pg": ("postgres", None),
        "my": ("mysql", None),
        "typed": ("mysql", None),
        "pg_password": ("postgres", "authentication"),
        "my_password": ("mysql", "authentication"),
        "pg_database": ("postgres", "no_such_database"),
        "my_database": ("mysql", "no_such_database"),
        "name": (None, "name_resolution"),
        "closed": (None, "refused"),
        "unset": (None, "other"),
        "odd": (None, "other"),
        "misspelt": (None, "other"),
    }
    assert all(result["ok"] == (result["cause"] is None) for result in results.values())
    assert results["pg"]["message"].startswith("PostgreSQL ")
    assert "MariaDB" in results["my"]["message"]
    assert "NOT_SET_HERE is not set" in results["unset"]["message"]
    assert "did you mean `postgres`" in results["odd"]["message"]
    assert "did you mean `password`" in results["misspelt"]["message"]
    assert CANARY not in everything


def test_chosen_keys_only(mariadb: dict[str, Any], tmp_path: Path) -> None:
    _, printed, _ = run(tmp_path, {"one": mariadb, "two": mariadb}, "two", "tow")
    assert [(result["key"], result["ok"]) for result in printed["results"]] == [("two", True), ("tow", False)]
    assert "did you mean `two`" in printed["results"][1]["message"]


def test_a_server_that_never_answers_times_out(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from beam_pipeline.modules.source.postgres.connection import session

    monkeypatch.setattr(session, "CONNECT_SECONDS", 2)
    profile = {"host": "127.0.0.1", "port": silent_port, "database": "d", "user": "u", "password": "p" * 8}
    started = time.monotonic()
    result = check_connections.try_profile({"k": profile}, "k", "file")
    assert result["cause"] == "timeout", result
    assert time.monotonic() - started < 8


def test_a_file_that_is_no_profiles_file(tmp_path: Path) -> None:
    code, printed, everything = run(tmp_path, '{"k": "' + CANARY)
    assert code == 1
    assert "is not JSON" in printed["error"]
    assert CANARY not in everything


def test_a_server_of_another_kind_is_told(tmp_path: Path) -> None:
    def greet() -> None:
        accepted, _ = server.accept()
        with accepted:
            accepted.sendall(b"SSH-2.0-OpenSSH_9.7\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=greet, daemon=True).start()
        profile = {"host": "127.0.0.1", "port": server.getsockname()[1], "database": "d", "user": "u"}
        _, printed, _ = run(tmp_path, {"shell": profile})
    [result] = printed["results"]
    assert (result["type"], result["cause"]) == (None, "other")
    assert "what answers there is of no known type; say it with `type` (mysql, postgres)" in result["message"]


@pytest.mark.parametrize(("is_socket", "kind"), [(True, "mysql"), (False, "postgres")])
def test_a_place_on_this_machine_tells_its_type(is_socket: bool, kind: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    with socket.socket(socket.AF_UNIX) as server:
        if is_socket:
            server.bind(str(place))
        else:
            place.mkdir()
        profile = {"host": str(place), "database": "d", "user": "u"}
        _, printed, _ = run(tmp_path, {"here": profile})
    assert [result["type"] for result in printed["results"]] == [kind]

"""Connects to PostgreSQL through TLS whose certificate is right, or wrong in each way, in libpq's modes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import certificate_kinds
from beam_pipeline.connect import connections
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.source.postgres.connection import session
from running import plan_of
from tls_front import TlsFront

KNOWN, UNKNOWN = certificate_kinds.authority("Known"), certificate_kinds.authority("Unknown")
KINDS = {
    "right": certificate_kinds.server("right", KNOWN),
    "expired": certificate_kinds.server("expired", KNOWN, days=-1),
    "other-host": certificate_kinds.server("other", KNOWN, host="db.example.com"),
    "self-signed": certificate_kinds.server("self", None),
    "unknown-authority": certificate_kinds.server("of nobody known", UNKNOWN),
}


@pytest.fixture
def front(postgres: dict[str, Any]) -> Iterator[TlsFront]:
    opened = TlsFront((postgres["host"], postgres["port"]))
    yield opened
    opened.close()


def connect(profile: dict[str, Any]) -> None:
    connection = connections.resolve_profile(profile, "profiles.json: pg", "profile pg")
    control = session.open_control(connection, "test")
    assert control.execute("SELECT 1").fetchone() == (1,)
    control.close()


@pytest.mark.parametrize("kind", ["right", "expired", "other-host", "self-signed", "unknown-authority"])
def test_each_mode_accepts_what_it_says(
    kind: str, front: TlsFront, postgres: dict[str, Any], tmp_path: Path
) -> None:
    front.shows(*certificate_kinds.write(tmp_path, "server", KINDS[kind]))
    known, _ = certificate_kinds.write(tmp_path, "known", KNOWN)
    verified = {"right": {"verify-ca", "verify-full"}, "other-host": {"verify-ca"}}.get(kind, set())
    for mode in ("disable", "prefer", "require", "verify-ca", "verify-full"):
        trusted = {"sslrootcert": known} if mode.startswith("verify") else {}
        profile = {**postgres, "port": front.port, "sslmode": mode, **trusted}
        front.versions.clear()
        if mode.startswith("verify") and mode not in verified:
            with pytest.raises(ConfigError, match=r"TLS could not be agreed: .*certificate"):
                connect(profile)
        else:
            connect(profile)
            (version,) = front.versions
            assert (version is None) == (mode == "disable")


def test_a_server_without_tls(postgres: dict[str, Any]) -> None:
    connect({**postgres, "sslmode": "prefer"})
    with pytest.raises(ConfigError, match=r"TLS could not be agreed: .*does not support SSL"):
        connect({**postgres, "sslmode": "require"})


def test_a_server_may_want_a_certificate(
    front: TlsFront, postgres: dict[str, Any], child: Any, tmp_path: Path
) -> None:
    known, _ = certificate_kinds.write(tmp_path, "known", KNOWN)
    front.shows(*certificate_kinds.write(tmp_path, "server", KINDS["right"]), clients=known)
    made = certificate_kinds.client("client", KNOWN)
    profile = {**postgres, "port": front.port, "sslmode": "verify-full"}
    texts = {
        "sslrootcert": KNOWN.pem.decode(),
        "sslcert": made.pem.decode(),
        "sslkey": made.key_pem.decode(),
    }
    connect({**profile, **texts})
    certificate, key = certificate_kinds.write(tmp_path, "own", made)
    # libpq takes no key that others may read; what it gets is a copy of our own.
    Path(key).chmod(0o644)
    profiles = tmp_path / "profiles.json"
    files = {"sslrootcert": known, "sslcert": certificate, "sslkey": "${file:" + key + "}"}
    profiles.write_text(json.dumps({"pg": {**profile, **files}}))
    plan = plan_of({"rows": {"module": "postgres", "profile": "pg", "query": "SELECT 1 AS one"}})
    # Another process: while ADBC connects, no thread of its own runs, such as the front.
    assert child.run(plan, profiles).query("FROM t") == [(1,)]
    stranger = certificate_kinds.write(tmp_path, "stranger", certificate_kinds.client("client", UNKNOWN))
    for own in ({}, dict(zip(("sslcert", "sslkey"), stranger, strict=True))):
        with pytest.raises(ConfigError, match="TLS could not be agreed"):
            connect({**profile, "sslrootcert": known, **own})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"sslmode": "verify_full"}, "sslmode `verify_full` is none; did you mean `verify-full`"),
        ({"sslrootcert": "nowhere.pem"}, "sslrootcert: nowhere.pem: there is no such file"),
        ({"sslkey": "key.pem"}, "give `sslcert` and `sslkey`, or neither"),
        ({"ssl_ca": "ca.pem"}, "`ssl_ca` is MySQL's name; a PostgreSQL connection has `sslrootcert`"),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, str], problem: str, postgres: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=problem):
        connect({**postgres, **given})

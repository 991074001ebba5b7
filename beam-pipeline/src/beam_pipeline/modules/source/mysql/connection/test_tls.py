"""Connects to a real MariaDB whose certificate is right, or wrong in each way, in each of the five modes."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest
from conftest import start_database

import certificate_kinds
from beam_pipeline.connect import connections
from beam_pipeline.errors import AuthenticationError, BeamlineError, ConfigError
from beam_pipeline.modules.source.mysql.connection import session
from running import plan_of

NO_TLS = ""


@dataclass(frozen=True)
class Server:
    """A server with TLS, and every certificate that it may show."""

    profile: dict[str, Any]
    folder: Path
    kinds: dict[str, certificate_kinds.Made]

    def path(self, name: str) -> str:
        return str(self.folder / f"{name}.pem")

    def shows(self, kind: str) -> None:
        """Makes the server use another certificate."""
        shutil.copy(self.path(kind), self.folder / "shown.pem")
        (self.folder / "shown-key.pem").write_bytes(self.kinds[kind].key_pem)
        self.execute("FLUSH SSL")

    def execute(self, *statements: str) -> None:
        with pymysql.connect(**self.profile, autocommit=True) as link, link.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    known, unknown = certificate_kinds.authority("Known"), certificate_kinds.authority("Unknown")
    kinds = {
        "known": known,
        "right": certificate_kinds.server("right", known),
        "expired": certificate_kinds.server("expired", known, days=-1),
        "other-host": certificate_kinds.server("other", known, host="db.example.com"),
        "self-signed": certificate_kinds.server("self", None),
        "unknown-authority": certificate_kinds.server("of nobody known", unknown),
        "client": certificate_kinds.client("client", known),
        "stranger": certificate_kinds.client("stranger", unknown),
    }
    folder = Path(tempfile.mkdtemp(prefix="beamline-test-tls-"))
    folder.chmod(0o755)
    try:
        for name, made in kinds.items():
            certificate_kinds.write(folder, name, made)
        for name in ("shown", "shown-key"):
            (folder / f"{name}.pem").write_bytes(
                kinds["right"].pem if name == "shown" else kinds["right"].key_pem
            )
        options = (
            "ssl",
            f"ssl-ca={folder}/known.pem",
            f"ssl-cert={folder}/shown.pem",
            f"ssl-key={folder}/shown-key.pem",
        )
        for address in start_database("mariadb", *options):
            profile = {name: address[name] for name in ("host", "port", "database", "user", "password")}
            yield Server(profile, folder, kinds)
    finally:
        shutil.rmtree(folder)


def cipher_of(profile: dict[str, Any]) -> str:
    """Connects; the cipher in use, or nothing where there is no TLS."""
    client = session.open_client(connections.resolve_profile(profile, "profiles.json: my", "profile my"))
    try:
        ((_, cipher),) = client.ask("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        return str(cipher)
    finally:
        client.close()


@pytest.mark.parametrize("kind", ["right", "expired", "other-host", "self-signed", "unknown-authority"])
def test_each_mode_accepts_what_it_says(kind: str, server: Server) -> None:
    server.shows(kind)
    wrong = {
        "right": {},
        "expired": {"VERIFY_CA": "has expired", "VERIFY_IDENTITY": "has expired"},
        "other-host": {"VERIFY_IDENTITY": "IP address mismatch"},
        "self-signed": {"VERIFY_CA": "self-signed", "VERIFY_IDENTITY": "self-signed"},
        "unknown-authority": {
            "VERIFY_CA": "unable to get local issuer",
            "VERIFY_IDENTITY": "unable to get local",
        },
    }[kind]
    for mode in ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"):
        trusted = {"ssl_ca": server.path("known")} if mode.startswith("VERIFY") else {}
        profile = {**server.profile, "ssl_mode": mode, **trusted}
        if mode in wrong:
            with pytest.raises(ConfigError, match=wrong[mode]):
                cipher_of(profile)
        else:
            assert (cipher_of(profile) == NO_TLS) == (mode == "DISABLED")


def test_without_a_mode_tls_is_used_where_there_is_some_and_verified_where_it_can_be(server: Server) -> None:
    server.shows("unknown-authority")
    assert cipher_of(server.profile) != NO_TLS
    with pytest.raises(ConfigError, match="certificate is not accepted"):
        cipher_of({**server.profile, "ssl_ca": server.path("known")})


def test_an_authority_may_be_a_text_a_file_or_a_reference(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.shows("right")
    monkeypatch.setenv("CA_PATH", server.path("known"))
    for given in (
        server.kinds["known"].pem.decode(),
        server.path("known"),
        "${file:" + server.path("known") + "}",
        "${env:CA_PATH}",
    ):
        assert cipher_of({**server.profile, "ssl_mode": "verify_identity", "ssl_ca": given}) != NO_TLS


def test_a_user_may_need_a_certificate(server: Server) -> None:
    server.shows("right")
    server.execute(
        "CREATE OR REPLACE USER bound@'%' IDENTIFIED BY 'pass' REQUIRE X509",
        "GRANT SELECT ON *.* TO bound@'%'",
    )
    profile = {**server.profile, "user": "bound", "password": "pass"}
    own = {"ssl_cert": server.path("client"), "ssl_key": server.path("client-key")}
    assert cipher_of({**profile, **own}) != NO_TLS
    both = server.kinds["client"].pem.decode() + server.kinds["client"].key_pem.decode()
    assert cipher_of({**profile, "ssl_cert": both}) != NO_TLS
    with pytest.raises(
        AuthenticationError, match="bound to TLS or to a certificate: see `ssl_mode`, `ssl_cert`"
    ):
        cipher_of(profile)
    stranger = {"ssl_cert": server.path("stranger"), "ssl_key": server.path("stranger-key")}
    with pytest.raises(ConfigError, match=r"certificate|alert"):
        cipher_of({**profile, **stranger})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"ssl_mode": "VERIFY_IDENTIY"}, "did you mean `VERIFY_IDENTITY`"),
        (
            {"ssl_mode": "REQUIRED", "ssl_ca": "known.pem"},
            "looks at no certificate, so `ssl_ca` would protect nothing",
        ),
        ({"ssl_ca": "nowhere.pem"}, "ssl_ca: nowhere.pem: there is no such file"),
        ({"ssl_ca": "/dev/zero"}, "/dev/zero is no regular file"),
        ({"ssl_key": "key.pem"}, "`ssl_key` is the key of `ssl_cert`, which is missing"),
        ({"ssl_mode": "REQUIRED", "sslmode": "require"}, "give `ssl_mode` or `sslmode`, not both"),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, str], problem: str, server: Server) -> None:
    with pytest.raises(ConfigError, match=problem):
        cipher_of({**server.profile, **given})


def test_a_key_of_another_certificate_is_named(server: Server) -> None:
    given = {"ssl_cert": server.path("client"), "ssl_key": server.path("stranger-key")}
    with pytest.raises(ConfigError, match="ssl_cert and ssl_key cannot be used together") as caught:
        cipher_of({**server.profile, **given})
    assert "PRIVATE" not in str(caught.value)


def test_a_server_without_tls(mariadb: dict[str, Any]) -> None:
    assert cipher_of(mariadb) == NO_TLS
    assert cipher_of({**mariadb, "ssl_mode": "PREFERRED"}) == NO_TLS
    for mode in ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"):
        with pytest.raises(ConfigError, match=f"offers no TLS, and ssl_mode is {mode}"):
            cipher_of({**mariadb, "ssl_mode": mode})


def test_rows_and_windows_are_read_over_tls(server: Server, in_process: Any, tmp_path: Path) -> None:
    server.shows("right")
    server.execute(
        "CREATE OR REPLACE USER encrypted@'%' IDENTIFIED BY 'pass' REQUIRE SSL",
        "GRANT SELECT ON *.* TO encrypted@'%'",
    )
    profiles = tmp_path / "profiles.json"
    tls = {"ssl_mode": "VERIFY_IDENTITY", "ssl_ca": server.path("known")}
    profiles.write_text(
        json.dumps({"my": {**server.profile, "user": "encrypted", "password": "pass", **tls}})
    )
    query = "SELECT seq AS id, REPEAT('x', 1000) AS note FROM seq_1_to_5000"
    plan = plan_of({"rows": {"module": "mysql", "profile": "my", "query": query}})
    for windows, rows in (
        (None, 5000),
        ({"rows": {"column": "id", "type": "integer", "low": "11", "low_inclusive": True, "high": "21"}}, 10),
    ):
        staged = in_process.run(plan, profiles, windows=windows)
        assert staged.query("SELECT count(*), min(length(note)) FROM t") == [(rows, 1000)]


def test_a_refused_handshake_is_not_tried_again(server: Server) -> None:
    server.shows("expired")
    with pytest.raises(BeamlineError) as caught:
        cipher_of({**server.profile, "ssl_ca": server.path("known")})
    from beam_pipeline import errors

    assert errors.FAILURE_TYPES[caught.value.type] is False

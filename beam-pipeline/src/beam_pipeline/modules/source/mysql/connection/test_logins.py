"""Addresses and logins of every form, at a real MariaDB."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from beam_pipeline.connect import connections
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.source.mysql.connection import session

ODD = "a@b:c/d%e#f?g[h]i'j\"k\\l m`n"


def ask(profile: dict[str, Any], statement: str = "SELECT CURRENT_USER()") -> Any:
    client = session.open_client(connections.resolve_profile(profile, "profiles.json: my", "profile my"))
    try:
        ((value,),) = client.ask(statement)
        return value
    finally:
        client.close()


@pytest.fixture
def forwarded(mariadb: dict[str, Any]) -> Iterator[int]:
    """The server behind a port of the IPv6 loopback."""
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6 here")
    listener = socket.socket(socket.AF_INET6)
    try:
        listener.bind(("::1", 0))
    except OSError:
        pytest.skip("there is no IPv6 here")
    listener.listen()

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection((mariadb["host"], mariadb["port"]))
            for pair in ((accepted, server), (server, accepted)):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield int(listener.getsockname()[1])
    listener.close()


@pytest.mark.parametrize("host", ["::1", "[::1]", "0:0:0:0:0:0:0:1", "::1%1", " ::1 "])
def test_an_ipv6_address_is_one_with_and_without_brackets(
    host: str, forwarded: int, mariadb: dict[str, Any]
) -> None:
    assert ask({**mariadb, "host": host, "port": str(forwarded)}, "SELECT 1") == 1


@pytest.mark.parametrize("password", [ODD, "größe ü 漢字 😀", "", "%", " "])
def test_a_login_may_have_any_characters(password: str, mysql: Any, mariadb: dict[str, Any]) -> None:
    database = "odd `/%@:?#db"
    quoted = database.replace("`", "``").replace("%", "%%")
    for user in ("us@er:'/%?#[]\"\\ \u00e9", "plain"):
        mysql.execute("CREATE OR REPLACE USER %s@'%%' IDENTIFIED BY %s", [user, password])
        mysql.execute(f"CREATE DATABASE IF NOT EXISTS `{quoted}`", [])
        mysql.execute(f"GRANT ALL ON `{quoted}`.* TO %s@'%%'", [user])
        profile = {**mariadb, "user": user, "password": password, "database": database}
        assert ask(profile) == f"{user}@%"
        assert ask(profile, "SELECT DATABASE()") == database
        mysql.execute("DROP USER %s@'%%'", [user])


def test_a_socket_is_a_host(mysql: Any, mariadb: dict[str, Any]) -> None:
    mysql.execute("SELECT @@socket")
    ((path,),) = mysql.fetchall()
    if not path:
        pytest.skip("the server has no socket here")
    assert ask({**mariadb, "host": path, "port": None}, "SELECT 1") == 1


def test_several_hosts_are_refused_in_words(mariadb: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="names several servers"):
        ask({**mariadb, "host": "one,two"})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "3306x", "٣٣٠٦", "9" * 5000])
def test_a_port_is_a_number(port: str, mariadb: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="port must be a number from 1 to 65535"):
        ask({**mariadb, "port": port})

"""A front of a PostgreSQL server that speaks TLS: the one that tests start was built without."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from typing import Any

from listening import Listener


class TlsFront:
    """Takes connections, answers PostgreSQL's request for TLS, and passes on what it holds.

    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL

    Args:
        server: Host and port of the server behind.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self.context: ssl.SSLContext | None = None
        self.versions: list[str | None] = []
        self._server = server
        self._listener = Listener(self._pass_on)
        self.port = self._listener.port

    def shows(self, certificate: str, key: str, clients: str | None = None) -> None:
        """Uses a certificate from now on; `clients` is whose clients' certificates are then wanted."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if clients is not None:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
        self.context = context

    def close(self) -> None:
        self._listener.close()

    def _pass_on(self, accepted: Any) -> None:
        with contextlib.suppress(OSError):
            first = accepted.recv(8, socket.MSG_WAITALL)
            version = None
            if first == b"\0\0\0\x08\x04\xd2\x16\x2f":
                accepted.sendall(b"S")
                assert self.context is not None
                accepted, first = self.context.wrap_socket(accepted, server_side=True), b""
                version = accepted.version()
            self.versions.append(version)
            behind = socket.create_connection(self._server)
            behind.sendall(first)
            with accepted, behind:
                _copy(accepted, behind)


def _copy(one: Any, other: Any) -> None:
    """Both ways, in one thread: a TLS socket is not for two."""
    while True:
        ready, _, _ = select.select([one, other], [], [])
        for source in ready:
            target = other if source is one else one
            while True:
                data = source.recv(65536)
                if not data:
                    return
                target.sendall(data)
                if not (isinstance(source, ssl.SSLSocket) and source.pending()):
                    break

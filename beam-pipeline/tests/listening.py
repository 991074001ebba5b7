"""Servers of the tests that take connections of this machine."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class Listener:
    """Takes connections until it is closed, each in a thread of its own.

    Args:
        take: Gets each connection.

    Attributes:
        port: Of this machine.
    """

    def __init__(self, take: Callable[[socket.socket], None]) -> None:
        self._take = take
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Takes no more."""
        # A thread that waits in accept() holds the socket open, whoever closes it.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                accepted, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(accepted,), daemon=True).start()

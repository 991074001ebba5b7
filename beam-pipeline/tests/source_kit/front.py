"""Stands between a source and its server: can be slow, cut every connection, and take no more."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from listening import Listener

_PIECE = 16384


class Front:
    """Passes on what comes, both ways, until it is told otherwise.

    Args:
        server: Host and port of the server behind.

    Attributes:
        port: Its own, of this machine.
        passed: How many bytes readers got.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._pace: int | None = None
        self._left: int | None = None
        self.passed = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = Listener(self._connect)
        self.port = self._listener.port

    @property
    def connections(self) -> int:
        """How many are open."""
        with self._lock:
            return len(self._open)

    def slow(self, bytes_per_second: int) -> None:
        """Lets no more than so much through to the reader, on each connection."""
        self._pace = bytes_per_second

    def cut_after(self, size: int) -> None:
        """Cuts every connection once the reader got so many bytes, and takes none from then on."""
        self._left = size

    def close(self) -> None:
        """Cuts every connection, and takes none from now on."""
        self._listener.close()
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _connect(self, reader: socket.socket) -> None:
        with self._lock:
            self._open.add(reader)
        with reader, contextlib.suppress(OSError), socket.create_connection(self._server) as server:
            threading.Thread(target=self._pass_on, args=(reader, server, False), daemon=True).start()
            self._pass_on(server, reader, True)
        with self._lock:
            self._open.discard(reader)

    def _pass_on(self, one: socket.socket, other: socket.socket, to_reader: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(_PIECE):
                if to_reader and self._is_over(len(data)):
                    self.close()
                    break
                other.sendall(data)
                if to_reader and self._pace is not None:
                    time.sleep(len(data) / self._pace)
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _is_over(self, size: int) -> bool:
        with self._lock:
            self.passed += size
            if self._left is not None:
                self._left -= size
            return self._left is not None and self._left < 0

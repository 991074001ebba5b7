"""The HTTP server: one thread for each connection, which is kept open between calls."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from storage_emulator.call import Answer, Call, FileSlice
from storage_emulator.service import Service


class StorageServer(ThreadingHTTPServer):
    """Serves one service on one address."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, service: Service) -> None:
        self.service = service
        super().__init__((host, port), _Handler)

    @property
    def endpoint(self) -> str:
        """The server's base URL."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: StorageServer

    def _serve(self) -> None:
        try:
            call = Call(self.command, self.path, self.headers, self._body())
        except ValueError as error:
            self.close_connection = True  # Where the next call begins is not known.
            self._send(Answer.of_error(400, f"the body's length is wrong: {error}"))
            return
        answer = self.server.service.answer(call)
        if isinstance(answer.body, FileSlice):
            try:
                stream = answer.body.path.open("rb")
            except FileNotFoundError:  # replaced or deleted since
                self._send(Answer.of_error(404, "the object was replaced meanwhile; read it again"))
                return
            with stream:
                self._head(answer, answer.body.length)
                stream.seek(answer.body.start)
                _copy(stream, self.wfile, answer.body.length)
                self.wfile.flush()
        else:
            self._send(answer)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _send(self, answer: Answer) -> None:
        assert isinstance(answer.body, bytes)
        self._head(answer, len(answer.body))
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _head(self, answer: Answer, length: int) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass  # trailers
            return body
        length = int(self.headers.get("Content-Length") or 0)
        if length < 0:
            raise ValueError(f"Content-Length is {length}")
        return self.rfile.read(length)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Logs nothing: a URL may name what only its owner should know."""


def _copy(source: Any, target: Any, length: int) -> None:
    while length > 0:
        chunk = source.read(min(length, 1 << 20))
        if not chunk:
            return
        target.write(chunk)
        length -= len(chunk)

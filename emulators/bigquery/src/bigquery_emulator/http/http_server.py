"""The HTTP server: one thread for each connection, which is kept open between calls."""

from __future__ import annotations

import gzip
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bigquery_emulator.errors import invalid
from bigquery_emulator.http.call import Answer, Call
from bigquery_emulator.http.service import Service


class BigQueryServer(ThreadingHTTPServer):
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
    server: BigQueryServer

    def _serve(self) -> None:
        try:
            call = Call(self.command, self.path, self.headers, self._body())
        except (ValueError, OSError, EOFError, zlib.error) as error:
            self.close_connection = True  # Where the next call begins is not known.
            told = invalid(f"the body cannot be read: {error}")
            self._send(Answer.of_json(told.document(), told.status))
            return
        self._send(self.server.service.answer(call))

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _send(self, answer: Answer) -> None:
        body = answer.body
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if len(body) > 1024 and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            self.send_header("Content-Encoding", "gzip")
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass  # trailers
        else:
            length = int(self.headers.get("Content-Length") or 0)
            if length < 0:
                raise ValueError(f"Content-Length is {length}")
            body = self.rfile.read(length)
        if self.headers.get("Content-Encoding", "").lower() == "gzip":
            return gzip.decompress(body)
        return body

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Logs nothing: a URL may name what only its owner should know."""

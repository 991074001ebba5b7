"""A Dataflow of the tests' own that only takes jobs, and the command line that asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class FakeDataflow:
    """Answers `jobs.create` and keeps what it was asked; gives a token to its own service account."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/token":
                    answer = b'{"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}'
                else:
                    fake.asked.append((self.path, json.loads(body)))
                    answer = json.dumps({"id": "2026-11-25_job", "name": "n"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        # Beam speaks REST in place of gRPC where the endpoint is local.
        self.endpoint = f"http://localhost:{self.server.server_address[1]}"

    def write_credentials(self, path: Path) -> None:
        key = rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account", "project_id": "project-1", "private_key": key.decode(),
            "client_email": "etl@project-1.iam.gserviceaccount.com", "token_uri": f"{self.endpoint}/token",
        }  # fmt: skip
        path.write_text(json.dumps(account))


def serve(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDataflow]:
    """Serves for the time of a fixture, with credentials for it in the environment."""
    fake = FakeDataflow()
    fake.write_credentials(folder / "account.json")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(folder / "account.json"))
    yield fake
    fake.server.shutdown()


def options(bucket: str, *more: str) -> list[str]:
    return [
        "--runner=DataflowRunner",
        "--project=project-1",
        "--region=europe-west1",
        "--job_name=job-1",
        f"--staging_location={bucket}/df-staging",
        f"--temp_location={bucket}/temp",
        *more,
    ]

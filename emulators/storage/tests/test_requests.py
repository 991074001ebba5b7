"""Requests that other clients send, as they come over the wire."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from serving import emulator
from storage_emulator.call import Call
from storage_emulator.durable_storage import DurableStorage
from storage_emulator.service import Service

JSON = {"Content-Type": "application/json"}


class Server:
    """One connection for each request."""

    def __init__(self, endpoint: str) -> None:
        self._address = urlsplit(endpoint).netloc

    def ask(self, method: str, target: str, body: Any = None, headers: Any = None) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        connection = http.client.HTTPConnection(self._address, timeout=20)
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with emulator(tmp_path_factory.mktemp("storage"), "--bucket", "b") as served:
        yield Server(served.endpoint)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json", "multipart/form-data"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"--x\r\n"])
def test_media_is_stored_whatever_its_type(server: Server, content: bytes, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    status, _ = server.ask("POST", "/upload/storage/v1/b/b/o?uploadType=media&name=m", content, headers)
    assert status == 200
    assert server.ask("GET", "/storage/v1/b/b/o/m?alt=media") == (200, content)


@pytest.mark.parametrize("boundary", ["=x=", '"=x="', "'=x='"])
def test_a_boundary_may_stand_in_quotes(server: Server, boundary: str) -> None:
    body = b'--=x=\r\nContent-Type: application/json\r\n\r\n{"name":"q"}\r\n--=x=\r\n\r\nhello\r\n--=x=--\r\n'
    headers = {"Content-Type": f"multipart/related; boundary={boundary}"}
    assert server.ask("POST", "/upload/storage/v1/b/b/o?uploadType=multipart", body, headers)[0] == 200
    assert server.ask("GET", "/storage/v1/b/b/o/q?alt=media") == (200, b"hello")


UPLOAD = "/upload/storage/v1/b/b/o?uploadType="
RELATED = {"Content-Type": "multipart/related; boundary=x"}
MIXED = {"Content-Type": "multipart/mixed; boundary=x"}
WRONG: list[tuple[str, str, bytes, dict[str, str], int]] = [
    ("POST", UPLOAD + "multipart&name=w", b"--x\r\n\r\n{}\r\n--x--", RELATED, 400),
    ("POST", UPLOAD + "multipart&name=w", b"hello", {"Content-Type": "text/plain"}, 400),
    ("POST", UPLOAD + "multipart&name=w", b"", RELATED, 400),
    ("POST", UPLOAD + "resumable", b"[]", JSON, 400),
    ("POST", UPLOAD + "resumable", b"", {}, 400),
    ("PUT", UPLOAD + "resumable&upload_id=nobody", b"x", {}, 404),
    ("POST", "/batch/storage/v1", b"nothing", {"Content-Type": "text/plain"}, 400),
    ("POST", "/batch/storage/v1", b"--x\r\n\r\n\r\n--x--", MIXED, 400),
    ("POST", "/storage/v1/b", b"{", JSON, 400),
    ("POST", "/storage/v1/b", b"[]", JSON, 400),
    ("POST", "/storage/v1/b", b"", {}, 400),
    ("PATCH", "/storage/v1/b/b", b"7", JSON, 400),
    ("PATCH", "/storage/v1/b/nobody", b"{}", JSON, 404),
    ("POST", "/storage/v1/b/b/o/m/compose", b"{}", JSON, 400),
    ("GET", "/storage/v1/b/b/o?maxResults=many", b"", {}, 400),
    ("GET", "/storage/v1/b/nobody/storageLayout", b"", {}, 404),
    ("GET", "/storage/v1/b/b/notificationConfigs", b"", {}, 501),
    ("GET", "/storage/v1/projects/p/serviceAccount", b"", {}, 501),
    ("OPTIONS", "/storage/v1/b", b"", {}, 501),
    ("HEAD", "/storage/v1/b/b", b"", {}, 501),
    ("POST", "/storage/v1/b", b"", {"Content-Length": "-1"}, 400),
    ("POST", "/storage/v1/b", b"zz\r\n", {"Transfer-Encoding": "chunked", "Content-Length": "4"}, 400),
]  # fmt: skip


@pytest.mark.parametrize(("method", "target", "body", "headers", "status"), WRONG)
def test_whatever_is_asked_is_answered(
    server: Server, method: str, target: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    found, answer = server.ask(method, target, body, headers)
    assert found == status, answer
    if method != "HEAD":
        assert json.loads(answer)["error"]["message"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("versioning", {"enabled": True}),
        ("lifecycle", {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 1}}]}),
        ("retentionPolicy", {"retentionPeriod": "60"}),
        ("softDeletePolicy", {"retentionDurationSeconds": "604800"}),
        ("encryption", {"defaultKmsKeyName": "k"}),
        ("billing", {"requesterPays": True}),
        ("defaultEventBasedHold", True),
        ("hierarchicalNamespace", {"enabled": True}),
    ],
)
def test_what_a_bucket_would_not_obey_is_refused_by_name(server: Server, key: str, value: Any) -> None:
    for method, target, others in (
        ("POST", "/storage/v1/b", {"name": "r"}),
        ("PATCH", "/storage/v1/b/b", {}),
    ):
        status, answer = server.ask(method, target, {**others, key: value}, JSON)
        assert (status, key in json.loads(answer)["error"]["message"]) == (501, True)
    assert server.ask("GET", "/storage/v1/b/r")[0] == 404


def test_what_a_bucket_keeps(server: Server) -> None:
    given = {
        "name": "kept",
        "location": "eu",
        "storageClass": "NEARLINE",
        "labels": {"team": "a", "cost": "b"},
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        "versioning": {"enabled": False},
        "softDeletePolicy": {"retentionDurationSeconds": "0"},
    }
    assert server.ask("POST", "/storage/v1/b", given, JSON)[0] == 200
    assert server.ask("POST", "/storage/v1/b", given, JSON)[0] == 409
    server.ask("PATCH", "/storage/v1/b/kept", {"labels": {"team": None, "new": "c"}}, JSON)
    found = json.loads(server.ask("GET", "/storage/v1/b/kept")[1])
    assert (found["location"], found["storageClass"], found["metageneration"]) == ("EU", "NEARLINE", "2")
    assert found["labels"] == {"cost": "b", "new": "c"}
    assert found["iamConfiguration"] == given["iamConfiguration"]


def test_a_bucket_is_made_in_one_step(tmp_path: Path) -> None:
    kept = []

    class Noting(DurableStorage):
        def create_bucket(self, bucket_name: str, bucket_obj: dict[str, Any]) -> dict[str, Any]:
            kept.append(bucket_obj.get("labels"))
            return super().create_bucket(bucket_name, bucket_obj)

    headers = Message()
    headers["Content-Type"] = "application/json"
    body = json.dumps({"name": "b", "labels": {"team": "a"}}).encode()
    storage = Noting(tmp_path)
    assert Service(storage).answer(Call("POST", "/storage/v1/b", headers, body)).status == 200
    assert kept == [{"team": "a"}]
    storage.close()

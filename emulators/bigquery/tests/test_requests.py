"""Requests that cannot be read get an answer, too."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from conftest import World

WRONG: list[tuple[str, str, bytes, dict[str, str], int]] = [
    ("POST", "/bigquery/v2/projects/p/jobs", b"{", {}, 400),
    ("POST", "/bigquery/v2/projects/p/jobs", b"[]", {}, 400),
    ("POST", "/bigquery/v2/projects/p/jobs", b"", {"Content-Length": "-1"}, 400),
    ("POST", "/bigquery/v2/projects/p/jobs", b"x", {"Content-Length": "many"}, 400),
    ("POST", "/bigquery/v2/projects/p/jobs", b"zz\r\n", {"Transfer-Encoding": "chunked"}, 400),
    ("POST", "/bigquery/v2/projects/p/jobs", b"no gzip", {"Content-Encoding": "gzip"}, 400),
    ("POST", "/upload/bigquery/v2/projects/p/jobs?uploadType=multipart", b"x", {}, 400),
    ("GET", "/bigquery/v2/projects/p/datasets/d/routines", b"", {}, 501),
    ("OPTIONS", "/bigquery/v2/projects/p/datasets", b"", {}, 501),
    ("HEAD", "/bigquery/v2/projects/p/datasets", b"", {}, 501),
]


@pytest.mark.parametrize(("method", "target", "body", "headers", "status"), WRONG)
def test_whatever_is_asked_is_answered(
    world: World, method: str, target: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    connection = http.client.HTTPConnection(urlsplit(world.endpoint).netloc, timeout=20)
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    told = answer.read()
    assert answer.status == status, told
    if method != "HEAD":
        assert json.loads(told)["error"]["message"]

"""Bodies of more than one part: uploads with metadata, and batches of calls."""

from __future__ import annotations

import email
import json
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from storage_emulator.call import Answer, Call

_BOUNDARY = "batch_of_answers"


def parts(content_type: str, body: bytes) -> list[tuple[Message, bytes]]:
    """Splits a body: the headers and the bytes of each part.

    Raises:
        ValueError: The content type names no boundary.
    """
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        raise ValueError("the Content-Type of a multipart body must name its boundary")
    # Double quotes are gone; gcloud sends single ones.
    if len(boundary) > 1 and boundary[0] == boundary[-1] == "'":
        boundary = boundary[1:-1]
    found = []
    for part in (b"\n" + body).split(b"\n--" + boundary.encode())[1:]:
        if part.startswith(b"--"):
            break
        # After the boundary's own line; before the line break that belongs to the next boundary.
        inner = part.split(b"\n", 1)[1]
        inner = inner.removesuffix(b"\r")
        found.append(_split(inner))
    return found


def upload(content_type: str, body: bytes) -> dict[str, Any]:
    """The metadata and the content of an upload, in the form that the package's handlers read."""
    found = parts(content_type, body)
    if len(found) != 2:
        raise ValueError(f"an upload has two parts, its metadata and its content; here are {len(found)}")
    (_, meta), (headers, content) = found
    return {"meta": json.loads(meta or b"{}"), "content": content, "content-type": headers.get_content_type()}


def calls(batch: Call) -> list[tuple[str | None, Call]]:
    """The calls of a batch, each with its Content-ID."""
    found = []
    for outer, inner in parts(batch.headers.get("Content-Type", ""), batch.body):
        line, _, rest = inner.lstrip(b"\r\n").partition(b"\n")
        headers, content = _split(rest)
        method, target = line.decode().split()[:2]
        if "Host" not in headers:
            headers["Host"] = batch.headers.get("Host", "")
        url = urlsplit(target)
        path = url.path + (f"?{url.query}" if url.query else "")
        found.append((outer.get("Content-ID"), Call(method, path, headers, content.strip(b"\r\n"))))
    return found


def answers(found: list[tuple[str | None, Answer]]) -> Answer:
    """Joins the answers of a batch, in its order."""
    body = b""
    for content_id, answer in found:
        assert isinstance(answer.body, bytes), "a batch holds no download"
        head = [f"--{_BOUNDARY}", "Content-Type: application/http"]
        if content_id is not None:
            head.append(f"Content-ID: <response-{content_id.strip('<>')}>")
        head += ["", f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        head += [f"Content-Length: {len(answer.body)}", "", ""]
        body += "\r\n".join(head).encode() + answer.body + b"\r\n"
    body += f"--{_BOUNDARY}--\r\n".encode()
    return Answer(200, {"Content-Type": f"multipart/mixed; boundary={_BOUNDARY}"}, body)


def _split(part: bytes) -> tuple[Message, bytes]:
    for start in (b"\r\n", b"\n"):
        if part.startswith(start):  # no headers
            return Message(), part.removeprefix(start)
    for gap in (b"\r\n\r\n", b"\n\n"):
        head, found, content = part.partition(gap)
        if found:
            return email.message_from_bytes(head + b"\n\n"), content
    return email.message_from_bytes(part), b""

"""One HTTP call and its answer, apart from any socket: a batch holds many of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

_REASONS = {
    400: "invalid",
    404: "notFound",
    409: "conflict",
    412: "conditionNotMet",
    416: "requestedRangeNotSatisfiable",
    501: "notImplemented",
}


@dataclass(frozen=True)
class Call:
    """What a client asked.

    Attributes:
        target: Path and query, percent-encoded.
        headers: As they came; names in any case.
    """

    method: str
    target: str
    headers: Message
    body: bytes


@dataclass(frozen=True)
class FileSlice:
    """A part of a file that is sent without being held in memory."""

    path: Path
    start: int
    length: int


@dataclass
class Answer:
    """What the client gets."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | FileSlice = b""

    @classmethod
    def of_json(cls, document: Any, status: int = 200) -> Answer:
        """An answer with a JSON body."""
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        return cls(status, headers, json.dumps(document).encode())

    @classmethod
    def of_error(cls, status: int, message: str) -> Answer:
        """An error in the form of Google's JSON APIs."""
        reason = _REASONS.get(status, "backendError")
        errors = [{"domain": "global", "reason": reason, "message": message}]
        return cls.of_json({"error": {"code": status, "message": message, "errors": errors}}, status)

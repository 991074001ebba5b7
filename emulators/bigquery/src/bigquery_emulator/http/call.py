"""One HTTP call and its answer, apart from any socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bigquery_emulator.errors import invalid


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

    @property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; the last of those that are given twice."""
        parsed = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[-1] for name, values in parsed.items()}

    def document(self) -> dict[str, Any]:
        """The body, which must be a JSON object.

        Raises:
            BigQueryError: It is not.
        """
        try:
            found = json.loads(self.body or b"{}")
        except ValueError as error:
            raise invalid(f"Invalid JSON payload received. {error}") from None
        if not isinstance(found, dict):
            raise invalid("Invalid JSON payload received. An object is needed.")
        return found


@dataclass
class Answer:
    """What the client gets."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_json(cls, document: Any, status: int = 200) -> Answer:
        """An answer with a JSON body."""
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        return cls(status, headers, json.dumps(document, ensure_ascii=False).encode())

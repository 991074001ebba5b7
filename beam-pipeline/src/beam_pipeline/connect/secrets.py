"""Resolves `${env:…}`, `${file:…}` and `${secret:…}`, and keeps what they held out of every message."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from urllib.parse import quote

from beam_pipeline.errors import UnresolvedReference
from beam_pipeline.storage import regular, roots

# Without a brace inside: a text of many beginnings and no end is read once, not once for each.
REFERENCE = re.compile(r"\$\{(env|file|secret):([^{}]+)\}")
# A password, a key, a certificate.
_MOST_BYTES = 1 << 20

# A line of a secret that is hidden by itself; shorter ones are words.
_SHORTEST_LINE = 8

_known: set[str] = set()
_lock = threading.Lock()


def resolve(text: str, where: str, *, anywhere: bool = True) -> str:
    """Replaces every reference in a text.

    Args:
        text: For example `${env:PGPASSWORD}`.
        where: What the text is for, for messages.
        anywhere: Whether a file may lie outside of what `roots` allows: the host's owner named it.

    Raises:
        UnresolvedReference: A variable is not set, a file cannot be read, or there is no such secret.
        BeamlineError: Secret Manager refuses, or cannot be reached.
    """
    return REFERENCE.sub(lambda found: _value(found[1], found[2].strip(), where, anywhere), text)


def remember(secret: str) -> None:
    """Makes `redact` hide this value from now on."""
    if secret:
        # A key of many lines is met line by line, and a text inside of another one with its marks escaped.
        lines = (line.strip() for line in secret.splitlines())
        escaped = (json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe=""))
        with _lock:
            _known.update({secret, *escaped, *(line for line in lines if len(line) >= _SHORTEST_LINE)})


def redact(text: str) -> str:
    """Hides every known secret in a text."""
    with _lock:
        secrets = sorted(_known, key=len, reverse=True)
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
        else:  # a password of `a` must not blot out every a
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", text)
    return text


class RedactingFormatter(logging.Formatter):
    """A log formatter that hides every known secret, in tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        """Formats one record."""
        return redact(super().format(record))


def _value(kind: str, name: str, where: str, anywhere: bool) -> str:
    if kind == "env":
        value = os.environ.get(name)
        if value is None:
            raise UnresolvedReference(
                f"{where}: the environment variable {name} is not set"
                " here (a run's worker connects: set it there, and start the worker again)"
            )
        return value
    if kind == "secret":
        from beam_pipeline.connect import secret_manager

        value = secret_manager.access(name, where)
        remember(value)
        return value
    if not anywhere:
        roots.check(name, f"{where}: ")
    try:
        return regular.read(name, _MOST_BYTES).decode("utf-8").rstrip("\r\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnresolvedReference(f"{where}: the file {name} cannot be read: {reason}") from None
    except regular.Unreadable as error:
        raise UnresolvedReference(f"{where}: the file {name} {error}") from None
    except UnicodeDecodeError:
        raise UnresolvedReference(f"{where}: the file {name} is not UTF-8 text") from None

"""Reads secrets from Secret Manager, over its REST API.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from typing import Any

from beam_pipeline import errors

_NAME = re.compile(r"projects/[^/\s]+/secrets/[A-Za-z0-9_-]+/versions/(latest|\d+|[A-Za-z][A-Za-z0-9_-]*)")
_ENDPOINT = "https://secretmanager.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT_SECONDS = 20
_CACHE_SECONDS = 60
_ATTEMPTS = 3

_cache: dict[str, tuple[float, str]] = {}
_lock = threading.Lock()


def access(name: str, where: str) -> str:
    """The text of a secret's version, without line breaks at its end; kept in memory for a minute.

    Args:
        name: `projects/P/secrets/S/versions/V`.
        where: What it is for, for messages.

    Raises:
        ResourceError: The name is wrong, or there is no such version, or it is disabled.
        PermissionDenied: This process may not read it.
        ConnectionLost: Secret Manager cannot be reached.
    """
    if not _NAME.fullmatch(name):
        raise errors.ResourceError(
            f"{where}: `${{secret:{name}}}` is not the name of a secret's version; write "
            "${secret:projects/PROJECT/secrets/SECRET/versions/latest}"
        )
    with _lock:  # many ranges of one source connect at a time: one of them asks
        read_at, value = _cache.get(name, (float("-inf"), ""))
        if time.monotonic() - read_at > _CACHE_SECONDS:
            value = _read(name, f"{where}: the secret {name}")
            _cache[name] = (time.monotonic(), value)
    return value


def _read(name: str, what: str) -> str:
    status, body = _call(name, what)
    if status != 200:
        raise _refusal(status, what)
    try:
        payload = json.loads(body)["payload"]
        return base64.b64decode(payload["data"], validate=True).decode().rstrip("\r\n")
    except (ValueError, KeyError, TypeError):
        # Without the cause: its text may hold the value.
        raise errors.ResourceError(f"{what} is not UTF-8 text, or its answer is malformed") from None


def _call(name: str, what: str) -> tuple[int, bytes]:
    import requests
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    try:
        session, endpoint = _session()
        for attempt in range(_ATTEMPTS):
            answer = session.get(f"{endpoint}/v1/{name}:access", timeout=_TIMEOUT_SECONDS)
            if answer.status_code != 429 and answer.status_code < 500:
                break
            time.sleep(0.5 * 2**attempt)
        return answer.status_code, answer.content
    except DefaultCredentialsError:
        raise errors.PermissionDenied(
            f"{what} cannot be read: this process has no Google credentials; run `gcloud auth "
            "application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS"
        ) from None
    except (requests.RequestException, GoogleAuthError) as error:
        raise errors.ConnectionLost(
            f"{what} cannot be read: Secret Manager cannot be reached ({type(error).__name__})"
        ) from None


def _session() -> tuple[Any, str]:
    host = os.environ.get("SECRET_MANAGER_EMULATOR_HOST")
    if host:
        import requests

        return requests.Session(), (host if "://" in host else f"http://{host}").rstrip("/")
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=[_SCOPE])
    return AuthorizedSession(credentials), _ENDPOINT


def _refusal(status: int, what: str) -> errors.BeamlineError:
    if status in (401, 403):
        return errors.PermissionDenied(
            f"{what} may not be read by this process's account; grant it Secret Manager Secret Accessor "
            "(roles/secretmanager.secretAccessor) on the secret"
        )
    if status == 404:
        return errors.ResourceError(
            f"{what} does not exist; see `gcloud secrets versions list`, or add a version"
        )
    if status == 400:
        return errors.ResourceError(
            f"{what} is disabled or destroyed; enable the version, or name another one"
        )
    if status == 429 or status >= 500:
        return errors.ConnectionLost(f"{what} cannot be read now: Secret Manager answered {status}")
    return errors.InternalError(f"{what} cannot be read: Secret Manager answered {status}")

"""Secrets of Secret Manager: found where the connection is made, and shown nowhere."""

from __future__ import annotations

import base64
import json
import logging
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from beam_pipeline import errors
from beam_pipeline.attempt import failure
from beam_pipeline.connect import connections, secret_manager, secrets, worker_redaction
from running import FN_API, Child, plan_of

CANARY = "c4nary-7Q!x"
NAME = "projects/p/secrets/pg/versions/latest"


class FakeSecretManager:
    """Answers `versions.access`: a number is the HTTP status of a refusal."""

    def __init__(self) -> None:
        self.held: dict[str, str | int | bytes] = {}
        self.asked: list[str] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.asked.append(self.path)
                held = fake.held.get(self.path.removeprefix("/v1/").removesuffix(":access"), 404)
                status = held if isinstance(held, int) else 200
                body: dict[str, Any] = {"error": {"code": status, "message": "refused"}}
                if not isinstance(held, int):
                    raw = held.encode() if isinstance(held, str) else held
                    body = {"name": NAME, "payload": {"data": base64.b64encode(raw).decode()}}
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSecretManager]:
    fake = FakeSecretManager()
    monkeypatch.setenv("SECRET_MANAGER_EMULATOR_HOST", fake.host)
    monkeypatch.setattr(secret_manager, "_cache", {})
    monkeypatch.setattr("time.sleep", lambda _: None)
    yield fake
    fake.server.shutdown()


def profile(**changes: Any) -> dict[str, Any]:
    return {"host": "h", "database": "d", "user": "u", "password": f"${{secret:{NAME}}}", **changes}


def test_a_profiles_password_is_read_from_secret_manager(manager: FakeSecretManager) -> None:
    manager.held[NAME] = f"{CANARY}\n"
    connection = connections.resolve_profile(profile(), "here", "pg")
    assert connection.password == CANARY
    assert CANARY not in repr(connection)
    assert secrets.redact(f"login with {CANARY} failed") == "login with *** failed"


def test_any_attribute_may_be_a_secret_and_is_hidden(manager: FakeSecretManager) -> None:
    manager.held[NAME] = "db-host-canary.internal"
    connection = connections.resolve_profile(profile(host=f"${{secret:{NAME}}}", password=""), "here", "pg")
    assert connection.host == "db-host-canary.internal"
    assert secrets.redact("db-host-canary.internal") == "***"


def test_a_secret_is_asked_for_once_by_many_connections(manager: FakeSecretManager) -> None:
    manager.held[NAME] = CANARY
    threads = [
        threading.Thread(target=connections.resolve_profile, args=(profile(), "here", "pg")) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert manager.asked == [f"/v1/{NAME}:access"]


def test_inline_attributes_take_a_reference_and_no_password() -> None:
    params = connections.DatabaseParams(
        host="h", port=None, database="d", user="u", password=f"${{secret:{NAME}}}", profile=None
    )
    assert params.password == f"${{secret:{NAME}}}"
    with pytest.raises(ValueError, match="password"):
        connections.DatabaseParams(host="h", port=None, database="d", user="u", password=CANARY, profile=None)


@pytest.mark.parametrize(
    ("held", "kind", "told"),
    [
        (403, errors.PermissionDenied, "roles/secretmanager.secretAccessor"),
        (404, errors.ConfigError, "does not exist"),
        (400, errors.ConfigError, "is disabled or destroyed"),
        (503, errors.ConnectionLost, "answered 503"),
        (b"\xff\xfe" + CANARY.encode(), errors.ConfigError, "is not UTF-8 text"),
    ],
)
def test_a_refusal_names_the_reference_and_what_to_do_and_never_the_value(
    held: int | bytes, kind: type[errors.BeamlineError], told: str, manager: FakeSecretManager
) -> None:
    manager.held[NAME] = held
    with pytest.raises(kind, match=told) as refused:
        connections.resolve_profile(profile(), "profiles.json: pg", "pg")
    assert str(refused.value).startswith(f"profiles.json: pg: password: the secret {NAME}")
    assert CANARY not in f"{refused.value!r} {refused.value.__cause__!r}"
    assert len(manager.asked) == (3 if held == 503 else 1)


def test_a_name_that_is_none_is_told_before_anybody_is_asked(manager: FakeSecretManager) -> None:
    with pytest.raises(errors.ConfigError, match="versions/latest"):
        connections.resolve_profile(profile(password="${secret:pg-password}"), "here", "pg")
    assert manager.asked == []


def test_nobody_there_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_MANAGER_EMULATOR_HOST", "http://127.0.0.1:1")
    monkeypatch.setattr(secret_manager, "_cache", {})
    with pytest.raises(errors.ConnectionLost, match="cannot be reached"):
        connections.resolve_profile(profile(), "here", "pg")


@pytest.mark.parametrize("mode", ["multi_threading", "multi_processing"])
def test_a_secret_shows_in_no_event_and_no_log(
    mode: str, manager: FakeSecretManager, extended: dict[str, str], child: Child, tmp_path: Path
) -> None:
    manager.held[NAME] = CANARY
    profiles = tmp_path / "profiles.json"
    profiles.write_text(json.dumps({"pg": profile()}))
    plan = plan_of({"rows": {"module": "leaking", "profile": "pg"}})
    options = (f"--runner={FN_API}", f"--direct_running_mode={mode}", "--direct_num_workers=2")
    failure = child.fail(plan, profiles, *options, env=extended)
    assert "the password is ***" in failure["traceback"]
    assert CANARY not in json.dumps(child.events)
    assert CANARY not in child.stderr
    if mode == "multi_threading":  # else the runner, which is told to be quiet, gets it
        assert "logged ***" in child.stderr


class FnApiLogRecordHandler(logging.Handler):
    """Has the name of Beam's, which sends a worker's records to the runner, and formats as it does."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.sent.append(self.format(record) + trace)


def test_a_workers_records_are_redacted_before_they_are_sent() -> None:
    secrets.remember(CANARY)
    handler = FnApiLogRecordHandler()
    logging.getLogger().addHandler(handler)
    try:
        worker_redaction.install()
        worker_redaction.install()
        try:
            raise ValueError(f"the password is {CANARY}")
        except ValueError:
            logging.getLogger("x").exception("login as %s", CANARY)
    finally:
        logging.getLogger().removeHandler(handler)
    (sent,) = handler.sent
    assert "login as ***" in sent
    assert "ValueError: the password is ***" in sent
    assert CANARY not in sent


def test_beams_handler_has_the_name_that_is_looked_for() -> None:
    from apache_beam.runners.worker import log_handler, sdk_worker

    assert log_handler.FnApiLogRecordHandler.__name__ == worker_redaction._HANDLER
    assert hasattr(sdk_worker, "traceback")


def test_a_secret_is_hidden_before_a_traceback_is_cut(known: None) -> None:
    # The cut lies within the secret, at every place that there is.
    for padding in range(len(CANARY) + 2):
        text = f"{CANARY}{'x' * (3990 + padding)}"
        described = failure.describe(RuntimeError(text))
        assert "7Q!x" not in described["traceback"]
        assert len(described["traceback"]) <= 4000


def test_a_failure_of_megabytes_is_told_in_some_kilobytes(known: None) -> None:
    text = f"begin {CANARY} " + "x" * 3_000_000 + f" {CANARY} end"
    described = failure.describe(errors.DataError(text, cause=text))
    assert len(json.dumps(described)) < 20_000
    assert described["message"].startswith("begin *** x")
    assert described["message"].endswith("x *** end")
    assert CANARY not in json.dumps(described)


def test_a_secret_is_hidden_where_a_text_is_taken_apart_or_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", set())
    key = '-----BEGIN KEY-----\nfirst-line-of-it\nit\'s "quoted"\n-----END KEY-----\n'
    secrets.remember(key)
    assert "first-line" not in secrets.redact("in first-line-of-it, alone")
    for told in (key, repr(key), json.dumps({"password": key}), f"postgres://u:{quote(key, safe='')}@h"):
        assert "first-line" not in secrets.redact(told)
        assert "quoted" not in secrets.redact(told)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", set())
    secrets.remember(CANARY)

"""The process: what it prints, when it ends, and what it keeps."""

from __future__ import annotations

import http.client
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from google.api_core import exceptions

from serving import SOURCES, Emulator, emulator


def test_it_says_where_it_listens_and_creates_the_named_buckets(tmp_path: Path) -> None:
    with emulator(tmp_path, "--bucket", "one", "--bucket", "two") as served:
        assert served.ready["event"] == "ready"
        assert [bucket.name for bucket in served.client().list_buckets()] == ["one", "two"]


def test_it_ends_when_its_standard_input_closes(tmp_path: Path) -> None:
    served = Emulator(tmp_path, "--exit-with-parent")
    served.process.communicate(timeout=30)
    assert served.process.returncode == 0


def test_sigterm_ends_it_with_0(tmp_path: Path) -> None:
    served = Emulator(tmp_path)
    served.process.send_signal(signal.SIGTERM)
    served.process.communicate(timeout=30)
    assert served.process.returncode == 0


def test_a_folder_is_served_by_one_process_at_a_time(tmp_path: Path) -> None:
    with emulator(tmp_path), pytest.raises(AssertionError, match="another storage emulator"):
        Emulator(tmp_path)


def test_sigkill_at_any_moment_loses_nothing_that_was_answered_and_shows_nothing_half(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    begun: set[str] = set()
    for round_ in range(4):
        served = Emulator(tmp_path, "--bucket", "b")
        bucket = served.client().bucket("b")

        def write(round_: int = round_, bucket: Any = bucket) -> None:
            for number in range(100_000):
                name = f"{round_}-{number}"
                begun.add(name)
                try:
                    bucket.blob(name).upload_from_string(name * 100, timeout=5, retry=None)
                except Exception:
                    return
                acknowledged.add(name)

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.2 + random.random() / 5)
        served.kill()
        writer.join()
    with emulator(tmp_path) as served:
        found = {blob.name: blob for blob in served.client().list_blobs("b")}
        assert acknowledged <= set(found) <= begun
        assert acknowledged
        for name, blob in found.items():
            assert blob.download_as_bytes() == (name * 100).encode()
        contents = list((tmp_path / "content").iterdir())
        assert len(contents) == len(found)


def test_a_chunked_upload_goes_on_after_sigkill(tmp_path: Path) -> None:
    first, second = b"a" * 262144, b"b" * 100
    served = Emulator(tmp_path, "--bucket", "b")
    begin = call(served, "POST", "/upload/storage/v1/b/b/o?uploadType=resumable&name=n&ifGenerationMatch=0")
    session = urlsplit(begin.headers["Location"])
    path = f"{session.path}?{session.query}"
    sent = call(served, "PUT", path, first, {"Content-Range": "bytes 0-262143/*"})
    assert (sent.status, sent.headers["Range"]) == (308, "bytes=0-262143")
    served.kill()
    with emulator(tmp_path) as again:
        asked = call(again, "PUT", path, b"", {"Content-Range": "bytes */*"})
        assert (asked.status, asked.headers["Range"]) == (308, "bytes=0-262143")
        done = call(again, "PUT", path, second, {"Content-Range": "bytes 262144-262243/262244"})
        assert done.status == 200
        assert again.client().bucket("b").blob("n").download_as_bytes() == first + second
        # The answer was lost: the client asks again, and nothing is written twice.
        repeated = call(again, "PUT", path, b"", {"Content-Range": "bytes */262244"})
        assert repeated.status == 200


def test_nothing_received_yet_is_told_without_a_range(tmp_path: Path) -> None:
    with emulator(tmp_path, "--bucket", "b") as served:
        begin = call(served, "POST", "/upload/storage/v1/b/b/o?uploadType=resumable&name=n")
        session = urlsplit(begin.headers["Location"])
        asked = call(served, "PUT", f"{session.path}?{session.query}", b"", {"Content-Range": "bytes */*"})
        assert (asked.status, asked.headers["Range"]) == (308, None)


def test_many_writers_of_one_name_create_it_once(tmp_path: Path) -> None:
    with emulator(tmp_path, "--bucket", "b") as served:
        outcomes: list[str] = []

        def create(number: int) -> None:
            blob = served.client().bucket("b").blob("once")
            try:
                blob.upload_from_string(str(number), if_generation_match=0)
                outcomes.append(str(number))
            except exceptions.PreconditionFailed:
                outcomes.append("refused")

        writers = [threading.Thread(target=create, args=(number,)) for number in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert outcomes.count("refused") == 7
        (winner,) = set(outcomes) - {"refused"}
        assert served.client().bucket("b").blob("once").download_as_text() == winner


def call(
    served: Emulator, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Any:
    connection = http.client.HTTPConnection(urlsplit(served.endpoint).netloc, timeout=30)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_help_names_every_flag() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "storage_emulator", "--help"],
        env={"PYTHONPATH": str(SOURCES)}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for flag in ("--folder", "--host", "--port", "--bucket", "--exit-with-parent"):
        assert flag in told

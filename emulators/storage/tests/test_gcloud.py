"""`gcloud storage` as it is installed, told only where the emulator is."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving import emulator

pytestmark = pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
Gcloud = Callable[..., str]


@pytest.fixture(scope="module")
def gcloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gcloud]:
    """Runs a command of `gcloud storage` and returns what it printed."""
    with emulator(tmp_path_factory.mktemp("storage"), "--bucket", "b") as served:
        settings = {
            "CLOUDSDK_CONFIG": str(tmp_path_factory.mktemp("gcloud")),
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_CORE_PROJECT": "p",
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{served.endpoint}/storage/v1/",
        }

        def run(*arguments: str, input: str | None = None) -> str:  # noqa: A002 (as subprocess names it)
            done = subprocess.run(
                ["gcloud", "storage", *arguments],
                env={**os.environ, **settings},
                capture_output=True,
                text=True,
                timeout=120,
                input=input,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        yield run


def test_files_small_large_empty_and_piped(gcloud: Gcloud, tmp_path: Path) -> None:
    contents = {"small": b"hello\n", "empty": b"", "large": os.urandom(9_500_000)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    gcloud("cp", *[str(tmp_path / name) for name in contents], "gs://b/files/")
    gcloud("cp", "gs://b/files/*", str(tmp_path))
    assert {name: (tmp_path / name).read_bytes() for name in contents} == contents
    gcloud("cp", "-", "gs://b/piped", input="from standard input")
    assert gcloud("cat", "gs://b/piped") == "from standard input"


def test_folders_are_mirrored_moved_and_removed(gcloud: Gcloud, tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "sub").mkdir(parents=True)
    (here / "a").write_text("a")
    (here / "sub" / "b").write_text("b")
    gcloud("rsync", "-r", str(here), "gs://b/there")
    (here / "a").write_text("changed")
    (here / "sub" / "b").unlink()
    gcloud("rsync", "-r", "--delete-unmatched-destination-objects", str(here), "gs://b/there")
    gcloud("mv", "gs://b/there", "gs://b/moved")
    assert gcloud("ls", "gs://b/moved/**").split() == ["gs://b/moved/a"]
    assert gcloud("cat", "gs://b/moved/a") == "changed"
    gcloud("rm", "-r", "gs://b/moved")
    assert "moved" not in gcloud("ls", "gs://b")


def test_a_bucket_is_made_and_removed_with_all_that_is_in_it(gcloud: Gcloud) -> None:
    gcloud("buckets", "create", "gs://c", "--location=europe-west1")
    gcloud("cp", "-", "gs://c/a", input="a")
    described = gcloud("buckets", "describe", "gs://c", "--format=value(location,location_type)")
    assert described.split() == ["EUROPE-WEST1", "region"]
    gcloud("rm", "-r", "gs://c")
    assert "gs://c/" not in gcloud("buckets", "list", "--format=value(storage_url)")

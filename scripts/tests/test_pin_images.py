import os
import shutil
import subprocess
from pathlib import Path

import pytest

from provision.paths import ROOT

FILES = ["docker-compose.yml", "Dockerfile", "beam-pipeline/Dockerfile.worker"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files with images, and a `docker` that knows a digest of each."""
    for name in [*FILES, "scripts/pin-images.mjs"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\necho sha256:{'a' * 64}\n")
    docker.chmod(0o755)
    return tmp_path


def pin(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = ["node", project / "scripts" / "pin-images.mjs", *arguments]
    path = os.pathsep.join([str(project), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def test_each_image_gets_its_digest_once(project: Path) -> None:
    for name in FILES:  # Whatever is pinned already.
        text = (project / name).read_text()
        (project / name).write_text("\n".join(line.split("@sha256:")[0] for line in text.split("\n")))
    before = pin(project, "--check")
    assert before.returncode == 1
    assert "docker-compose.yml: postgres:16.15 has no digest" in before.stderr
    assert pin(project).returncode == 0
    assert pin(project, "--check").returncode == 0
    once = {name: (project / name).read_text() for name in FILES}
    assert f"apache/beam_python3.11_sdk:2.77.0@sha256:{'a' * 64}\n" in once[FILES[2]]
    assert "image: beamline:0.1.0\n" in once[FILES[0]]
    assert pin(project).returncode == 0
    assert {name: (project / name).read_text() for name in FILES} == once


def test_a_registry_that_does_not_answer_changes_nothing(project: Path) -> None:
    (project / "docker").write_text("#!/bin/sh\nexit 1\n")
    before = (project / FILES[0]).read_text()
    assert pin(project).returncode != 0
    assert (project / FILES[0]).read_text() == before

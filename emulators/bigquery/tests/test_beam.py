"""Beam's own BigQuery connectors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from conftest import World

PIPELINE = Path(__file__).parent / "beam_pipeline_of_a_user.py"


def test_beam_writes_with_file_loads_and_reads_an_export(world: World, tmp_path: Path) -> None:
    dataset = "beam"
    world.client.create_dataset("project.beam")
    env = {
        **os.environ,
        "BIGQUERY_EMULATOR_HOST": world.endpoint,
        "STORAGE_EMULATOR_HOST": world.bucket.client._connection.API_BASE_URL,
        "GOOGLE_CLOUD_PROJECT": "project",
        "NO_GCE_CHECK": "true",
    }
    result = subprocess.run(
        [sys.executable, str(PIPELINE), dataset, str(tmp_path)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert world.query(f"SELECT COUNT(*), SUM(id), MAX(name) FROM project.{dataset}.t") == [
        (500, 124750, "n9é")
    ]
    assert sorted(int(line) for line in (tmp_path / "read").read_text().split()) == list(range(500))

"""`bq` as it is installed, told only where the emulator is."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import World

pytestmark = pytest.mark.skipif(shutil.which("bq") is None, reason="bq is not installed")
Bq = Callable[..., str]


@pytest.fixture
def bq(world: World, tmp_path: Path) -> Bq:
    """Runs a command of `bq` and returns what it printed."""
    token = tmp_path / "token"
    token.write_text("any")
    settings = {
        "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["bq", "--api", world.endpoint, "--project_id", "p", "--headless", *arguments],
            env={**os.environ, **settings},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_dataset_is_made_filled_queried_and_removed(bq: Bq, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,name\n1,one\n2,two\n")
    bq("mk", "--dataset", "of_bq")
    bq("load", "--autodetect", "of_bq.t", "rows.csv")
    assert bq("--format=csv", "head", "of_bq.t") == "id,name\n1,one\n2,two\n"
    bq("update", "--description", "words", "of_bq.t")
    assert '"description":"words"' in bq("--format=json", "show", "of_bq.t")
    bq("cp", "of_bq.t", "of_bq.copy")
    assert {"t", "copy"} <= set(bq("ls", "of_bq").split())
    counted = bq("--format=csv", "query", "--nouse_legacy_sql", "SELECT count(*) AS n FROM of_bq.copy")
    assert counted.split() == ["n", "2"]
    bq("rm", "-r", "-f", "of_bq")
    assert "of_bq" not in bq("ls").split()


def test_a_script_shows_each_statement_with_its_place_and_rows(bq: Bq) -> None:
    script = "CREATE TEMP TABLE of_script AS SELECT 7 AS n;\n  SELECT n + 1 AS more FROM of_script"
    printed = bq("query", "--nouse_legacy_sql", script)
    assert "SELECT n + 1 AS more FROM of_script; -- at [2:3]\n" in printed
    assert "| more |" in printed
    assert "|    8 |" in printed

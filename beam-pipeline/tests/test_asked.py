"""What is asked of the data plane ends with who asked, in the middle of the question as well."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from running import plan_of

SOURCE = {"module": "postgres", "profile": "pg", "query": "SELECT 1 AS id"}


@pytest.mark.parametrize("program", ["check_connections", "columns", "cursors"])
def test_it_ends_with_who_asked(program: str, tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        server.settimeout(30)
        port = server.getsockname()[1]
        profile = {"host": "127.0.0.1", "port": port, "user": "u", "password": "p", "database": "d"}
        profiles = tmp_path / "profiles.json"
        profiles.write_text(json.dumps({"pg": {"type": "postgres", **profile}}))
        arguments = [f"--profiles={profiles}"]
        if program != "check_connections":
            plan = tmp_path / "plan.json"
            wanted = plan_of({"orders": SOURCE})
            wanted["sources"][0]["incremental"] = {
                "column": "id",
                "from": "max_value_in_destination",
                "lag": None,
            }
            plan.write_text(json.dumps(wanted))
            arguments.append(f"--plan={plan}")
        command = [sys.executable, "-m", f"beam_pipeline.asked.{program}", "--exit_with_parent"]
        with subprocess.Popen([*command, *arguments], stdin=subprocess.PIPE) as asked, server.accept()[0]:
            assert asked.stdin is not None
            asked.stdin.close()
            assert asked.wait(30) == 143

"""Other people's clients on the emulator, unchanged: `python tests/clients/try_clients.py [dbt] [dlt]`.

On demand: each client is installed into an environment of its own, which takes some minutes the first time.
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from serving import Emulator, emulator  # noqa: E402

ENVIRONMENTS = HERE.parents[3] / ".beamline" / "clients"
PACKAGES = {
    "dbt": ["dbt-bigquery==1.10.3", "dbt-core==1.10.23"],
    "dlt": ["dlt[bigquery]==1.31.0"],
}


def installed(name: str) -> Path:
    """The programs of a client's environment."""
    folder = ENVIRONMENTS / name
    if not (folder / "ready").exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", str(folder)], check=True)
        install = [*uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python")]
        subprocess.run([*install, *PACKAGES[name]], check=True)
        (folder / "ready").touch()
    return folder / "bin"


def try_dbt(served: Emulator, folder: Path) -> None:
    """A project with a seed, a view, tables, both incremental strategies and tests of them passes twice."""
    program = installed("dbt") / "dbt"
    environment = {
        **os.environ,
        "BIGQUERY_EMULATOR_HOST": served.endpoint,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    project = str(HERE / "dbt_project")
    command = [str(program), "build", "--project-dir", project, "--profiles-dir", project]
    outputs = ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    for _ in range(2):
        subprocess.run([*command, *outputs], env=environment, cwd=folder, check=True)
        rows = served.client("any").query("SELECT order_id, amount FROM shop.orders_merged ORDER BY 1")
        check([row[0] for row in rows.result()], [1, 2, 3])
        rows = served.client("any").query("SELECT customer, orders FROM shop.customers ORDER BY 1")
        check([tuple(row) for row in rows.result()], [("ada", 2), ("bob", 1)])
        rows = served.client("any").query("SELECT COUNT(*) FROM shop.orders_by_day")
        check([row[0] for row in rows.result()], [3])


DLT = """
import sys, dlt
rows = [{"id": 1, "v": "a", "tags": ["x", "y"]}, {"id": int(sys.argv[1]), "v": "b"}]
pipeline = dlt.pipeline("p", destination="bigquery", dataset_name="loaded")
pipeline.run(rows, table_name="t", write_disposition="merge", primary_key="id").raise_on_failed_jobs()
"""


def try_dlt(served: Emulator, folder: Path) -> None:
    """A merge with a nested table loads twice."""
    program = installed("dlt") / "python"
    key = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-quiet"], capture_output=True, text=True, check=True
    ).stdout
    tokens = http.server.HTTPServer(("127.0.0.1", 0), AnyToken)
    threading.Thread(target=tokens.serve_forever, daemon=True).start()
    account = {
        "type": "service_account", "project_id": "any", "private_key_id": "1", "private_key": key,
        "client_email": "any@any.iam.gserviceaccount.com", "client_id": "1",
        "token_uri": f"http://127.0.0.1:{tokens.server_address[1]}/token",
    }  # fmt: skip
    (folder / "account.json").write_text(json.dumps(account))
    environment = {
        **os.environ,
        "BIGQUERY_EMULATOR_HOST": served.endpoint,
        "GOOGLE_APPLICATION_CREDENTIALS": str(folder / "account.json"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DLT_DATA_DIR": str(folder / "dlt"),
    }
    for number in (2, 3):
        subprocess.run([program, "-c", DLT, str(number)], env=environment, cwd=folder, check=True)
        rows = served.client("any").query("SELECT id, v FROM loaded.t ORDER BY id")
        check([row[0] for row in rows.result()], list(range(1, number + 1)))
        rows = served.client("any").query("SELECT value FROM loaded.t__tags ORDER BY value")
        check([row[0] for row in rows.result()], ["x", "y"])
    tokens.shutdown()


class AnyToken(http.server.BaseHTTPRequestHandler):
    """Gives a token to everybody."""

    def do_POST(self) -> None:
        """The answer of https://datatracker.ietf.org/doc/html/rfc6749#section-5.1."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.dumps({"access_token": "any", "token_type": "Bearer", "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def check(found: object, expected: object) -> None:
    """Ends the program where a client left something else."""
    if found != expected:
        sys.exit(f"expected {expected!r}, found {found!r}")


CLIENTS: dict[str, Callable[[Emulator, Path], None]] = {"dbt": try_dbt, "dlt": try_dlt}

if __name__ == "__main__":
    for name in sys.argv[1:] or CLIENTS:
        with tempfile.TemporaryDirectory() as folder, emulator(Path(folder) / "bigquery") as served:
            CLIENTS[name](served, Path(folder))
        print(f"{name}: as it should be")

"""Serves BigQuery from a folder: `python -m bigquery_emulator --folder DIR`."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from bigquery_emulator.http.http_server import BigQueryServer
from bigquery_emulator.http.service import Service
from bigquery_emulator.jobs.job_runner import JobRunner
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Database, FolderInUse
from bigquery_emulator.tables.sample_data import create_missing_samples

# How often the tables that have expired are deleted; they are not shown from the moment on.
_SWEEP_S = 600


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until it is told to end.

    Returns:
        The exit code: 0, or 1 where the folder or the port is taken.
    """
    arguments = _parser().parse_args(argv)
    os.umask(0o077)  # Rows are the user's alone.
    try:
        database = Database(arguments.folder.absolute())
        create_missing_samples(database)
        with database.write() as cursor:
            catalog.delete_expired_tables(cursor)
        runner = JobRunner(database)
        service = Service(database, runner, arguments.answer_after)
        server = BigQueryServer(arguments.host, arguments.port, service)
    except (FolderInUse, OSError) as error:
        sys.stderr.write(f"bigquery_emulator: {error}\n")
        return 1
    # A signal must end the process even if it comes just before this thread begins to wait, which a handler
    # in Python would miss: the interpreter itself writes to the pipe.
    ended, end = os.pipe()
    os.set_blocking(end, False)
    signal.set_wakeup_fd(end)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    runner.resume()  # before the first call: it removes what no job belongs to
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if arguments.exit_with_parent:
        threading.Thread(target=_wait_for_parent, args=(end,), daemon=True).start()
    sys.stdout.write(json.dumps({"event": "ready", "endpoint": server.endpoint}) + "\n")
    sys.stdout.flush()
    while not select.select([ended], [], [], _SWEEP_S)[0]:
        with database.write() as cursor:
            catalog.delete_expired_tables(cursor)
    server.shutdown()
    # Jobs that still run are not waited for: they run again when the folder is served again.
    os._exit(0)


def _wait_for_parent(end: int) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.write(end, b"\0")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bigquery_emulator",
        description="Serves BigQuery's REST API from a folder.",
        allow_abbrev=False,
    )
    parser.add_argument("--folder", required=True, type=Path, help="where datasets, tables and jobs are kept")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 means a free one (0)")
    parser.add_argument(
        "--answer-after",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="how long the insertion of a job waits for its end before it answers that the job runs (2)",
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="end when standard input closes")
    return parser


if __name__ == "__main__":
    sys.exit(main())

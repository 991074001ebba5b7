"""Serves Cloud Storage from a folder: `python -m storage_emulator --folder DIR`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from storage_emulator.durable_storage import DurableStorage, FolderInUse
from storage_emulator.http_server import StorageServer
from storage_emulator.service import Service


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until it is told to end.

    Returns:
        The exit code: 0, or 1 where the folder or the port is taken.
    """
    arguments = _parser().parse_args(argv)
    os.umask(0o077)  # Objects are the user's alone.
    try:
        storage = DurableStorage(arguments.folder.absolute())
        service = Service(storage)
        for name in arguments.bucket:
            service.create_missing_bucket(name)
        server = StorageServer(arguments.host, arguments.port, service)
    except (FolderInUse, OSError) as error:
        sys.stderr.write(f"storage_emulator: {error}\n")
        return 1
    # A signal must end the process even if it comes just before this thread begins to wait, which a handler
    # in Python would miss: the interpreter itself writes to the pipe.
    ended, end = os.pipe()
    os.set_blocking(end, False)
    signal.set_wakeup_fd(end)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if arguments.exit_with_parent:
        threading.Thread(target=_wait_for_parent, args=(end,), daemon=True).start()
    sys.stdout.write(json.dumps({"event": "ready", "endpoint": server.endpoint}) + "\n")
    sys.stdout.flush()
    os.read(ended, 1)
    server.shutdown()
    return 0


def _wait_for_parent(end: int) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.write(end, b"\0")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m storage_emulator",
        description="Serves Cloud Storage's JSON API from a folder.",
        allow_abbrev=False,
    )
    parser.add_argument("--folder", required=True, type=Path, help="where the objects are kept")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 means a free one (0)")
    parser.add_argument(
        "--bucket", action="append", default=[], metavar="NAME", help="a bucket to create unless it is there"
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="end when standard input closes")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Runs one attempt of a plan in Beam: a child of the orchestrator, or the launcher of a Flex Template.

The protocol is in docs/contracts.md, section 3.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import queue
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from beam_pipeline import errors
from beam_pipeline.attempt import failure, parameters
from beam_pipeline.connect import secrets
from beam_pipeline.storage import files, roots
from beam_pipeline.telling.events import EventStream
from beam_pipeline.telling.fault_point import fault_point
from beam_pipeline.telling.parent import TERMINATED, add_exit_with_parent, hear_parent
from beam_pipeline.telling.progress import progress
from beam_pipeline.telling.spare import wait_for_task

# At most so long the end of a failed attempt waits for its report to be written.
_REPORT_SECONDS = 20


@dataclass(frozen=True)
class Ended:
    """How the attempt ended: an event and the process's exit code."""

    code: int
    event: str | None = None
    fields: dict[str, Any] | None = None


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the attempt that the command line describes.

    Returns:
        The exit code: 0, 1 (a `failed` line was printed) or 143 (asked to end).
    """
    words = sys.argv[1:] if argv is None else argv
    if list(words) == ["--spare"]:
        given = wait_for_task(_warm_up)
        if given is None:
            return TERMINATED
        words = given
    arguments, beam_options = _parser().parse_known_args(words)
    os.umask(0o077)  # Staged rows and what spills are the user's alone.
    events = EventStream.take_stdout()
    _log_to_stderr()
    # Beam runs in a thread of its own so that this one is free to answer a signal at once.
    endings: queue.SimpleQueue[Ended] = queue.SimpleQueue()
    terminated = Ended(TERMINATED)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: endings.put(terminated))
    events.send("started", beam=version("apache-beam"), pid=os.getpid())
    stop = threading.Event()
    may_read = threading.Event()
    _in_background(events.report_progress, stop)
    if arguments.exit_with_parent or arguments.ask_before_reading:
        hear_parent(lambda: endings.put(terminated), may_read.set)
    with contextlib.ExitStack() as stack:
        temp_dir = _temporary_folder(arguments.temp_dir, stack)

        def ask(steps: dict[str, Any]) -> None:
            events.send("columns", steps=steps)
            may_read.wait()

        asks = ask if arguments.ask_before_reading else None
        _in_background(_attempt, arguments, beam_options, temp_dir, asks, endings)
        ended = _first(endings)
        stop.set()
        if ended.code != 0:
            _leave(arguments.staging, (ended.fields or {}).get("failure"))
        if ended.event is None:
            events.close()
        else:
            if ended.event == "finished":
                events.send("progress", steps=progress.steps())
            events.last(ended.event, **(ended.fields or {}))
    return ended.code


def _warm_up() -> None:
    """Imports what most attempts need."""
    import duckdb  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    from apache_beam.runners.portability import fn_api_runner  # noqa: F401

    from beam_pipeline.attempt import execute  # noqa: F401

    fault_point("beam:spare-ready")


def _first(endings: queue.SimpleQueue[Ended]) -> Ended:
    """Looks up each second: a signal that comes just before a wait begins is only answered after it."""
    while True:
        with contextlib.suppress(queue.Empty):
            return endings.get(timeout=1)


def _attempt(
    arguments: argparse.Namespace,
    beam_options: list[str],
    temp_dir: str,
    ask: Callable[[dict[str, Any]], None] | None,
    endings: queue.SimpleQueue[Ended],
) -> None:
    try:
        if arguments.closed is not None and files.exists(arguments.closed):
            raise errors.RunEnded(f"the run has ended: {arguments.closed} is there; nothing was started")
        # Importing Beam takes most of a second: the first lines are out before.
        from beam_pipeline.attempt.execute import execute

        roots.allow(arguments.roots)
        fault_point("beam:started")
        event, fields = execute(arguments, beam_options, temp_dir, ask)
        endings.put(Ended(0, event, fields))
    except BaseException as error:
        endings.put(Ended(1, "failed", {"failure": failure.describe(error)}))


def _leave(staging: str, described: dict[str, Any] | None) -> None:
    """Leaves the staging of an attempt that did not finish as the orchestrator expects it.

    A local folder is this process's own, and goes. In Cloud Storage a job of the same attempt that woke
    late may not touch what the first one committed: there the orchestrator removes it, once the run ends.
    """
    if described is not None and described["type"] == errors.RunEnded.type:
        return
    if not files.is_local(staging):
        if described is not None:
            report = threading.Thread(target=_report, args=(staging, described), daemon=True)
            report.start()
            report.join(_REPORT_SECONDS)
        return
    if "beam_pipeline.staging.staging" in sys.modules:
        sys.modules["beam_pipeline.staging.staging"].ending.set()
    files.remove_tree(staging)


def _report(staging: str, described: dict[str, Any]) -> None:
    """Tells a failure where the orchestrator finds it, as far as that is possible."""
    with contextlib.suppress(Exception):
        files.write_whole(files.join(staging, "failure.json"), (json.dumps(described) + "\n").encode())


def _in_background(target: Any, *arguments: Any) -> None:
    threading.Thread(target=target, args=arguments, daemon=True).start()


def _temporary_folder(parent: str | None, stack: contextlib.ExitStack) -> str:
    if parent is not None:
        files.make_folder(parent)
    folder = tempfile.TemporaryDirectory(prefix="beamline-", dir=parent, ignore_cleanup_errors=True)
    return stack.enter_context(folder)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(secrets.RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(lambda record: "apitools not found" not in record.getMessage())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # A worker's error is logged at every level of the graph; it is told once, as the failure.
    logging.getLogger("apache_beam.runners").setLevel(logging.CRITICAL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m beam_pipeline.main",
        description="Runs one attempt of a plan in Beam. Other options are Beam's own.",
        allow_abbrev=False,
    )
    parameters.add_to(parser)
    parser.add_argument("--roots", help="JSON list of the folders that a config's files may lie in")
    parser.add_argument("--temp_dir", help="folder for spilled data")
    add_exit_with_parent(parser)
    parser.add_argument(
        "--ask_before_reading",
        action="store_true",
        help="print the columns, and read once a line comes on standard input, whose end ends the process",
    )
    return parser


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Not sys.exit: worker threads and open connections must not hold the process back.
    os._exit(code)

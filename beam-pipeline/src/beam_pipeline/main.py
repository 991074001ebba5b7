"""The child process that runs one attempt of a plan in Beam (docs/contracts.md, section 3)."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import queue
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from beam_pipeline import failure, files, secrets
from beam_pipeline.events import EventStream
from beam_pipeline.fault_point import fault_point
from beam_pipeline.progress import progress

TERMINATED = 143


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
    arguments, beam_options = _parser().parse_known_args(argv)
    events = EventStream.take_stdout()
    _log_to_stderr()
    # Beam runs in a thread of its own so that this one is free to answer a signal at once.
    endings: queue.SimpleQueue[Ended] = queue.SimpleQueue()
    terminated = Ended(TERMINATED)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: endings.put(terminated))
    events.send("started", beam=version("apache-beam"), pid=os.getpid())
    stop = threading.Event()
    _in_background(events.report_progress, stop)
    if arguments.exit_with_parent:
        _in_background(_wait_for_parent, endings, terminated)
    with contextlib.ExitStack() as stack:
        temp_dir = _temporary_folder(arguments.temp_dir, stack)
        _in_background(_attempt, arguments, beam_options, temp_dir, endings)
        ended = endings.get()
        stop.set()
        if ended.code != 0:
            _discard(arguments.staging)
        if ended.event is None:
            events.close()
        else:
            if ended.code == 0:
                events.send("progress", steps=progress.steps())
            events.last(ended.event, **(ended.fields or {}))
    return ended.code


def _attempt(
    arguments: argparse.Namespace,
    beam_options: list[str],
    temp_dir: str,
    endings: queue.SimpleQueue[Ended],
) -> None:
    try:
        # Importing Beam takes most of a second: the first lines are out before.
        from beam_pipeline.execute import execute

        fault_point("beam:started")
        endings.put(Ended(0, "finished", execute(arguments, beam_options, temp_dir)))
    except BaseException as error:
        endings.put(Ended(1, "failed", {"failure": failure.describe(error)}))


def _discard(staging: str) -> None:
    """Removes what was staged; an attempt that did not finish staged nothing."""
    if "beam_pipeline.staging" in sys.modules:
        sys.modules["beam_pipeline.staging"].ending.set()
    files.remove_tree(staging)


def _wait_for_parent(endings: queue.SimpleQueue[Ended], ended: Ended) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    endings.put(ended)


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
    parser.add_argument("--plan", required=True, help="path or URI of the plan")
    parser.add_argument("--staging", required=True, help="the attempt's own prefix")
    parser.add_argument("--run_key", required=True, help="key of the run")
    parser.add_argument("--attempt", required=True, help="name of the attempt")
    parser.add_argument("--profiles", help="path or URI of the connection profiles")
    parser.add_argument("--temp_dir", help="folder for spilled data")
    parser.add_argument("--exit_with_parent", action="store_true", help="exit when standard input closes")
    return parser


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Not sys.exit: worker threads and open connections must not hold the process back.
    os._exit(code)

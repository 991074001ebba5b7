"""A process that imports everything first and then waits for its one task (docs/contracts.md, section 3)."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable

from beam_pipeline.telling.events import EventStream

_PERIOD_SECONDS = 0.1


def wait_for_task(warm_up: Callable[[], None]) -> list[str] | None:
    """Warms up, and waits for the words of a command line, one JSON list in a line of standard input.

    Prints `warming` every 100 ms meanwhile, then `ready`, and `pong` for each line `ping`.

    Returns:
        The words; none if standard input ended, as the parent does.
    """
    events = EventStream(sys.stdout)
    done = threading.Event()
    warming = threading.Thread(target=_say_warming, args=(events, done), daemon=True)
    warming.start()
    warm_up()
    done.set()
    warming.join()
    events.send("ready")
    buffer = b""
    while chunk := os.read(sys.stdin.fileno(), 65_536):
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            if line != b"ping":
                return list(json.loads(line))
            events.send("pong")
    return None


def _say_warming(events: EventStream, done: threading.Event) -> None:
    while not done.wait(_PERIOD_SECONDS):
        events.send("warming")

"""A process that ends with the one that started it, however that ends."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Callable

TERMINATED = 143


def add_exit_with_parent(parser: argparse.ArgumentParser) -> None:
    """Adds the switch that asks for it."""
    parser.add_argument(
        "--exit_with_parent", action="store_true", help="end when standard input ends, as the parent does"
    )


def end_with_parent() -> None:
    """Ends this process at once when its standard input ends, which its parent holds open."""
    hear_parent(lambda: os._exit(TERMINATED))


def hear_parent(ended: Callable[[], None], said: Callable[[], None] = lambda: None) -> None:
    """Listens in the background: calls `said` when standard input has something, `ended` when it ends."""

    def listen() -> None:
        with contextlib.suppress(OSError):
            while os.read(sys.stdin.fileno(), 4096):
                said()
        ended()

    threading.Thread(target=listen, daemon=True).start()

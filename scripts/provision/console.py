"""What a person sees of the set-up: one line per step with its time."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

WIDTH = 26


class Console:
    """Writes to standard error by default: `./beamline … --json` keeps standard output for itself."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stderr
        self.parts = 0  # That are to be done, as far as that is known.
        self.interactive = self.out.isatty()
        self.encodes_marks = can_encode(self.out.encoding or "ascii", "✔✘…")
        self._greeted = False

    @contextmanager
    def step(self, title: str, hint: str) -> Iterator[list[str]]:
        """Shows a running step. The caller appends notes to the yielded list."""
        if not self._greeted:
            self._greeted = True
            parts = f" {self.parts} part{'' if self.parts == 1 else 's'}" if self.parts else ""
            self.line(f"beamline  setting up{parts} (the first time takes minutes, later seconds)")
        started = time.monotonic()
        notes: list[str] = []
        stop = threading.Event()
        if self.interactive:
            ticker = threading.Thread(target=self._tick, args=(title, hint, started, stop), daemon=True)
            ticker.start()
        else:
            self.line(f"  {self._mark('…')} {title:<{WIDTH}} {hint}".rstrip())
        try:
            yield notes
        finally:
            stop.set()
            if self.interactive:
                ticker.join()
                self.out.write("\r\033[K")
        self.finished(title, time.monotonic() - started, "; ".join(notes))

    def finished(self, title: str, seconds: float, note: str = "") -> None:
        self.line(f"  {self._mark('✔')} {title:<{WIDTH}} {duration(seconds):>8}   {note}".rstrip())

    def failed(self, message: str) -> None:
        self.line(f"  {self._mark('✘')} {message}")

    def line(self, text: str) -> None:
        self.out.write(f"{text}\n")
        self.out.flush()

    def _tick(self, title: str, hint: str, started: float, stop: threading.Event) -> None:
        while not stop.wait(0.2):
            elapsed = duration(time.monotonic() - started)
            line = f"  {self._mark('…')} {title:<{WIDTH}} {elapsed:>8}   {hint}".rstrip()
            # What is wider than the terminal could not be drawn over.
            room = shutil.get_terminal_size().columns - 1
            self.out.write(f"\r\033[K{line if len(line) <= room else line[: room - 1] + self._mark('…')}")
            self.out.flush()

    def _mark(self, mark: str) -> str:
        return mark if self.encodes_marks else {"✔": "+", "✘": "x", "…": "-"}[mark]


def duration(seconds: float) -> str:
    """Seconds as a person says them: `0.4 s`, `17 s`, `4 min 2 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60} s"


def can_encode(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True

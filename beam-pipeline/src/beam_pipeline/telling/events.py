"""The lines that this process prints for its parent (docs/contracts.md, section 3)."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any, TextIO

from beam_pipeline.telling.progress import progress

PERIOD_SECONDS = 0.5


class EventStream:
    """Writes one JSON document a line, from any thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._closed = False

    @classmethod
    def take_stdout(cls) -> EventStream:
        """Keeps standard output for events: whatever else prints goes to standard error."""
        sys.stdout.flush()
        own = os.dup(sys.stdout.fileno())
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        return cls(os.fdopen(own, "w", encoding="utf-8"))

    def send(self, event: str, **fields: Any) -> bool:
        """Prints one event.

        Returns:
            Whether anybody can read it: not after the reader closed the pipe, nor after `last`.
        """
        with self._lock:
            return self._write(event, fields)

    def last(self, event: str, **fields: Any) -> None:
        """Prints the event after which nothing follows, whatever other threads still do."""
        with self._lock:
            self._write(event, fields)
            self._closed = True

    def close(self) -> None:
        """Prints nothing from now on."""
        with self._lock:
            self._closed = True

    def report_progress(self, stop: threading.Event) -> None:
        """Prints a progress line every half second until `stop` is set or nobody reads."""
        while not stop.wait(PERIOD_SECONDS):
            if not self.send("progress", steps=progress.steps()):
                return

    def _write(self, event: str, fields: dict[str, Any]) -> bool:
        if self._closed:
            return False
        try:
            self._stream.write(json.dumps({"event": event, **fields}) + "\n")
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            self._closed = True
            return False
        return True

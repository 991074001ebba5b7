"""Reads ahead in a thread, so that the server works while a batch is written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")

_DEPTH = 2
_WAIT_SECONDS = 0.2


def prefetched(items: Iterator[T]) -> Iterator[T]:
    """Yields the items of an iterator that runs, up to two items ahead, in a thread of its own.

    An error of the iterator is raised here. Once the consumer stops, the thread stops before its next
    item, and this generator's end waits for it: what the iterator reads from may then be closed.
    """
    ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(_DEPTH)
    stop = threading.Event()

    def put(entry: tuple[bool, T | BaseException | None]) -> None:
        while not stop.is_set():
            try:
                ready.put(entry, timeout=_WAIT_SECONDS)
                return
            except queue.Full:
                continue

    def run() -> None:
        try:
            for item in items:
                put((True, item))
                if stop.is_set():
                    return
            put((False, None))
        except BaseException as error:
            put((False, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while True:
            is_item, value = ready.get()
            if is_item:
                yield value  # type: ignore[misc]
            elif value is None:
                return
            else:
                raise value  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()

"""Reads ahead in a thread, so that the server works while a batch is written."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

_DEPTH = 2
# Of the items that wait; a larger one waits alone.
_WAITING_BYTES = 32 << 20
_WAIT_SECONDS = 0.2


class _Stopped(BaseException):
    """Raised in a producer whose items nobody takes any more."""


def prefetched(items: Iterator[T]) -> Iterator[T]:
    """Yields the items of an iterator that runs, up to two items ahead, in a thread of its own.

    Large items, by their `nbytes`, are read ahead one at a time. An error of the iterator is raised here.
    Once the consumer stops, the thread stops before its next item, and this generator's end waits for it:
    what the iterator reads from may then be closed.
    """

    def produce(hand_over: Callable[[T], None]) -> None:
        for item in items:
            hand_over(item)

    return pushed(produce)


def pushed(produce: Callable[[Callable[[T], None]], None]) -> Iterator[T]:
    """The same for a function that hands over each item, and waits meanwhile.

    Args:
        produce: Calls what it is given with each item; that raises where the consumer stopped.
    """
    ready: deque[tuple[bool, T | BaseException | None]] = deque()
    changed = threading.Condition()
    stop = threading.Event()

    def put(is_item: bool, value: T | BaseException | None) -> None:
        size = _size(value)
        with changed:
            while not stop.is_set():
                waiting = sum(_size(entry) for _, entry in ready)
                if not ready or (len(ready) < _DEPTH and waiting + size <= _WAITING_BYTES):
                    ready.append((is_item, value))
                    changed.notify_all()
                    return
                changed.wait(_WAIT_SECONDS)

    def hand_over(item: T) -> None:
        put(True, item)
        if stop.is_set():
            raise _Stopped

    def run() -> None:
        try:
            produce(hand_over)
            put(False, None)
        except _Stopped:
            return
        except BaseException as error:
            put(False, error)

    def get() -> tuple[bool, T | BaseException | None]:
        with changed:
            while not ready:
                changed.wait(_WAIT_SECONDS)
            taken = ready.popleft()
            changed.notify_all()
            return taken

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while True:
            is_item, value = get()
            if is_item:
                yield value  # type: ignore[misc]
            elif value is None:
                return
            else:
                raise value  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()


def _size(item: object) -> int:
    size = getattr(item, "nbytes", 0)
    return size if isinstance(size, int) else 0

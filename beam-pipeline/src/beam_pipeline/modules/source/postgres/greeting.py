"""How a PostgreSQL server is told from others, where a profile does not say its type."""

from __future__ import annotations

from pathlib import Path

PORT = 5432


def is_greeting(first: bytes) -> bool:
    """Whether a server of this kind begins like that; it waits for its client.

    Args:
        first: Five bytes at most; none from a server that waits.
    """
    return not first


def is_place(path: Path) -> bool:
    """Whether it is what clients connect to on this machine: the folder of its sockets, there or not."""
    return not path.is_socket()

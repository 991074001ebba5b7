"""How a MySQL server is told from others, where a profile does not say its type."""

from __future__ import annotations

from pathlib import Path

PORT = 3306


def is_greeting(first: bytes) -> bool:
    """Whether a server of this kind begins like that; it speaks first.

    Args:
        first: Five bytes at most; none from a server that waits.
    """
    # Length of the packet, its number (0), then the protocol (10) or an error (255).
    return first[3:4] == b"\0"


def is_place(path: Path) -> bool:
    """Whether it is what clients connect to on this machine: a socket."""
    return path.is_socket()

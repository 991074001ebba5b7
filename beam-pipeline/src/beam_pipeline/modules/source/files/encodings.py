"""Says what encoding a file has that is not read as UTF-8."""

from __future__ import annotations

_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_LOOKED_AT = 1024
# Of every second byte of western text in UTF-16, and fewer of any other text.
_SHARE = 0.3


def wide_encoding(start: bytes) -> str | None:
    """The encoding of a text with two or four bytes a character, by its first ones; None if it is none."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    looked = start[:_LOOKED_AT]
    zeros = [looked[place::4].count(0) for place in range(4)]
    quarter = len(looked) / 4
    if len(looked) < 4 or max(zeros) <= _SHARE * quarter:
        return None
    is_zero = [count > _SHARE * quarter for count in zeros]
    known = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }
    return known.get((is_zero[0], is_zero[1], is_zero[2], is_zero[3]))


def packed(start: bytes) -> str | None:
    """The extension of a compressed file, by its first bytes; None if it is none."""
    known = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst", b"BZh": "bz2", b"PK\x03\x04": "zip"}
    return next((name for mark, name in known.items() if start.startswith(mark)), None)

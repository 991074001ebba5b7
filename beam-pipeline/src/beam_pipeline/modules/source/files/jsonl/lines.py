"""Reads lines of JSON so that every number keeps the digits that were written."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files import encodings
from beam_pipeline.modules.source.files.compressed import check_start, chunks, opened

# What is read at a time, up to the end of its last line.
BLOCK_BYTES = 8 << 20
LINE_BYTES = 256 << 20


@dataclass(frozen=True)
class Block:
    """Whole lines, and the number of the first."""

    content: bytes
    line: int


class Whole(str):
    """The text of a whole number."""

    __slots__ = ()


class Fraction(str):
    """The text of a number with a point or an exponent, or of NaN and infinity."""

    __slots__ = ()


class _KeyTwiceError(Exception):
    """Raised at an object that has a key twice."""


def blocks(path: str) -> Iterator[Block]:
    """Yields the lines of a file.

    Raises:
        DataError: A line is too long, or the file is not UTF-8.
    """
    line, pieces, size = 1, [b""], 0
    with opened(path) as stream:
        first = True
        for content in chunks(stream, BLOCK_BYTES):
            if first:
                check_start(path, content)
                _check_utf8(path, content)
                content, first = content.removeprefix(b"\xef\xbb\xbf"), False  # noqa: PLW2901
            end = content.rfind(b"\n") + 1
            size += len(content)
            if end == 0:
                pieces.append(content)
                if size > LINE_BYTES:
                    raise DataError(f"{path}:{line}: the line is longer than {LINE_BYTES >> 20} MB")
                continue
            block = Block(b"".join([*pieces, content[:end]]), line)
            line += block.content.count(b"\n")
            pieces, size = [content[end:]], len(content) - end
            yield block
    rest = b"".join(pieces)
    if rest.strip():
        yield Block(rest, line)


def records(path: str, block: Block) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields each object and its line; blank lines are skipped, and numbers are `Whole` and `Fraction`.

    Raises:
        DataError: A line is no object, has a key twice, or holds no text.
    """
    for place, line in enumerate(io.BytesIO(block.content), block.line):
        if not line.strip():
            continue
        record = _parsed(line, f"{path}:{place}")
        if not isinstance(record, dict):
            raise DataError(f"{path}:{place}: the line is {named(record)}; each must be one object")
        if b"\\u" in line:
            _check_text(record, f"{path}:{place}")
        yield place, record


def named(value: Any) -> str:
    """What kind of value this is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (Whole, Fraction)):
        return "a number"
    return "text" if isinstance(value, str) else "an array" if isinstance(value, list) else "an object"


def dumped(value: Any) -> str:
    """A value as JSON again, its numbers unchanged.

    Raises:
        ValueError: It holds NaN or infinity.
    """
    if isinstance(value, (Whole, Fraction)):
        if value[-1:] not in "0123456789":
            raise ValueError(str(value))
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(key)}:{dumped(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumped, value)) + "]"
    return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _KeyTwiceError(next(name for name in names if names.count(name) > 1))
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Whole, parse_float=Fraction, parse_constant=Fraction
)


def _parsed(line: bytes, place: str) -> Any:
    try:
        return _DECODER.decode(line.rstrip(b"\r\n").decode())
    except UnicodeDecodeError as error:
        raise DataError(
            f"{place}: the line is not UTF-8 (byte {error.start + 1}); rewrite the file, for example with "
            "`iconv -f latin1 -t utf-8`"
        ) from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place}:{error.colno}: not JSON: {error.msg}; each line must be one whole object"
        ) from None
    except _KeyTwiceError as error:
        raise DataError(
            f"{place}: the key `{error.args[0]}` stands twice in one object; which value counts is not said: "
            "mend the line"
        ) from None
    except RecursionError:
        raise DataError(f"{place}: objects and arrays are nested too deeply to be read") from None


def _check_text(record: dict[str, Any], place: str) -> None:
    """Refuses half of a surrogate pair: no text, so nothing that a destination could hold."""
    for name, value in record.items():
        try:
            f"{name}{dumped(value)}".encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):04x}"
            shown = name.encode("ascii", "backslashreplace").decode()
            raise DataError(
                f"{place}: column `{shown}` holds `{half}`, half of a surrogate pair, which is no character: "
                "the text was cut; mend the line"
            ) from None
        except ValueError:
            continue  # NaN, which is told where it is used
        except RecursionError:
            raise DataError(f"{place}: objects and arrays are nested too deeply to be read") from None


def _check_utf8(path: str, start: bytes) -> None:
    encoding = encodings.wide_encoding(start)
    if encoding is not None:
        raise DataError(
            f"{path}:1: the text is {encoding}, and JSON Lines are UTF-8; rewrite the file, for example with "
            f"`iconv -f {encoding} -t utf-8`"
        )

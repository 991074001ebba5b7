"""Signs that stand before a quote inside a value."""

from __future__ import annotations

import re


def masked(content: bytes, escape: bytes) -> bytes:
    """The content with every escape and what it stands before made neutral, in the same places."""
    if escape not in content:
        return content
    return re.sub(re.escape(escape) + b".", b"xx", content, flags=re.DOTALL)


def kept(content: bytes, escape: bytes, quote: int, delimiter: str) -> bytes:
    r"""The content with every escape doubled that stands before a sign without a meaning.

    The parser would leave it out: `C:\new` is to stay as it is.
    """
    if escape not in content:
        return content
    meant = b"".join(re.escape(sign) for sign in (escape, bytes([max(quote, 0)]), delimiter.encode()))
    sign = re.escape(escape)
    pattern = re.compile(sign + rb"([" + meant + rb"\r\n])|" + sign)
    return pattern.sub(lambda found: found[0] if found[1] is not None else escape * 2, content)

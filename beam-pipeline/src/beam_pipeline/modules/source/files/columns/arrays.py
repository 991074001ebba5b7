"""Looks into nested Arrow arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa


def leaves(array: Any) -> Iterator[Any]:
    """The arrays without an inner structure that an array is made of."""
    kind = array.type
    if pa.types.is_map(kind):
        yield from leaves(array.keys)
        yield from leaves(array.items)
    elif pa.types.is_struct(kind):
        for child in array.flatten():
            yield from leaves(child)
    elif pa.types.is_nested(kind):
        yield from leaves(array.flatten())
    else:
        yield array

"""Says whether a number, read as a double, prints back to the digits that were written."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

# Every number of so many digits is one double, and every double is a number of at most 17.
_ALWAYS_KEPT = 15
_MOST = 17
# Below, doubles have fewer digits.
_SMALLEST_NORMAL = 2.3e-308


def prints_back(text: str) -> bool:
    """Whether the nearest double, printed with as many digits, is the same number; also NaN and infinity."""
    number = float(text)
    mantissa, _, _ = text.lower().lstrip("+-").partition("e")
    if math.isnan(number) or not any(sign.isdigit() for sign in mantissa):
        return True
    if math.isinf(number):
        return False
    digits = mantissa.replace(".", "").lstrip("0")
    digits = digits.rstrip("0") if "." in mantissa else digits
    if not digits or (len(digits) <= _ALWAYS_KEPT and abs(number) >= _SMALLEST_NORMAL):
        return True
    if len(digits) > _MOST or number == 0:
        return False
    return Decimal(f"{number:.{len(digits) - 1}e}") == Decimal(text)


def first_lossy(texts: Any, numbers: Any) -> int | None:
    """The place of the first text that does not print back; None if all do.

    Args:
        texts: Numbers as they were written.
        numbers: The doubles that were made of them.
    """
    long = pc.greater(pc.binary_length(texts), _ALWAYS_KEPT)
    tiny = pc.and_(
        pc.less(pc.abs(numbers), _SMALLEST_NORMAL), pc.match_substring(texts, "e", ignore_case=True)
    )
    doubtful = pc.fill_null(pc.or_(long, tiny), False)
    if not pc.any(doubtful).as_py():
        return None
    doubtful = pc.fill_null(pc.and_(doubtful, pc.not_equal(numbers.cast(pa.string()), texts)), False)
    for place in pc.indices_nonzero(doubtful).to_pylist():
        if not prints_back(texts[place].as_py()):
            return int(place)
    return None

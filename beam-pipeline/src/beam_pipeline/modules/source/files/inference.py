"""Infers a column's type from texts."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from beam_pipeline import exact_cast

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"

# A number that begins with zeros is a code: as a number it would lose them.
_CANDIDATES: tuple[tuple[str, Any], ...] = (
    (r"^-?(0|[1-9][0-9]{0,18})$", pa.int64()),
    (r"(?i)^([+-]?(0|[1-9][0-9]*)?(\.[0-9]+)?(e[+-]?[0-9]+)?|[+-]?inf|nan)$", pa.float64()),
    (r"(?i)^(true|false)$", pa.bool_()),
    (rf"^{_DATE}$", pa.date32()),
    (rf"^{_DATE}([ T]{_TIME})?$", pa.timestamp("us")),
    (rf"^{_DATE}[ T]{_TIME}(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$", pa.timestamp("us", tz="UTC")),
    (rf"^{_TIME}$", pa.time64("us")),
)
# So many digits are an identifier, and more than a double holds.
_LONG_NUMBER = r"^-?[0-9]{17,}$"


def infer(texts: Any) -> Any:
    """The type that holds every text exactly; None if there is none but empty ones and NULL."""
    texts = pc.filter(texts, pc.fill_null(pc.not_equal(texts, ""), False))
    if len(texts) == 0:
        return None
    for pattern, kind in _CANDIDATES:
        if not pc.all(pc.match_substring_regex(texts, pattern)).as_py():
            continue
        if kind == pa.float64() and pc.any(pc.match_substring_regex(texts, _LONG_NUMBER)).as_py():
            continue
        try:
            exact_cast.cast(texts, kind)
        except exact_cast.InexactError:
            continue  # such as the 30th of February
        return kind
    return pa.string()

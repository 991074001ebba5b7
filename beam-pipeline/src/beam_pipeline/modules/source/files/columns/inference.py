"""Infers a column's type from texts, and checks what comes later against it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from beam_pipeline.modules.source.files.columns import digits
from beam_pipeline.sql import exact_cast

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_WORD = "-?inf(inity)?|nan"

# A number that begins with zeros or a plus sign is a code or a phone number: as a number it would lose
# them. An exponent has a sign, or a point before it: `3E12` is a name.
_CANDIDATES: tuple[tuple[str, Any], ...] = (
    (r"^(0|-?[1-9][0-9]{0,18})$", pa.int64()),
    (
        rf"(?i)^(-?(0|[1-9][0-9]*)|-?(0|[1-9][0-9]*)?\.[0-9]+(e[+-]?[0-9]+)?|-?[1-9]e[+-][0-9]+|{_WORD})$",
        pa.float64(),
    ),
    (r"(?i)^(true|false)$", pa.bool_()),
    (rf"^{_DATE}$", pa.date32()),
    (rf"^{_DATE}([ T]{_TIME})?$", pa.timestamp("us")),
    (rf"^{_DATE}[ T]{_TIME}(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$", pa.timestamp("us", tz="UTC")),
    (rf"^{_TIME}$", pa.time64("us")),
)
# So many digits are an identifier, and more than a double holds.
_LONG_NUMBER = r"^-?[0-9]{17,}$"
# What a parser would take all the same, and what would then be lost.
_NOT_KEPT = {
    pa.int64(): r"^([+]|-?0[0-9]|-0$)",
    pa.float64(): r"^([+]|-?0[0-9])",
    pa.bool_(): r"^[^tTfF]",
}


def infer(texts: Any) -> Any:
    """The type that holds every text exactly; None if there is none but empty ones and NULL."""
    texts = pc.filter(texts, pc.fill_null(pc.not_equal(texts, ""), False))
    if len(texts) == 0:
        return None
    for pattern, kind in _CANDIDATES:
        if not pc.all(pc.match_substring_regex(texts, pattern)).as_py():
            continue
        if kind == pa.float64() and (
            pc.any(pc.match_substring_regex(texts, _LONG_NUMBER)).as_py()
            or pc.all(pc.match_substring_regex(texts, f"(?i)^({_WORD})$")).as_py()
        ):
            continue
        try:
            cast_inferred(texts, kind)
        except exact_cast.InexactError:
            continue  # such as the 30th of February
        return kind
    return pa.string()


def wider(one: Any, other: Any) -> Any:
    """The type that holds what was inferred of two files; None if there is none."""
    if {one, other} == {pa.int64(), pa.float64()}:
        return pa.float64()  # each number is still checked when it is read
    return pa.timestamp("us") if {one, other} == {pa.date32(), pa.timestamp("us")} else None


def cast_inferred(texts: Any, kind: Any) -> Any:
    """Casts texts to a type that was inferred: a number prints back to the digits that were written.

    Raises:
        InexactError: Names the first value that does not.
    """
    if kind in _NOT_KEPT:
        changed = pc.match_substring_regex(texts, _NOT_KEPT[kind])
        place = pc.index(changed, pa.scalar(True)).as_py()
        if place >= 0:
            raise exact_cast.InexactError(place, exact_cast.shown(texts[place].as_py()))
    values = exact_cast.cast(texts, kind)
    if kind == pa.float64():
        lossy = digits.first_lossy(texts, values)
        if lossy is not None:
            raise exact_cast.InexactError(lossy, exact_cast.shown(texts[lossy].as_py()))
    return values

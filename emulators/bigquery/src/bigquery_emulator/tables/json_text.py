"""JSON as the type JSON holds it.

https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#parse_json: of a key that stands
twice the first counts, a number that is neither an INT64, a UINT64 nor kept by a FLOAT64 is refused
(`wide_number_mode` exact), and so is what lies deeper than 500.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

_DEEPEST = 500


def parsed(text: str | None) -> str | None:
    """A document as TO_JSON_STRING writes it; NULL stays NULL.

    Raises:
        ValueError: It is no JSON, or holds what the type cannot.
    """
    if text is None:
        return None
    try:
        found = json.loads(
            text,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_refuse,
            object_pairs_hook=_first_of_each,
        )
    except RecursionError:
        raise ValueError(f"the JSON is nested deeper than {_DEEPEST}") from None
    if _depth(found) > _DEEPEST:
        raise ValueError(f"the JSON is nested deeper than {_DEEPEST}")
    written = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    written.encode()  # half of a surrogate pair is no text
    return written


def safely_parsed(text: str | None) -> str | None:
    """The same; NULL where that fails."""
    try:
        return parsed(text)
    except ValueError:
        return None


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _integer(text: str) -> int | float:
    number = int(text) if len(text) < 30 else None
    if number is not None and -(1 << 63) <= number < 1 << 64:
        return number
    return _float(text)


def _float(text: str) -> float:
    number = float(text)
    if Decimal(repr(number)) != Decimal(text):
        raise ValueError(f"the number {text} cannot be kept without loss")
    return number


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _depth(document: Any) -> int:
    deepest, level = 0, [document]
    while level := [each for each in level if isinstance(each, (dict, list))]:
        deepest += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return deepest

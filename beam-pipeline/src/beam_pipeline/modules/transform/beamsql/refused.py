"""What Beam SQL has and this transform has not: found among the tokens, before anything is parsed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_WINDOW = (
    "a window of a stream, and rows are read to their end here; group by the beginning of the hour "
    "instead: GROUP BY FLOOR(column TO HOUR)"
)
_MULTISET = "a multiset; use ARRAY_AGG(column)"

# Functions, by name.
_FUNCTIONS = {
    **{
        f"{window}{part}": _WINDOW
        for window in ("TUMBLE", "HOP", "SESSION")
        for part in ("", "_START", "_END", "_ROWTIME", "_PROCTIME")
    },
    "DESCRIPTOR": _WINDOW,
    "MATCH_RECOGNIZE": "a match of rows; use window functions such as LAG(column) OVER (ORDER BY …)",
    "COLLECT": _MULTISET,
    "FUSION": _MULTISET,
    "INTERSECTION": _MULTISET,
    "MULTISET": _MULTISET,
    "ELEMENT": "the only item of an array; write array[1]",
}
# Words that begin something.
_BEGINNINGS = {
    ("SELECT", "STREAM"): "a stream, and rows are read to their end here; leave STREAM out",
    ("MAP", "["): "a map; build it in an `sql` step, with MAP {key: value}",
    ("MULTISET", "["): _MULTISET,
}
_SIMILAR_TO = "SIMILAR TO is a pattern of SQL; use LIKE, or REGEXP_LIKE(text, 'regular expression')"
# Reserved in Beam SQL, so none of them is the name of a column after a bracket.
_UNITS = frozenset({"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"})


def find(tokens: Sequence[Any]) -> tuple[str, int] | None:
    """The first thing that is refused: what it is and what to use instead, and its offset."""
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        kind, word = token.token_type.name, token.text.upper()
        following = "" if after is None else after.text.upper()
        if kind == "UNKNOWN" and word == '"':
            return (
                "Beam SQL writes names in backticks (`name`) and texts in quotes ('text'), not `\"`",
                token.start,
            )
        if kind in ("STRING", "IDENTIFIER"):
            continue
        if word == "SIMILAR TO":
            return _SIMILAR_TO, token.start
        if following == "(" and word in _FUNCTIONS:
            return f"{word} is {_FUNCTIONS[word]}", token.start
        if (word, following) in _BEGINNINGS:
            return f"{word} {following} is {_BEGINNINGS[word, following]}".replace(" [", "["), token.start
        if word in _UNITS and before is not None and before.text == ")":
            return (
                f"(…) {word} is an interval of a difference; use TIMESTAMPDIFF({word}, from, to)",
                token.start,
            )
    return None

"""What a misspelt name was meant to be."""

from __future__ import annotations

import difflib
import itertools
from typing import Any

# Longer words are no typing errors, and comparing takes time.
_LONGEST_WORD = 100
_MOST_WORDS = 1000


def did_you_mean(name: str, allowed: Any) -> str:
    """The near miss of a misspelt name, as the end of a message."""
    if len(name) > _LONGEST_WORD:
        return ""
    words = [word for word in itertools.islice(allowed, _MOST_WORDS) if len(word) <= _LONGEST_WORD]
    near = difflib.get_close_matches(name, words, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""

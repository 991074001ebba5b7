"""Patterns of object names, with the meaning that `glob` gives them for paths."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[*?\[]")


def literal_prefix(pattern: str) -> str:
    """What every name begins with that the pattern matches."""
    found = _SPECIAL.search(pattern)
    return pattern if found is None else pattern[: found.start()]


def pattern_regex(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stay in one folder and match no leading dot; `**` as a whole part is any depth."""
    parts = pattern.split("/")
    regex = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            regex += r"(?:(?!\.)[^/]+/)*" + (r"(?!\.)[^/]+" if last else "")
            continue
        if _SPECIAL.match(part):
            regex += r"(?!\.)"
        regex += _part_regex(part) + ("" if last else "/")
    return re.compile(regex, re.DOTALL)


def _part_regex(part: str) -> str:
    """Of each `*` but the last the first fit is taken: another one could not make more names fit."""
    pieces = [""]
    position = 0
    while position < len(part):
        character = part[position]
        end = part.find("]", position + 2 if part[position + 1 : position + 2] != "!" else position + 3)
        if character == "*":
            pieces.append("")
        elif character == "?":
            pieces[-1] += "[^/]"
        elif character == "[" and end > 0:
            inside = part[position + 1 : end].replace("\\", r"\\").replace("[", r"\[")
            pieces[-1] += f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
            position = end
        else:
            pieces[-1] += re.escape(character)
        position += 1
    first, *rest = pieces
    if not rest:
        return first
    return first + "".join(f"(?>[^/]*?{piece})" for piece in rest[:-1] if piece) + "[^/]*" + rest[-1]

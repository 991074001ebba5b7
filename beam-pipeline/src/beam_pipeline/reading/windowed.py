"""A window of a query: the query becomes a common table expression, of which only the rows in it are left."""

from __future__ import annotations

from collections.abc import Callable

from beam_pipeline.window import CursorValue, SourceWindow

# The condition of one end: "low" or "high", the comparison, and the value, which may be bound elsewhere.
OfEnd = Callable[[str, str, CursorValue], str]


def around(query: str, condition: str) -> str:
    """The query, of which only the rows are left that the condition holds of."""
    # The line break ends a comment that the query may end with.
    return f"WITH beamline_source AS ({query}\n) SELECT * FROM beamline_source WHERE {condition}"


def condition(
    window: SourceWindow,
    name: str,
    of_end: OfEnd,
    is_possible: Callable[[int], bool],
    *,
    always: str | None = None,
    never: str = "false",
) -> str:
    """What holds of the rows in a window, and of no row without a value.

    Args:
        window: The window.
        name: The column, quoted.
        of_end: Makes the condition of an end.
        is_possible: Whether the column could have this whole number.
        always: What takes the place of a low end that there is none of; None for nothing.
        never: What holds of no row.
    """
    found: list[str] = []
    for end, comparison, value in window.ends:
        if value is None:
            found += [] if always is None else [always]
        elif isinstance(value, int) and not is_possible(value):
            # Beyond every value that the column can have: the end holds of all of them, or of none.
            holds = (value < 0) == (end == "low")
            found.append(f"{name} IS NOT NULL" if holds else never)
        else:
            found.append(of_end(end, comparison, value))
    return " AND ".join(found)

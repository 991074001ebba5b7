"""Builds expressions from DuckDB's SQL with places to fill."""

from __future__ import annotations

from sqlglot import exp, parse_one


def fill(template: str, **parts: exp.Expr) -> exp.Expr:
    """Fills each `:name` of a template with a copy of that part, which keeps its `start`.

    Args:
        template: One expression in DuckDB's dialect.
        parts: Expressions by name; one that is named twice is copied twice.
    """
    tree = parse_one(template, read="duckdb")
    for node in tree.walk():
        # The parser counted in the template.
        node.meta.clear()
    for place in list(tree.find_all(exp.Placeholder)):
        place.replace(parts[place.name].copy())
    return tree

"""`python python_mutants.py FILE`: prints the mutants of a Python module as JSON (`mutant.ts`)."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

OTHERS = {
    ast.Eq: ["!="],
    ast.NotEq: ["=="],
    ast.Lt: ["<=", ">="],
    ast.LtE: ["<", ">"],
    ast.Gt: [">=", "<="],
    ast.GtE: [">", "<"],
    ast.Is: ["is not"],
    ast.IsNot: ["is"],
    ast.In: ["not in"],
    ast.NotIn: ["in"],
    ast.Add: ["-"],
    ast.Sub: ["+"],
    ast.And: ["or"],
    ast.Or: ["and"],
}


class Text:
    """Positions of `ast`, which counts bytes of lines, as offsets into the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines(keepends=True)

    def offset(self, line: int, column: int) -> int:
        before = sum(len(each) for each in self.lines[: line - 1])
        return before + len(self.lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)


def changes(node: ast.AST, text: Text) -> Iterator[tuple[int, int, str]]:
    """Start, end and replacement of each change of one node."""
    if isinstance(node, (ast.If, ast.IfExp)):
        yield from ((*text.span(node.test), value) for value in ("True", "False"))
    elif isinstance(node, ast.Compare):
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            yield from between(left, right, OTHERS.get(type(operator), []), text)
            left = right
    elif isinstance(node, ast.BinOp):
        yield from between(node.left, node.right, OTHERS.get(type(node.op), []), text)
    elif isinstance(node, ast.BoolOp):
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from between(left, right, OTHERS[type(node.op)], text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield text.span(node)[0], text.span(node.operand)[0], ""
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int)):
        other = not node.value if isinstance(node.value, bool) else node.value + 1
        yield *text.span(node), str(other)
    elif isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        yield *text.span(node), "pass"


def between(left: ast.expr, right: ast.expr, others: list[str], text: Text) -> Iterator[tuple[int, int, str]]:
    """Another operator between two operands; brackets around them stay."""
    start, end = text.span(left)[1], text.span(right)[0]
    gap = text.text[start:end]
    operator = gap.strip("() \n\\")
    if "#" in gap:
        return
    for other in others:
        yield start, end, gap.replace(operator, other, 1)


def main() -> None:
    """Prints the mutants of the module that the command line names."""
    source = Path(sys.argv[1]).read_text()
    text = Text(source)
    found = {change: node for node in ast.walk(ast.parse(source)) for change in changes(node, text)}
    print(
        json.dumps(
            [
                {
                    "line": source.count("\n", 0, start) + 1,
                    "start": start,
                    "end": end,
                    "replacement": replacement,
                    "was": source[start:end],
                }
                for start, end, replacement in sorted(found)
            ]
        )
    )


if __name__ == "__main__":
    main()

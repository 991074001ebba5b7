"""Puts what means something else in DuckDB in DuckDB's terms, node by node.

The types of columns are not known here, so what depends on them is left to DuckDB: `//` divides integers as
integers and all else as it is, `cast_to_type(a, b)` casts a to the type of b. Rules: Calcite's SQL
reference, and Beam's BeamBuiltinAggregations for the mean of integers.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from beam_pipeline.modules.transform.beamsql.template import fill

# Of a date and one of these intervals, the sum is a date.
_DATE_UNITS = frozenset({"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})
_TEXTS = (exp.DataType.Type.VARCHAR, exp.DataType.Type.CHAR)

_DIVIDE = "(:a // CASE WHEN :b = 0 THEN error('division by zero') ELSE :b END)"
# As it is if it is an integer: through a double its last digits would be lost.
_ROUND = """
    CASE WHEN typeof(:v) SIMILAR TO 'U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER' THEN :v
    ELSE cast_to_type({function}(:v), :v) END
"""
# A decimal is cut as text, for the same reason.
_WHOLE = """
    CASE WHEN typeof(:v) IN ('DOUBLE', 'FLOAT') THEN CAST(trunc(CAST(:v AS DOUBLE)) AS {type})
    WHEN typeof(:v) LIKE 'DECIMAL%' THEN CAST(split_part(CAST(:v AS VARCHAR), '.', 1) AS {type})
    ELSE CAST(:v AS {type}) END
"""
_FLOOR_TO = "cast_to_type(date_trunc(:unit, :v), :v)"
# From Sunday; DuckDB's week begins on Monday.
_FLOOR_TO_WEEK = "cast_to_type(date_trunc(:unit, :v + INTERVAL 1 DAY) - INTERVAL 1 DAY, :v)"


class RefusedError(Exception):
    """Raised for what cannot be put in DuckDB's terms.

    Attributes:
        message: What it is, and what to use instead.
        node: Where it stands.
    """

    def __init__(self, message: str, node: exp.Expr) -> None:
        super().__init__(message)
        self.message = message
        self.node = node


def rewrite(tree: exp.Expr) -> exp.Expr:
    """Rewrites a parsed query; what is new in the place of a node has its `start`.

    Raises:
        RefusedError: Something has no counterpart.
    """
    # The inner ones first: a rule copies what it finds. A mean goes with its whole FILTER and OVER.
    for rules in (_RULES, {exp.Avg: _average}):
        for node in reversed(list(tree.walk())):
            for kind, rule in rules.items():
                if isinstance(node, kind):
                    rule(node)
    return tree


def _replace(node: exp.Expr, new: exp.Expr) -> None:
    for part in new.walk():
        part.meta.setdefault("start", node.meta.get("start"))
    node.replace(new)


def _divide(node: exp.Expr) -> None:
    _replace(node, fill(_DIVIDE, a=exp.paren(node.this), b=exp.paren(node.expression)))


def _average(node: exp.Expr) -> None:
    """The mean in the type of its argument: a sum by a count, each with the same FILTER and OVER."""
    outer = node
    while isinstance(outer.parent, (exp.Filter, exp.Window)) and outer.arg_key == "this":
        outer = outer.parent

    def wrapped(function: type[exp.Func]) -> exp.Expr:
        copy: exp.Expr = exp.paren(outer)
        found = copy.this
        while not isinstance(found, exp.Avg):
            found = found.this
        found.replace(function(this=found.this))
        return copy

    # The sum of no rows is NULL, and so is NULL // 0.
    _replace(outer, fill("(:a // :b)", a=wrapped(exp.Sum), b=wrapped(exp.Count)))


def _round(node: exp.Expr) -> None:
    unit = node.args.get("to")
    name = "floor" if isinstance(node, exp.Floor) else "ceil"
    if unit is None:
        if node.args.get("decimals") is None:
            _replace(node, fill(_ROUND.format(function=name), v=node.this))
    elif name == "floor":
        week = unit.name.upper() == "WEEK"
        text = exp.Literal.string(unit.name.lower())
        _replace(node, fill(_FLOOR_TO_WEEK if week else _FLOOR_TO, unit=text, v=exp.paren(node.this)))
    else:
        word = unit.name.upper()
        raise RefusedError(
            f"CEIL(… TO {word}) is not supported; use FLOOR(… TO {word}) + INTERVAL '1' {word}", node
        )


def _cast(node: exp.Expr) -> None:
    target = node.args["to"]
    if isinstance(node, exp.TryCast):
        return
    if target.is_type(*exp.DataType.INTEGER_TYPES):
        _replace(node, fill(_WHOLE.format(type=target.sql("duckdb")), v=node.this))
    elif target.is_type(exp.DataType.Type.DECIMAL) and not target.expressions:
        # Beam SQL's has any number of digits; this one is BigQuery's NUMERIC.
        target.replace(exp.DataType.build("DECIMAL(38, 9)"))
    elif target.is_type(*_TEXTS) and target.expressions:
        length = target.expressions[0].this
        _replace(node, fill("left(CAST(:v AS VARCHAR), :length)", v=node.this, length=length))


def _shift(node: exp.Expr) -> None:
    moment, interval = node.this, node.expression
    if isinstance(node, exp.Add) and _is_interval(moment):
        moment, interval = interval, moment
    if _is_interval(interval) and not _is_interval(moment):
        sign = "-" if isinstance(node, exp.Sub) else "+"
        parts = {"v": exp.paren(moment), "i": exp.paren(interval)}
        _replace(node, fill(f"cast_to_type(:v {sign} :i, :v)", **parts))


def _is_interval(node: exp.Expr) -> bool:
    """Whether it is `INTERVAL '1' DAY`, or a multiple of it; not one of hours."""
    if isinstance(node, exp.Mul):
        return _is_interval(node.this) or _is_interval(node.expression)
    return isinstance(node, exp.Interval) and node.text("unit").upper() in _DATE_UNITS


def _interval(node: exp.Expr) -> None:
    span = node.args.get("unit")
    if isinstance(span, exp.IntervalSpan):
        first, last = span.this.name.upper(), span.expression.name.upper()
        raise RefusedError(
            f"an interval of {first} TO {last} is not supported; "
            f"write INTERVAL '…' {first} + INTERVAL '…' {last}",
            node,
        )


def _extract(node: exp.Expr) -> None:
    unit = node.this.name.upper()
    if unit in ("DOW", "DAYOFWEEK"):
        _from_sunday(node)
    elif unit == "EPOCH":
        _replace(node, fill("CAST(floor(:v) AS BIGINT)", v=node))


def _from_sunday(node: exp.Expr) -> None:
    """Sunday is 1 in Beam SQL, and 0 in DuckDB."""
    _replace(node, fill("(:v + 1)", v=node))


def _now(node: exp.Expr) -> None:
    """The current time, without the number of digits that may be asked for."""
    if isinstance(node, exp.CurrentTime):
        _replace(node, exp.Localtime())
    elif node.this is not None:
        node.set("this", None)


def _column(node: exp.Expr) -> None:
    """A function that is written without brackets, as the name of a column could be."""
    alone = isinstance(node.this, exp.Identifier) and not node.this.quoted and not node.text("table")
    if alone and node.name.upper() == "PI":
        _replace(node, exp.Pi())


_RULES: dict[type[exp.Expr], Callable[[exp.Expr], None]] = {
    exp.Interval: _interval,
    exp.Div: _divide,
    exp.Floor: _round,
    exp.Ceil: _round,
    exp.Cast: _cast,
    exp.Add: _shift,
    exp.Sub: _shift,
    exp.Extract: _extract,
    exp.DayOfWeek: _from_sunday,
    exp.CurrentTime: _now,
    exp.CurrentTimestamp: _now,
    exp.Localtime: _now,
    exp.Localtimestamp: _now,
    exp.Column: _column,
}

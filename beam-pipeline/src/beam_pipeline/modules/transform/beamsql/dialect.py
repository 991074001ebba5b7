"""Beam SQL's dialect, which is Calcite's with the lexical rules of Java, for sqlglot.

Names stand in backticks and keep their case; `//` begins a comment; NULL is larger than any value when rows
are ordered; arrays count from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from sqlglot import exp, parser, tokens
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

from beam_pipeline.modules.transform.beamsql.template import fill


def _anonymous(name: str) -> Callable[[Sequence[Any]], exp.Expr]:
    return lambda args: exp.Anonymous(this=name, expressions=list(args))


def _unit(node: exp.Expr) -> str:
    return str(node.name).upper().removeprefix("SQL_TSI_")


def _to_hex(args: Sequence[Any]) -> exp.Expr:
    return fill("lower(hex(:v))", v=args[0])


def _timestamp_add(args: Sequence[Any]) -> exp.Expr:
    unit, count, moment = args
    one = fill(f"INTERVAL '1' {_unit(unit)}")
    return exp.Add(this=moment, expression=exp.Mul(this=exp.paren(count), expression=one))


def _timestamp_diff(args: Sequence[Any]) -> exp.Expr:
    unit, start, end = args
    # Whole units between the two, as Calcite counts them.
    return exp.Anonymous(this="DATE_SUB", expressions=[exp.Literal.string(_unit(unit).lower()), start, end])


def _overlay(self: Any) -> exp.Expr:
    """`OVERLAY(text PLACING other FROM start [FOR count])`."""
    text = self._parse_bitwise()
    self._match_text_seq("PLACING")
    other = self._parse_bitwise()
    self._match_text_seq("FROM")
    start = self._parse_bitwise()
    count = self._parse_bitwise() if self._match_text_seq("FOR") else fill("length(:v)", v=other)
    parts = {"text": text, "other": other, "start": exp.paren(start), "count": exp.paren(count)}
    return fill("(left(:text, :start - 1) || :other || substring(:text, :start + :count))", **parts)


def _rand_integer(args: Sequence[Any]) -> exp.Expr:
    limit = args[-1]  # a seed may stand before it
    return fill("CAST(floor(random() * :limit) AS INTEGER)", limit=exp.paren(limit))


class _Parser(parser.Parser):
    FUNCTIONS: ClassVar[dict[str, Any]] = {
        **parser.Parser.FUNCTIONS,
        "CARDINALITY": _anonymous("LEN"),
        "LOG10": _anonymous("LOG10"),
        "EVERY": _anonymous("BOOL_AND"),
        "SOME": _anonymous("BOOL_OR"),
        "REGEXP_LIKE": _anonymous("REGEXP_MATCHES"),
        "RAND_INTEGER": _rand_integer,
        "TO_HEX": _to_hex,
        "TIMESTAMPADD": _timestamp_add,
        "TIMESTAMPDIFF": _timestamp_diff,
    }
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {**parser.Parser.FUNCTION_PARSERS, "OVERLAY": _overlay}


class BeamSql(Dialect):
    """The dialect."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.CASE_SENSITIVE
    NULL_ORDERING = "nulls_are_large"
    INDEX_OFFSET = 1
    Parser = _Parser

    class Tokenizer(tokens.Tokenizer):
        """Backticks around names; also comments of Java's."""

        IDENTIFIERS: ClassVar[list[Any]] = ["`"]
        HEX_STRINGS: ClassVar[list[Any]] = [("x'", "'"), ("X'", "'")]
        COMMENTS: ClassVar[list[Any]] = ["--", "//", ("/*", "*/")]

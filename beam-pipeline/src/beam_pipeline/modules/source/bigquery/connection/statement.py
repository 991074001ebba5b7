"""The one statement that a source runs: the user's query, or a table, whole or one window of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from beam_pipeline.errors import ConfigError
from beam_pipeline.window import SourceWindow

# Everything in which a semicolon is not the end of a statement, by GoogleSQL's lexical structure: three
# kinds of comments, and literals in which a backslash keeps what follows from ending them.
_TOKEN = re.compile(
    r"""
      (?P<comment>(?:\#|--)[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<long>'{3}(?:\\.|[^\\])*?(?:'{3}|\Z)|"{3}(?:\\.|[^\\])*?(?:"{3}|\Z))
    | (?P<quoted>'(?:\\.|[^'\\])*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\Z)|`(?:\\.|[^`\\])*(?:`|\Z))
    | (?P<end>;)
    | (?P<space>\s+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

# Names that no query is likely to have.
_QUERY = "beamline_query"
_LOW = "beamline_low"
_HIGH = "beamline_high"

# Parameters have the column's own type, so that the column itself is compared and partitions are pruned.
_PARAMETER_TYPES = {"date": "DATE", "timestamp": "DATETIME", "timestamptz": "TIMESTAMP", "integer": "INT64"}
# Behind it, the end of a window is no INT64 any more, and every value is before it.
_GREATEST = 2**63 - 1


@dataclass(frozen=True)
class Statement:
    """SQL and what is bound to it.

    Attributes:
        sql: The statement, without a semicolon.
        query: The part of it that the user wrote; empty where there is none.
        lines_before: Lines of `sql` before `query`.
        parameters: Name, type and value of each query parameter.
    """

    sql: str
    query: str = ""
    lines_before: int = 0
    parameters: tuple[tuple[str, str, str], ...] = ()

    def within(self, window: SourceWindow) -> Statement:
        """The rows of one window (docs/contracts.md, section 3: `--windows`)."""
        column, kind = quoted(window.column), _PARAMETER_TYPES[window.type]
        conditions: list[str] = []
        parameters: list[tuple[str, str, str]] = []
        if window.low is not None:
            conditions.append(f"{column} {'>=' if window.low_inclusive else '>'} @{_LOW}")
            parameters.append((_LOW, kind, window.low))
        if window.type == "integer" and int(window.high) > _GREATEST:
            conditions.append(f"{column} IS NOT NULL")
        else:
            conditions.append(f"{column} < @{_HIGH}")
            parameters.append((_HIGH, kind, window.high))
        return self._wrapped("*", " AND ".join(conditions), tuple(parameters))

    def selecting(self, expressions: str, condition: str = "TRUE") -> Statement:
        """A question about the rows, such as their number."""
        return self._wrapped(expressions, condition)

    def _wrapped(
        self, expressions: str, condition: str, parameters: tuple[tuple[str, str, str], ...] = ()
    ) -> Statement:
        # The line breaks keep the user's columns as they are, and end a comment that the query ends with.
        return Statement(
            f"WITH {_QUERY} AS (\n{self.sql}\n)\nSELECT {expressions} FROM {_QUERY} WHERE {condition}",
            self.query,
            self.lines_before + 1,
            parameters,
        )


def of_query(text: str, where: str) -> Statement:
    """The statement of a `query` parameter.

    Args:
        text: SQL, which may end in a semicolon.
        where: Path of the parameter in the config, for messages.

    Raises:
        ConfigError: The text is empty or holds more than one statement.
    """
    ended_at: int | None = None
    has_code = False
    for token in _TOKEN.finditer(text):
        if token.lastgroup in ("space", "comment"):
            continue
        if token.lastgroup == "end":
            ended_at = token.start() if ended_at is None else ended_at
        elif ended_at is not None:
            raise ConfigError(f"{where}  holds more than one statement; a source runs one query")
        else:
            has_code = True
    if not has_code:
        raise ConfigError(f"{where}  is empty")
    # What follows the semicolon is comment: cut it off, so that the query can be wrapped.
    sql = text if ended_at is None else text[:ended_at]
    return Statement(sql, sql)


def of_table(table: Any) -> Statement:
    """All rows of a table.

    Args:
        table: A `google.cloud.bigquery.TableReference`.
    """
    return Statement(f"SELECT * FROM `{table.project}.{table.dataset_id}.{table.table_id}`")


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"

"""Runs one query and yields its rows as record batches of types that can be staged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from beam_pipeline import duckdb_errors, duckdb_session
from beam_pipeline.duckdb_session import Unstorable, batches, quoted, storable
from beam_pipeline.errors import SqlError

EXPLAIN = "EXPLAIN "


@dataclass(frozen=True)
class Query:
    """The user's SQL, with what messages need.

    Attributes:
        sql: One statement.
        step: The step's name.
        memory_limit: The memory limit in force.
    """

    sql: str
    step: str
    memory_limit: str | None = None

    def open_session(
        self,
        *,
        threads: int,
        memory_limit: str | None = None,
        temp_directory: str | None = None,
        readable: Sequence[str] = (),
    ) -> Any:
        """Opens a session for this query; the limit may be a part of the step's."""
        return duckdb_session.open_session(
            threads=threads,
            memory_limit=memory_limit or self.memory_limit,
            temp_directory=temp_directory,
            readable=readable,
        )

    def run(self, connection: Any) -> Iterator[Any]:
        """Yields at least one batch.

        Args:
            connection: A session in which every input is a table.

        Raises:
            BeamlineError: Classified; a SqlError shows the place in the SQL.
        """
        import duckdb

        what = f"transform {self.step}"
        try:
            # A relation's own errors lack the position.
            connection.execute(EXPLAIN + self.sql)
            relation = connection.sql(self.sql)
        except duckdb.Error as error:
            raise duckdb_errors.named(error, self.sql, what, skipped=len(EXPLAIN)) from error
        try:
            yield from batches(_storable_relation(relation, what))
        except (duckdb.Error, OSError) as error:
            raise duckdb_errors.named(error, self.sql, what, limit=self.memory_limit) from error


def _storable_relation(relation: Any, what: str) -> Any:
    repeated = [
        name for name, count in Counter(name.lower() for name in relation.columns).items() if count > 1
    ]
    if repeated:
        names = ", ".join(f"`{name}`" for name in repeated)
        raise SqlError(
            f"{what}: the SQL returns more than one column named {names}; give each a name of its own with AS"
        )
    columns = []
    for name, kind in zip(relation.columns, relation.types, strict=True):
        stored = storable(kind)
        if isinstance(stored, Unstorable):
            raise SqlError(
                f"{what}: column `{name}` of the SQL is {stored.kind}, which cannot be stored exactly: "
                f"{stored.reason}; cast it, for example to text with `{name}::text`"
            )
        column = quoted(name)
        columns.append(column if stored == str(kind) else f"CAST({column} AS {stored}) AS {column}")
    if all(column.startswith('"') for column in columns):
        return relation
    return relation.project(", ".join(columns))

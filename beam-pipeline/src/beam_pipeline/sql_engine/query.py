"""Runs one query and yields its rows as record batches of types that can be staged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from beam_pipeline.errors import BeamlineError, SqlError
from beam_pipeline.sql import duckdb_errors, duckdb_session
from beam_pipeline.sql.duckdb_errors import Origin
from beam_pipeline.sql.duckdb_session import Unstorable, batches, quoted, storable
from beam_pipeline.sql_engine.room import divided

EXPLAIN = "EXPLAIN "


@dataclass(frozen=True)
class Query:
    """The user's SQL, with what messages need.

    Attributes:
        sql: One statement.
        step: The step's name.
        memory_limit: What all queries of the step that run on one machine may hold in memory.
        timezone: The zone in which instants are local times.
        origin: What the SQL was translated from, if its author wrote another dialect.
        hugeint: The type that a HUGEINT is stored as.
        share: How many queries of the step may run at once on this machine.
    """

    sql: str
    step: str
    memory_limit: str | None = None
    timezone: str = "UTC"
    origin: Origin | None = None
    hugeint: str = "DECIMAL(38,0)"
    share: int = 1

    @property
    def written(self) -> str:
        """The text that the author of the config wrote."""
        return self.sql if self.origin is None else self.origin.text

    def open_session(
        self,
        *,
        threads: int,
        temp_directory: str | None = None,
        readable: Sequence[str] = (),
    ) -> Any:
        """Opens a session for this query, with its part of the limit."""
        return duckdb_session.open_session(
            threads=threads,
            memory_limit=None if self.memory_limit is None else divided(self.memory_limit, self.share),
            temp_directory=temp_directory,
            readable=readable,
            timezone=self.timezone,
        )

    def named(self, error: Exception, *, skipped: int = 0) -> BeamlineError:
        """Makes a DuckDB error one of ours, with the place in what the author wrote."""
        return duckdb_errors.named(
            error,
            self.sql,
            f"transform {self.step}",
            skipped=skipped,
            limit=self._limit_in_words(),
            origin=self.origin,
        )

    def _limit_in_words(self) -> str | None:
        if self.memory_limit is None or self.share == 1:
            return self.memory_limit
        part = divided(self.memory_limit, self.share)
        return (
            f"{part} (`memory_limit` is {self.memory_limit}, and {self.share} queries of the step may run at "
            "once on this machine)"
        )

    def run(self, connection: Any, row_bytes: int = 1) -> Iterator[Any]:
        """Yields at least one batch.

        Args:
            connection: A session in which every input is a table.
            row_bytes: How wide a row of the inputs is: those of the result are about as wide.

        Raises:
            BeamlineError: Classified; a SqlError shows the place in the SQL.
        """
        import duckdb

        relation = self._bound(connection)
        try:
            yield from batches(self._storable(relation), row_bytes)
        except (duckdb.Error, OSError) as error:
            raise self.named(error) from error

    def schema(self, connection: Any) -> Any:
        """The Arrow schema of the batches that `run` yields; no row is made.

        Raises:
            BeamlineError: As `run`, as far as the text and the columns of the inputs tell.
        """
        import duckdb

        relation = self._bound(connection)
        try:
            return next(iter(batches(self._storable(relation).limit(0)))).schema
        except (duckdb.Error, OSError) as error:
            raise self.named(error) from error

    def _bound(self, connection: Any) -> Any:
        import duckdb

        try:
            # A relation's own errors lack the position.
            connection.execute(EXPLAIN + self.sql)
            return connection.sql(self.sql)
        except duckdb.Error as error:
            raise self.named(error, skipped=len(EXPLAIN)) from error

    def _storable(self, relation: Any) -> Any:
        what = f"transform {self.step}"
        repeated = [
            name for name, count in Counter(name.lower() for name in relation.columns).items() if count > 1
        ]
        if repeated:
            names = ", ".join(f"`{name}`" for name in repeated)
            raise SqlError(
                f"{what}: the SQL returns more than one column named {names}; give each a name of its "
                "own with AS"
            )
        columns = []
        for name, kind in zip(relation.columns, relation.types, strict=True):
            stored = storable(kind, self.hugeint)
            if isinstance(stored, Unstorable):
                raise SqlError(
                    f"{what}: column `{name}` of the SQL is {stored.kind}, which cannot be stored exactly: "
                    f"{stored.reason}; cast it, for example to text with `{name}::text`"
                )
            column = quoted(name)
            columns.append(column if stored == str(kind) else f"CAST({column} AS {stored}) AS {column}")
        if all(column.startswith('"') for column in columns):
            return relation
        # Behind as many blanks, the place of an error in these casts is none in the SQL.
        return relation.project(" " * len(self.sql.encode()) + ", ".join(columns))

"""Runs the SQL over all rows of a part: of the whole inputs, where there is one part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam

from beam_pipeline.errors import ConfigError
from beam_pipeline.sql.duckdb_session import literal, quoted
from beam_pipeline.sql_engine.partition import family
from beam_pipeline.sql_engine.query import Query
from beam_pipeline.sql_engine.room import Room
from beam_pipeline.staging.spill import Spilled, local_files, row_bytes, unpacked


class RunWhole(beam.DoFn):
    """Runs the SQL once for each part.

    Args:
        query: The SQL.
        tables: Each alias with the number of its input.
        keys: The key columns of each alias, if there are parts.
        room: What a query may use.
    """

    def __init__(
        self,
        query: Query,
        tables: list[tuple[str, int]],
        keys: dict[str, list[str]] | None,
        room: Room,
    ) -> None:
        self._query = query
        self._tables = tables
        self._keys = keys
        self._room = room

    def process(self, part: tuple[int, Iterable[Spilled]]) -> Iterator[Any]:
        """Yields at least one batch."""
        spilled = list(part[1])
        self._check_keys(spilled)
        query = replace(self._query, share=self._room.share())
        with self._room.folder() as name:
            folder = Path(name)
            paths = local_files(spilled, folder)
            folders = {str(Path(path).parent) for found in paths.values() for path in found}
            with query.open_session(
                threads=self._room.threads_of_one(),
                temp_directory=str(folder / "spill"),
                readable=sorted(folders),
            ) as connection:
                for alias, number in self._tables:
                    listed = ", ".join(literal(path) for path in sorted(paths[number]))
                    connection.execute(f"CREATE VIEW {quoted(alias)} AS FROM read_parquet([{listed}])")
                width = sum(row_bytes(paths[number]) for _, number in self._tables)
                yield from query.run(connection, width)

    def _check_keys(self, spilled: list[Spilled]) -> None:
        """Values of different families never meet: such keys are a mistake."""
        if self._keys is None:
            return
        schemas = {part.input: unpacked(part.schema) for part in spilled}
        first, number = self._tables[0]
        for alias, other in self._tables[1:]:
            for one, two in zip(self._keys[first], self._keys[alias], strict=True):
                kind, kind_two = schemas[number].field(one).type, schemas[other].field(two).type
                if family(kind) != family(kind_two):
                    raise ConfigError(
                        f"transform {self._query.step}: partition_by brings together {first}.{one}, "
                        f"which is {kind}, and {alias}.{two}, which is {kind_two}: cast one of them in "
                        "a step before this one"
                    )

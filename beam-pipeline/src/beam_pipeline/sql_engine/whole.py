"""Runs the SQL over all rows of a part: of the whole inputs, where there is one part."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam

from beam_pipeline import duckdb_session
from beam_pipeline.context import StepContext
from beam_pipeline.duckdb_session import literal, quoted
from beam_pipeline.errors import ConfigError
from beam_pipeline.spill import Spilled, local_files, row_bytes, unpacked
from beam_pipeline.sql_engine.options import Options
from beam_pipeline.sql_engine.partition import family
from beam_pipeline.sql_engine.query import Query


class RunWhole(beam.DoFn):
    """Runs the SQL once for each part.

    Args:
        query: The SQL.
        tables: Each alias with the number of its input.
        keys: The key columns of each alias, if there are parts.
        options: Limits.
        context: Where files go.
    """

    def __init__(
        self,
        query: Query,
        tables: list[tuple[str, int]],
        keys: dict[str, list[str]] | None,
        options: Options,
        context: StepContext,
    ) -> None:
        self._query = query
        self._tables = tables
        self._keys = keys
        self._context = context
        # Parts run side by side and share what the step may use.
        self._share = context.workers if keys is not None and context.in_process else 1
        self._memory_limit = _divided(options.memory_limit, self._share)
        self._threads = options.threads

    def process(self, part: tuple[int, Iterable[Spilled]]) -> Iterator[Any]:
        """Yields at least one batch."""
        spilled = list(part[1])
        self._check_keys(spilled)
        temp = self._context.temp_dir if Path(self._context.temp_dir).is_dir() else None
        with tempfile.TemporaryDirectory(prefix="sql-", dir=temp, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            paths = local_files(spilled, folder)
            folders = {str(Path(path).parent) for found in paths.values() for path in found}
            with self._query.open_session(
                threads=self._threads or max(1, duckdb_session.available_threads() // self._share),
                memory_limit=self._memory_limit,
                temp_directory=str(folder / "spill"),
                readable=sorted(folders),
            ) as connection:
                for alias, number in self._tables:
                    listed = ", ".join(literal(path) for path in sorted(paths[number]))
                    connection.execute(f"CREATE VIEW {quoted(alias)} AS FROM read_parquet([{listed}])")
                width = sum(row_bytes(paths[number]) for _, number in self._tables)
                yield from self._query.run(connection, width)

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
                        f"transform {self._context.step}: partition_by brings together {first}.{one}, "
                        f"which is {kind}, and {alias}.{two}, which is {kind_two}: cast one of them in "
                        "a step before this one"
                    )


def _divided(limit: str, share: int) -> str:
    found = re.fullmatch(r"([0-9.]+) ?([A-Za-z]+)", limit)
    assert found is not None
    return f"{float(found[1]) / share:.3f}{found[2]}"

"""Runs one query over the inputs of a step."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.alone import Alone
from beam_pipeline.modules.context import StepContext
from beam_pipeline.sql.duckdb_session import literal, quoted
from beam_pipeline.sql_engine import statement
from beam_pipeline.sql_engine.options import Options
from beam_pipeline.sql_engine.partition import Dealer
from beam_pipeline.sql_engine.query import Query
from beam_pipeline.sql_engine.room import Room
from beam_pipeline.sql_engine.set_aside import SetAside
from beam_pipeline.sql_engine.whole import RunWhole
from beam_pipeline.staging.empty_batch import empty_batch
from beam_pipeline.staging.spill import SpillWriter
from beam_pipeline.storage import files

_PARTITIONS = 16


class RunQuery(beam.PTransform):
    """Runs a query over whole inputs, over each batch, or over the rows of equal keys.

    Args:
        query: The query, which stands in the parameter `sql`.
        options: How it is run.
        context: The step.

    Raises:
        SqlError: A look at the text alone shows that the query is wrong.
        ConfigError: So are the options.
    """

    INSTEAD_OF_ALL = (
        "`scope: key` with `partition_by`, where the SQL joins and groups by keys; `scope: batch`, where it "
        "looks at one row at a time"
    )

    def __init__(self, query: Query, options: Options, context: StepContext) -> None:
        super().__init__()
        self._options = options
        self._context = context
        self._aliases = _aliases(options, context)
        statement.check(query, self._aliases, f"{context.plan_path}.parameters.sql")
        self._query = query
        self._keys = _keys(options, self._aliases, context)
        if options.scope == "batch" and len(self._aliases) != 1:
            raise ConfigError(
                f"{context.plan_path}.inputs  scope batch takes one input, got {len(self._aliases)}; "
                "join with scope all or key"
            )

    def schema(self, inputs: tuple[Any, ...]) -> Any:
        """Binds the query to inputs without rows, and runs nothing.

        Raises:
            SqlError: It names a column that an input has not, or fits the types not; it shows where.
        """
        for alias, schema in zip(self._aliases, inputs, strict=True):
            self._check_keys(alias, schema)
        given = zip(self._aliases, inputs, strict=True)
        with tempfile.TemporaryDirectory(prefix="sql-", ignore_cleanup_errors=True) as folder:
            tables = {alias: _without_rows(schema, folder) for alias, schema in given}
            with self._query.open_session(threads=1, readable=[folder]) as connection:
                for alias, path in tables.items():
                    listed = f"read_parquet([{literal(path)}])"
                    connection.execute(f"CREATE VIEW {quoted(alias)} AS FROM {listed}")
                return self._query.schema(connection)

    def alone(self) -> Alone | None:
        """With one part, one query sees all rows."""
        limit = self._options.memory_limit
        if self._options.scope == "all":
            return Alone("its SQL sees its whole inputs (`scope: all`)", self.INSTEAD_OF_ALL, limit)
        if self._options.scope == "key" and self._options.partitions == 1:
            return Alone("all rows are dealt into one part (`partitions: 1`)", "more `partitions`", limit)
        return None

    def expand(self, inputs: tuple[Any, ...]) -> Any:
        """Returns a PCollection of `pyarrow.RecordBatch`."""
        if self._options.scope == "batch":
            run = beam.ParDo(_RunBatch(self._query, self._aliases[0], self._room()))
            return inputs[0] | "run" >> run.with_output_types(pa.RecordBatch)
        parts = (self._options.partitions or _PARTITIONS) if self._keys else 1
        # An input that is named twice is set aside once, unless each name has keys of its own.
        numbers: dict[Any, int] = {}
        tables: list[tuple[str, int]] = []
        for place, (alias, step) in enumerate(zip(self._aliases, self._context.inputs, strict=True)):
            keys = tuple(self._keys[alias]) if self._keys else ()
            number = numbers.setdefault((step, keys), place)
            tables.append((alias, number))
        aside = [
            inputs[number] | f"set aside {number}" >> beam.ParDo(self._set_aside(number, parts))
            for number in sorted(numbers.values())
        ]
        run = RunWhole(self._query, tables, self._keys, self._room(queries=parts))
        return (
            aside
            | "names" >> beam.Flatten()
            | "meet" >> beam.GroupByKey()
            | "run" >> beam.ParDo(run).with_output_types(pa.RecordBatch)
        )

    def _room(self, queries: int | None = None) -> Room:
        return Room(self._context.at_once, self._context.temp_dir, self._options.threads, queries)

    def _check_keys(self, alias: str, schema: Any) -> None:
        if self._keys is not None:
            with contextlib.closing(Dealer(self._keys[alias], 1, self._place(alias))) as dealer:
                dealer.check(schema)

    def _place(self, alias: str) -> str:
        return f"transform {self._context.step}, partition_by of input {alias}"

    def _set_aside(self, number: int, parts: int) -> SetAside:
        alias = self._aliases[number]
        keys = self._keys[alias] if self._keys else None
        # A folder of its own: the SQL may read what lies in it.
        folder = files.join(self._context.shared_dir, f"sql-{self._context.step}")
        return SetAside(number, folder, parts, keys, self._place(alias))


class _RunBatch(beam.DoFn):
    """Runs the SQL over each batch by itself."""

    def __init__(self, query: Query, alias: str, room: Room) -> None:
        self._query = query
        self._alias = alias
        self._room = room

    def setup(self) -> None:
        self._shared = replace(self._query, share=self._room.share())
        self._folder = self._room.folder()
        self._connection = self._shared.open_session(threads=1, temp_directory=self._folder.name)

    def process(self, batch: Any) -> Iterator[Any]:
        self._connection.register(self._alias, pa.Table.from_batches([batch]))
        try:
            yield from self._shared.run(self._connection, batch.nbytes // max(1, batch.num_rows))
        finally:
            self._connection.unregister(self._alias)

    def teardown(self) -> None:
        self._connection.close()
        self._folder.cleanup()


def _without_rows(schema: Any, folder: str) -> str:
    """As inputs are set aside: a file says what DuckDB makes of its types."""
    writer = SpillWriter(folder, schema)
    writer.write(empty_batch(schema))
    return writer.close()


def _aliases(options: Options, context: StepContext) -> list[str]:
    where = f"{context.plan_path}.parameters.inputs_alias"
    inputs = list(context.inputs)
    aliases = options.inputs_alias or inputs
    if len(aliases) != len(inputs):
        raise ConfigError(
            f"{where}  names {len(aliases)} inputs, and `inputs` lists {len(inputs)}: {', '.join(inputs)}"
        )
    seen: dict[str, str] = {}
    for alias in aliases:
        if alias.lower() in seen:
            hint = "" if options.inputs_alias else "; give each a name of its own with `inputs_alias`"
            raise ConfigError(f"{where}  two inputs are named `{alias}` (SQL ignores case){hint}")
        seen[alias.lower()] = alias
    return aliases


def _keys(options: Options, aliases: list[str], context: StepContext) -> dict[str, list[str]] | None:
    """The key columns of each input, if the scope is key."""
    given = options.partition_by
    if given is None:
        return None
    if isinstance(given, list):
        return dict.fromkeys(aliases, given)
    where = f"{context.plan_path}.parameters.partition_by"
    if set(given) != set(aliases):
        raise ConfigError(
            f"{where}  must name the columns of every input ({', '.join(aliases)}), got {', '.join(given)}"
        )
    if len({len(columns) for columns in given.values()}) > 1 or not all(given.values()):
        raise ConfigError(f"{where}  must name equally many columns of every input, at least one")
    return given

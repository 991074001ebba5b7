"""The `timezone` transform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.transform.timezone.params import Change, TimezoneParams
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.sql.local_time import UnclearTimeError, Zone
from beam_pipeline.sql.sql_types import sql_type
from beam_pipeline.staging.empty_batch import schema_after


class ChangeZones(beam.PTransform):
    """Changes columns of each batch; its rows, and the names and order of its columns, stay."""

    def __init__(self, params: TimezoneParams, context: StepContext) -> None:
        super().__init__()
        self._params = params
        self._context = context

    def schema(self, inputs: tuple[Any, ...]) -> Any:
        """Changes a batch without rows."""
        return schema_after(_Change(self._params, self._context), inputs[0])

    def expand(self, batches: Any) -> Any:
        """Returns a PCollection of `pyarrow.RecordBatch`."""
        change = beam.ParDo(_Change(self._params, self._context))
        return batches | "change" >> change.with_output_types(pa.RecordBatch)


class _Change(beam.DoFn):
    def __init__(self, params: TimezoneParams, context: StepContext) -> None:
        self._params = params
        self._context = context

    def setup(self) -> None:
        changes = self._params.columns.values()
        names = {name for change in changes for name in (change.from_, change.to) if name is not None}
        self._zones = {name: Zone(name) for name in names | {self._context.timezone}}

    def process(self, batch: Any) -> Iterator[Any]:
        for name in self._params.columns:
            if name not in batch.schema.names:
                raise ConfigError(
                    f"{self._path(name)}  the input of step {self._context.step} has no column "
                    f"`{name}`{did_you_mean(name, batch.schema.names)} ({', '.join(batch.schema.names)})"
                )
        columns = [
            self._changed(name, column) if name in self._params.columns else column
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)

    def teardown(self) -> None:
        for zone in getattr(self, "_zones", {}).values():
            zone.close()

    def _changed(self, name: str, column: Any) -> Any:
        change = self._params.columns[name]
        source = self._source(name, column.type, change)
        try:
            if source is not None:
                given = self._params
                column = self._zones[source].instants(column, given.ambiguous, given.nonexistent)
            return column if change.to is None else self._zones[change.to].local(column)
        except UnclearTimeError as error:
            remedy = f"; decide with `{error.remedy}`" if error.remedy else ""
            raise DataError(
                f"transform {self._context.step}: column `{name}` holds `{error.value}`, "
                f"{error.reason}{remedy}"
            ) from None

    def _source(self, name: str, kind: Any, change: Change) -> str | None:
        """The zone whose local times a column holds; None for a column of instants.

        Raises:
            ConfigError: The column holds something else than the change is about.
        """
        if not pa.types.is_timestamp(kind):
            raise ConfigError(f"{self._path(name)}  column `{name}` is {sql_type(kind)}, not a timestamp")
        if kind.tz is None:
            if change.from_ is None and change.to is not None:
                raise ConfigError(
                    f"{self._path(name)}  column `{name}` is timestamp: say with `from` of which zone its "
                    "local times are"
                )
            return change.from_ or self._context.timezone
        if change.from_ is not None or change.to is None:
            raise ConfigError(
                f"{self._path(name)}  column `{name}` is timestamptz: it holds instants already; with `to` "
                "alone they become local times"
            )
        return None

    def _path(self, name: str) -> str:
        return f"{self._context.plan_path}.parameters.columns.{name}"

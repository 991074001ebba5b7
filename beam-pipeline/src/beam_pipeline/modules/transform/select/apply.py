"""The `select` transform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.transform.select.computed import Computer
from beam_pipeline.modules.transform.select.params import SelectParams
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.sql import exact_cast
from beam_pipeline.sql.local_time import UnclearTimeError, Zone
from beam_pipeline.sql.sql_types import arrow_type, sql_type
from beam_pipeline.staging.empty_batch import schema_after


class Select(beam.PTransform):
    """Makes the columns of each batch anew; its rows stay."""

    def __init__(self, params: SelectParams, context: StepContext) -> None:
        super().__init__()
        self._params = params
        self._context = context
        Computer(params.computed, context).close()  # a typo fails before anything is read

    def schema(self, inputs: tuple[Any, ...]) -> Any:
        """Changes a batch without rows."""
        return schema_after(_Shape(self._params, self._context), inputs[0])

    def expand(self, batches: Any) -> Any:
        """Returns a PCollection of `pyarrow.RecordBatch`."""
        shape = beam.ParDo(_Shape(self._params, self._context))
        return batches | "select" >> shape.with_output_types(pa.RecordBatch)


class _Shape(beam.DoFn):
    def __init__(self, params: SelectParams, context: StepContext) -> None:
        self._params = params
        self._context = context

    def setup(self) -> None:
        self._computer = Computer(self._params.computed, self._context)
        self._zone = Zone(self._context.timezone)

    def process(self, batch: Any) -> Iterator[Any]:
        given = self._params
        self._check_names(batch.schema.names)
        cast = pa.RecordBatch.from_arrays(
            [
                self._cast(name, column)
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ],
            names=batch.schema.names,
        )
        kept = given.columns or [name for name in cast.schema.names if name not in (given.drop or ())]
        names = [given.rename.get(name, name) for name in kept]
        arrays = [cast.column(name) for name in kept]
        for name, value in given.constants.items():
            names.append(name)
            arrays.append(pa.repeat(pa.scalar(value), batch.num_rows))
        for name, array in self._computer.compute(cast):
            names.append(name)
            arrays.append(array)
        self._check_unique(names)
        yield pa.RecordBatch.from_arrays(arrays, names=names)

    def teardown(self) -> None:
        self._computer.close()
        self._zone.close()

    def _cast(self, name: str, column: Any) -> Any:
        if name not in self._params.cast:
            return column
        target = arrow_type(self._params.cast[name])
        place = f"transform {self._context.step}: column `{name}`"
        try:
            return exact_cast.cast(self._in_zone(column, target), target)
        except exact_cast.UnsupportedCastError:
            raise ConfigError(
                f"{place} is {sql_type(column.type)}, and no cast to {sql_type(target)} is exact; compute "
                f"it instead, for example `computed: {{{name}_2: CAST({name} AS …)}}`"
            ) from None
        except exact_cast.InexactError as error:
            raise DataError(
                f"{place} holds `{error.value}` ({sql_type(column.type)}), which {sql_type(target)} cannot "
                "hold exactly; choose another type, or compute the column with an expression that rounds"
            ) from None
        except UnclearTimeError as error:
            raise DataError(
                f"{place} holds `{error.value}`, {error.reason}; convert it with a `timezone` step before "
                "this one, which can decide"
            ) from None

    def _in_zone(self, column: Any, target: Any) -> Any:
        """Puts a step between instants and dates or times without a zone: the pipeline's zone is theirs."""
        kind = column.type
        if pa.types.is_timestamp(target) and target.tz is not None:
            if pa.types.is_date(kind):
                column = column.cast(pa.timestamp("us"))
            if pa.types.is_timestamp(column.type) and column.type.tz is None:
                return self._zone.instants(column)
        elif pa.types.is_timestamp(kind) and kind.tz is not None and pa.types.is_temporal(target):
            return self._zone.local(column)
        return column

    def _check_names(self, names: list[str]) -> None:
        given = self._params
        asked = {
            "columns": given.columns or [],
            "drop": given.drop or [],
            "rename": list(given.rename),
            "cast": list(given.cast),
        }
        for parameter, wanted in asked.items():
            for name in wanted:
                if name not in names:
                    raise ConfigError(
                        f"{self._context.plan_path}.parameters.{parameter}  the input of step "
                        f"{self._context.step} has no column `{name}`{did_you_mean(name, names)} "
                        f"({', '.join(names)})"
                    )
        kept = given.columns or [name for name in names if name not in (given.drop or ())]
        for name in given.rename:
            if name not in kept:
                raise ConfigError(
                    f"{self._context.plan_path}.parameters.rename  column `{name}` is left out, so it "
                    "cannot be renamed"
                )
        if not kept and not given.constants and not given.computed:
            raise ConfigError(f"{self._context.plan_path}.parameters.drop  no column would be left")

    def _check_unique(self, names: list[str]) -> None:
        for name, count in Counter(names).items():
            if count > 1:
                raise ConfigError(
                    f"{self._context.plan_path}.parameters  step {self._context.step} makes more than one "
                    f"column named `{name}`; rename or leave out one of them"
                )

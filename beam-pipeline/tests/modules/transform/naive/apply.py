"""The `naive` transform: right, or wrong in one of the ways that the kit of transforms must find."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue
from beam_pipeline.modules.transform.naive.params import NaiveParams

from beam_pipeline.errors import ConfigError, InternalError


class PassOn(beam.PTransform):
    """Passes on."""

    def __init__(self, params: NaiveParams, context: Any) -> None:
        super().__init__()
        self._params = params
        self._context = context

    def schema(self, inputs: tuple[Any, ...]) -> Any:
        """The columns of the input, and one."""
        if self._params.fault == "tells nothing":
            return None
        self._check(inputs[0])
        told = inputs[0].append(pa.field("more", pa.int64()))
        return told.remove(0) if self._params.fault == "tells other columns" else told

    def expand(self, batches: Any) -> Any:
        """Returns a PCollection of record batches."""
        return batches | "pass" >> beam.ParDo(_Pass(self._params)).with_output_types(pa.RecordBatch)

    def _check(self, schema: Any) -> None:
        forbidden, fault, step = self._params.forbid, self._params.fault, self._context.step
        for field in schema if fault != "takes every type" else ():
            if field.type == pa.time64("ns"):
                raise ConfigError(f"column `{field.name}` of {step} is {field.type}: cast it before")
        if forbidden not in schema.names or fault == "denies nothing":
            return
        where = "" if fault == "names no place" else f"{self._context.plan_path}.parameters.forbid  "
        allowed = "" if fault == "says not what is allowed" else f"; leave it out before {step}"
        if fault == "errs as if it were a defect":
            raise InternalError(f"{where}a column is there{allowed}")
        error = ConfigError(f"{where}a column is there{allowed}")
        if fault == "names no step":
            # As one that fails outside of what the graph watches.
            raise SystemError(error.message)
        raise error


class _Pass(beam.DoFn):
    def __init__(self, params: NaiveParams) -> None:
        self._params = params
        self._kept: list[Any] = []

    def setup(self) -> None:
        self._file = None
        if self._params.fault in ("leaves a file behind", "leaves a file behind if it is cancelled"):
            with tempfile.NamedTemporaryFile(delete=False) as file:
                file.write(b"rows")
            self._file = Path(file.name)

    def teardown(self) -> None:
        if self._file is not None and self._params.fault == "leaves a file behind if it is cancelled":
            self._file.unlink()

    def process(self, batch: Any) -> Iterator[Any]:
        fault = self._params.fault
        if batch.num_rows == 0 and fault == "says nothing of nothing":
            return
        if batch.num_rows == 0 and fault == "has fewer columns of nothing":
            yield batch
            return
        if fault == "loses a row":
            batch = batch.slice(1)
        if fault == "makes decimals floats":
            batch = _floating(batch)
        if self._params.filter:
            batch = batch.filter(
                pa.array([number % 2 == 0 for number in batch.column(0).to_pylist()], pa.bool_())
            )
        values: Any = pa.nulls(batch.num_rows, pa.int64())
        if fault == "numbers the rows of a batch":
            values = pa.array(range(batch.num_rows), pa.int64())
        if fault == "guesses types from values":
            guessed = pa.array(batch.column(1).to_pylist())
            values = guessed if guessed.type == pa.null() else values
        made = batch.append_column("more", values)
        if batch.num_rows == 0 and fault == "makes a row of nothing":
            made = pa.RecordBatch.from_arrays(
                [pa.nulls(1, kind) for kind in made.schema.types], schema=made.schema
            )
        if fault == "keeps every batch":
            self._kept.append(made)
        else:
            yield made

    def finish_bundle(self) -> Iterator[Any]:
        for batch in self._kept:
            yield WindowedValue(batch, 0, [GlobalWindow()])


def _floating(batch: Any) -> Any:
    columns = [
        column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)

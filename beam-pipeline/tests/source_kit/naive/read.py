"""The naive source: right in everything that the kit asks for, or wrong in one way."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_pipeline import errors
from beam_pipeline.connect.connections import ConnectionReference
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.cursor_column import column_of
from beam_pipeline.staging.empty_batch import empty_batch
from beam_pipeline.telling.progress import progress
from beam_pipeline.window import CursorType
from source_kit.naive.params import Fault, NaiveParams

KINDS: dict[str, CursorType] = {
    "int64": "integer",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "timestamp[us, tz=UTC]": "timestamptz",
}
_reads = itertools.count()


class ReadNaive(beam.PTransform):
    """Reads one part for each range of `partition`."""

    consistency = "per_range"

    def __init__(self, params: NaiveParams, context: StepContext) -> None:
        super().__init__()
        self._read = _Read(params, context)
        self._parts = params.partition.parts if params.partition else 1
        if params.fault == "reads all as one part":
            self._parts = 1

    def schema(self) -> Any:
        """The columns."""
        found = self._read.columns()
        return found.remove(0) if self._read.is_wrong("tells other columns before") else found

    def expand(self, pbegin: Any) -> Any:
        """Returns a PCollection of record batches."""
        parts = [(part, self._parts) for part in range(self._parts)]
        return pbegin | beam.Create(parts) | beam.Reshuffle() | "read" >> beam.ParDo(self._read)


class _Read(beam.DoFn):
    def __init__(self, params: NaiveParams, context: StepContext) -> None:
        self._params = params
        self._context = context
        self._connection = params.connection(context)

    def is_wrong(self, *faults: Fault) -> bool:
        return self._params.fault in faults

    def columns(self) -> Any:
        """The columns; also checks the window's."""
        with opened(self._connection, self._params, columns=True) as reader:
            schema = reader.schema
        window = self._context.window
        if window is not None and not self.is_wrong("takes any column", "reads numbers for days"):
            column_of(window, cursors(schema), self._context)
        return schema

    def process(self, planned: tuple[int, int]) -> Iterator[Any]:
        part, parts = planned
        progress.expect(self._context.step, parts=parts)
        schema = self.columns()
        found = False
        for batch in self._batches(part, parts):
            if batch.num_rows:
                found = True
                yield batch
        if not found and not self._forgets(parts):
            yield empty_batch(schema)
        progress.part_done(self._context.step)

    def _forgets(self, parts: int) -> bool:
        return (
            self.is_wrong("forgets the columns of nothing")
            or (self.is_wrong("forgets the columns of an empty window") and self._context.window is not None)
            or (self.is_wrong("forgets the columns of empty parts") and parts > 1)
        )

    def _batches(self, part: int, parts: int) -> Iterator[Any]:
        number = next(_reads)
        with opened(self._connection, self._params) as reader:
            read = self._rows(reader)
            for batch in list(read) if self.is_wrong("holds all rows") else read:
                rows = batch.to_pylist() if batch.num_rows and "wide" not in batch.schema.names else None
                if rows is None:
                    yield batch
                    continue
                kept = [one for one in rows if self._is_in(one, part, parts)]
                if self.is_wrong("reads others each time"):
                    kept = kept[: len(kept) - number % 2]
                if self.is_wrong("leaves out rows that are there twice"):
                    kept = [one for place, one in enumerate(kept) if one not in kept[:place]]
                if self.is_wrong("reads the first row of a part twice") and parts > 1:
                    kept = [*kept, *kept[:1]]
                if self.is_wrong("leaves out the last row of a window") and self._context.window:
                    kept = kept[:-1]
                made = pa.RecordBatch.from_pylist(kept, schema=batch.schema)
                yield self._wrongly_typed(made)

    def _rows(self, reader: Any) -> Iterator[Any]:
        try:
            yield from reader
        except (pa.ArrowInvalid, OSError) as error:
            if self.is_wrong("takes a lost connection for the end"):
                return
            raise errors.ConnectionLost(f"naive: the connection broke: {error}") from error

    def _wrongly_typed(self, batch: Any) -> Any:
        fault = self.is_wrong("rounds decimals")
        fault = fault or (
            self.is_wrong("reads types otherwise in windows") and self._context.window is not None
        )
        columns = [
            pa.compute.round(values, 1).cast(values.type)
            if fault and pa.types.is_decimal(values.type)
            else values
            for values in batch.columns
        ]
        return pa.RecordBatch.from_arrays(columns, schema=batch.schema)

    def _is_in(self, row: dict[str, Any], part: int, parts: int) -> bool:
        own = (row[self._params.partition.column] or 0) % parts == part if self._params.partition else True
        if self._params.partition and self.is_wrong("leaves out rows without a value"):
            own = own and row[self._params.partition.column] is not None
        if self.is_wrong("reads all as one part"):
            own = True
        if self._context.window is None:
            return own
        if self.is_wrong("reads all in each part of a window"):
            own = True
        return own and self._is_in_window(row)

    def _is_in_window(self, row: dict[str, Any]) -> bool:
        window = self._context.window
        assert window is not None
        if window.column not in row:
            return True
        value = row[window.column]
        if value is None:
            return self.is_wrong("takes rows without a value")
        low, high = window.low_value, window.high_value
        if type(value) is not type(high):
            return True
        if self.is_wrong("compares whole seconds") and isinstance(value, datetime.datetime):
            value = value.replace(microsecond=0)
        if self.is_wrong("begins with 1") and low is None:
            low = 1 if isinstance(value, int) else None
        inclusive = window.low_inclusive or self.is_wrong("takes the low end always")
        after = low is None or value > low or (inclusive and value == low)
        return after and (value < high or (self.is_wrong("takes the high end, too") and value == high))


def cursors(schema: Any) -> dict[str, tuple[str, CursorType | None]]:
    """Every column, and what it is for a window."""
    return {field.name: (str(field.type), KINDS.get(str(field.type))) for field in schema}


@contextlib.contextmanager
def opened(reference: ConnectionReference, params: NaiveParams, *, columns: bool = False) -> Iterator[Any]:
    connection = reference.resolve()
    fault = params.fault
    try:
        link = socket.create_connection((connection.host, connection.port or 0), 10)
    except OSError as error:
        if fault == "takes no answer for a mistake":
            raise errors.ConfigError("naive: there is no such server") from error
        raise errors.ConnectionLost("naive: nothing answers") from error
    if fault == "leaves its session":
        nothing = subprocess.DEVNULL
        held = [link.fileno()]
        subprocess.Popen(
            ["sleep", "20"],
            pass_fds=held,
            start_new_session=True,
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
        )
    with link, link.makefile("rwb") as stream:
        asked = {"password": connection.password, "table": params.table, "columns": columns}
        stream.write(json.dumps(asked).encode() + b"\n")
        stream.flush()
        try:
            problem = json.loads(stream.readline())["problem"]
        except ValueError as error:
            raise errors.ConnectionLost("naive: the connection broke") from error
        if problem == "password":
            if fault == "tells its password":
                # As a library in C might: what is logged or raised is redacted anyway.
                os.write(2, connection.password.encode())
            raise errors.AuthenticationError("naive: the password is refused")
        if problem == "table" and fault == "reads nothing of what is not there":
            yield pa.RecordBatchReader.from_batches(pa.schema([("id", pa.int64())]), [])
        elif problem == "table":
            raise errors.ResourceError(f"naive: there is no table `{params.table}`")
        else:
            yield pa.ipc.open_stream(stream)

"""Sets the rows of an input aside, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from beam_pipeline.errors import InternalError
from beam_pipeline.sql_engine.partition import Dealer
from beam_pipeline.staging import staging
from beam_pipeline.staging.spill import Spilled, SpillWriter, packed

# Rows that wait for their part's file; more row groups would be smaller ones.
_WAITING_BYTES = 64 << 20


class SetAside(beam.DoFn):
    """Writes batches to one file for each part; emits `(part, Spilled)`, for every part.

    Args:
        number: The input's number.
        folder: Path or URI that every worker reaches.
        parts: How many parts there are.
        keys: The columns that decide on the part; None where there is one part.
        what: What messages about the keys begin with.
    """

    def __init__(self, number: int, folder: str, parts: int, keys: list[str] | None, what: str) -> None:
        self._number = number
        self._folder = folder
        self._parts = parts
        self._keys = keys
        self._what = what

    def setup(self) -> None:
        """Opens the session that hashes."""
        self._dealer = None if self._keys is None else Dealer(self._keys, self._parts, self._what)

    def start_bundle(self) -> None:
        """Starts without files."""
        self._schema: Any = None
        self._writers: dict[int, SpillWriter] = {}
        self._waiting: dict[int, list[Any]] = {}
        self._bytes = 0

    def process(self, batch: Any) -> Iterator[Any]:
        """Takes one batch."""
        if staging.ending.is_set():
            raise InternalError("the process is ending")
        if self._schema is None:
            self._schema = batch.schema
            if self._dealer is not None:
                self._dealer.check(batch.schema)
        if batch.num_rows == 0:
            return
        if self._dealer is None:
            self._writer(0).write(batch)
        else:
            for part, rows in self._dealer.deal(batch):
                self._waiting.setdefault(part, []).append(rows)
            self._bytes += batch.nbytes
            if self._bytes >= _WAITING_BYTES:
                self._flush()
        yield from ()

    def finish_bundle(self) -> Iterator[Any]:
        """Completes the files; a part without rows still gets the schema."""
        if self._schema is None:
            return
        self._flush()
        schema = packed(self._schema)
        for part in range(self._parts):
            writer = self._writers.pop(part, None)
            uri = None if writer is None else writer.close()
            spilled = (part, Spilled(self._number, schema, uri))
            yield WindowedValue(spilled, 0, [GlobalWindow()])

    def teardown(self) -> None:
        """Lets go of the files of a bundle that failed."""
        for writer in getattr(self, "_writers", {}).values():
            writer.abandon()
        dealer = getattr(self, "_dealer", None)
        if dealer is not None:
            dealer.close()

    def _flush(self) -> None:
        for part, pieces in self._waiting.items():
            self._writer(part).write(pa.Table.from_batches(pieces))
        self._waiting.clear()
        self._bytes = 0

    def _writer(self, part: int) -> SpillWriter:
        if part not in self._writers:
            self._writers[part] = SpillWriter(self._folder, self._schema)
        return self._writers[part]

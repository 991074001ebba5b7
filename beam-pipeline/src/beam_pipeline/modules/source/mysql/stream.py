"""Reads the rows of a statement as Arrow, a batch at a time: every buffer is bounded in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from beam_pipeline.connect.connections import Connection
from beam_pipeline.modules.source.mysql.columns.types import Column
from beam_pipeline.modules.source.mysql.connection import failures, session
from beam_pipeline.modules.source.mysql.connection.client import Limits, Row
from beam_pipeline.modules.source.mysql.windowed import WindowedRead
from beam_pipeline.reading.prefetch import pushed

BATCH_ROWS = 32768
BATCH_BYTES = 8 << 20
# Values are objects until so many rows of them become arrays; many more would also be slower.
_CHUNK_ROWS = 512
_CHUNK_BYTES = 4 << 20
# A column whose values may be longer is measured value by value.
_NARROW = 4096
_MOST_BYTES_OF_CHARACTER = 4


def batches(
    connection: Connection,
    window: WindowedRead | None,
    query: str,
    columns: list[Column],
    convert: Callable[[Any], Any],
) -> Iterator[Any]:
    """Runs a query in a thread of its own and yields its record batches.

    Args:
        connection: Where to connect.
        window: What to bind first, where only a window is read.
        query: The statement; its columns are `columns`, by their `expression`.
        columns: The columns.
        convert: What becomes of each batch, in that thread, too: `Converter.convert`.

    Raises:
        BeamlineError: Classified, from the server or the network.
    """

    def produce(put: Callable[[Any], None]) -> None:
        waiting = _Waiting(columns, lambda batch: put(convert(batch)))
        client = session.open_client(connection)
        try:
            with failures.named(connection):
                session.wait_for_reader(client)
                if window is not None:
                    window.bind(client)
                client.read(query, waiting.take, _limits)
            waiting.hand_over()
        finally:
            client.abandon()

    return pushed(produce)


class _Waiting:
    """Rows that became arrays and are not a whole batch yet."""

    def __init__(self, columns: list[Column], put: Callable[[Any], None]) -> None:
        self._names = [column.name for column in columns]
        self._types = [_arrives_as(column) for column in columns]
        self._put = put
        self._chunks: list[Any] = []
        self._rows = self._size = 0

    def take(self, rows: list[Row]) -> None:
        values = zip(*rows, strict=True)
        arrays = [pa.array(found, kind) for found, kind in zip(values, self._types, strict=True)]
        chunk = pa.RecordBatch.from_arrays(arrays, self._names)
        self._chunks.append(chunk)
        self._rows += chunk.num_rows
        self._size += chunk.nbytes
        if self._rows >= BATCH_ROWS or self._size >= BATCH_BYTES:
            self.hand_over()

    def hand_over(self) -> None:
        if self._chunks:
            batch = pa.concat_batches(self._chunks)
            self._chunks = []
            self._rows = self._size = 0
            self._put(batch)


def _limits(lengths: list[int]) -> Limits:
    most = [length * _MOST_BYTES_OF_CHARACTER for length in lengths]
    narrow = sum(min(length, _NARROW) for length in most)
    wide = [place for place, length in enumerate(most) if length > _NARROW]
    return Limits(max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // max(1, narrow))), _CHUNK_BYTES, wide)


def _arrives_as(column: Column) -> Any:
    """The type of the values that the driver makes of what the server sends."""
    assert column.mapping is not None
    kind = column.mapping.arrow
    if pa.types.is_binary(kind):
        return kind
    if pa.types.is_unsigned_integer(kind):
        return pa.uint64()
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_time(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) else pa.string()

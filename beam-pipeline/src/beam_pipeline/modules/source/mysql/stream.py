"""Reads the rows of a statement over a connection of PyMySQL, as Arrow, a batch at a time.

It is for the reads that need what connectorx cannot do: bind parameters. PyMySQL's own cursors take several
times longer for a row, so the rows are taken out of the server's messages here:
https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pymysql
from pymysql.constants import COMMAND, CR

from beam_pipeline.connections import Connection
from beam_pipeline.modules.source.mysql import failures, session
from beam_pipeline.modules.source.mysql.types import Column
from beam_pipeline.modules.source.mysql.windowed import WindowedRead

BATCH_BYTES = 8 << 20
_CHUNK_BYTES = 1 << 20
_HEADER_BYTES = 4
_LONGEST_PACKET = 0xFFFFFF
# What a value begins with: its length, NULL, or in how many bytes its length follows.
_NULL = 0xFB
_LENGTHS = {0xFC: 2, 0xFD: 3, 0xFE: 8}
_END = 0xFE
_END_BYTES = 9  # fewer than a row whose first value begins so
_ERROR = 0xFF

_Values = list[bytes | None]


def batches(connection: Connection, window: WindowedRead, query: str, columns: list[Column]) -> Iterator[Any]:
    """Binds a window, runs a query and yields its record batches, in types that `Converter` takes.

    Args:
        connection: Where to connect.
        window: What to bind.
        query: The statement; its columns are `columns`, by their `row_expression`.
        columns: The columns.

    Raises:
        BeamlineError: Classified, from the server or the network.
    """
    control = session.open_control(connection)
    try:
        with failures.named(connection):
            session.wait_for_reader(control)
            window.bind(control)
            for values in _rows(control, query, len(columns)):
                arrays = [_array(column, kind.mapping) for column, kind in zip(values, columns, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, [column.name for column in columns])
    finally:
        # Not by asking for it: after half of the rows nobody would answer.
        control._force_close()  # type: ignore[attr-defined]


def _rows(control: Any, query: str, width: int) -> Iterator[list[_Values]]:
    """Yields the values of some rows at a time, by column."""
    columns: list[_Values] = [[] for _ in range(width)]
    rows = size = 0
    for buffer, begin, end in _packets(control, query):
        _append(columns, buffer, begin)
        rows += 1
        size += end - begin
        if rows >= session.BATCH_ROWS or size >= BATCH_BYTES:
            yield columns
            columns = [[] for _ in range(width)]
            rows = size = 0
    if rows:
        yield columns


def _append(columns: list[_Values], buffer: bytes, at: int) -> None:
    """Appends the values of the row that begins there."""
    for column in columns:
        first = buffer[at]
        at += 1
        if first == _NULL:
            column.append(None)
            continue
        if first > _NULL:
            behind = at + _LENGTHS[first]
            first = int.from_bytes(buffer[at:behind], "little")
            at = behind
        behind = at + first
        column.append(buffer[at:behind])
        at = behind


def _packets(control: Any, query: str) -> Iterator[tuple[bytes, int, int]]:
    """Runs a query and yields where each of its rows begins and ends in a buffer."""
    control._execute_command(COMMAND.COM_QUERY, query)
    control._read_packet()
    while not control._read_packet().is_eof_packet():  # the columns
        pass
    buffer = b""
    place = 0
    begun = b""  # of a row that is longer than a packet
    while True:
        begin = place + _HEADER_BYTES
        end = begin + int.from_bytes(buffer[place : place + 3], "little")
        if len(buffer) < begin or len(buffer) < end:
            received = control._rfile.read1(_CHUNK_BYTES)
            if not received:
                raise pymysql.err.OperationalError(CR.CR_SERVER_LOST, "Lost connection during the query")
            buffer, place = buffer[place:] + received, 0
            continue
        place = end
        if end - begin == _LONGEST_PACKET:
            begun += buffer[begin:end]
        elif begun:
            row, begun = begun + buffer[begin:end], b""
            yield row, 0, len(row)
        elif buffer[begin] == _ERROR:
            pymysql.err.raise_mysql_exception(buffer[begin:end])
        elif buffer[begin] == _END and end - begin < _END_BYTES:
            return
        else:
            yield buffer, begin, end


def _array(values: _Values, mapping: Any) -> Any:
    array = pa.array(values, pa.binary())
    kind = mapping.arrow
    if pa.types.is_binary(kind):
        return array
    text = array.cast(pa.string())
    if pa.types.is_unsigned_integer(kind):
        return text.cast(pa.uint64())
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_time(kind):
        return text.cast(pa.int64())
    return text.cast(pa.float64()) if pa.types.is_floating(kind) else text

"""The server of the naive source: tables in memory, sent as Arrow streams over a connection."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from listening import Listener

PASSWORD = "right"
_BATCH_BYTES = 1 << 20


class Server:
    """Serves one stream for each connection."""

    def __init__(self) -> None:
        self.tables: dict[str, pa.Table | tuple[int, int]] = {}
        self.sessions = 0
        self._lock = threading.Lock()
        self._listener = Listener(self._answer)
        self.address = ("127.0.0.1", self._listener.port)

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    def _answer(self, reader: socket.socket) -> None:
        with self._lock:
            self.sessions += 1
        with reader, contextlib.suppress(OSError, ValueError), reader.makefile("rwb") as stream:
            self._send(json.loads(stream.readline()), stream)
            # Until the reader goes.
            stream.flush()
            stream.read(1)
        with self._lock:
            self.sessions -= 1

    def _send(self, asked: dict[str, Any], stream: Any) -> None:
        problem = None
        if asked["password"] != PASSWORD:
            problem = "password"
        elif asked["table"] not in self.tables:
            problem = "table"
        stream.write(json.dumps({"problem": problem}).encode() + b"\n")
        if problem is None:
            batches = list_of(self.tables[asked["table"]])
            first = next(batches)
            with pa.ipc.new_stream(stream, first.schema) as sink:
                for batch in (first, *(() if asked["columns"] else batches)):
                    sink.write_batch(batch)


def list_of(table: pa.Table | tuple[int, int]) -> Iterator[pa.RecordBatch]:
    """The rows, a batch at a time; the first one is there in any case."""
    if not isinstance(table, tuple):
        yield _empty(table.schema)
        yield from table.to_batches(max_chunksize=1000)
        return
    rows, width = table
    yield _empty(pa.schema([("id", pa.int64()), ("wide", pa.string())]))
    step = max(1, _BATCH_BYTES // (width + 8))
    for start in range(1, rows + 1, step):
        ids = range(start, min(start + step, rows + 1))
        yield pa.RecordBatch.from_pydict(
            {"id": pa.array(ids, pa.int64()), "wide": pa.array(["x" * width] * len(ids))}
        )


def _empty(schema: Any) -> Any:
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)

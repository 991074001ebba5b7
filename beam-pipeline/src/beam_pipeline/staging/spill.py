"""Sets batches aside as Parquet files, so that only their names pass a shuffle.

A file has a name of its own and counts only if the name arrives: a bundle that is tried again leaves an
orphan, never a double row.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beam_pipeline import errors
from beam_pipeline.staging.empty_batch import empty_batch
from beam_pipeline.storage import files

ROW_GROUP_ROWS = 128 * 1024
# Of one row group, so of what a reader holds at a time.
ROW_GROUP_BYTES = 16 << 20


@dataclass(frozen=True)
class Spilled:
    """Rows of one input that one bundle set aside: a file, or only the schema where there are none."""

    input: int
    schema: bytes
    uri: str | None = None


class SpillWriter:
    """One file of rows set aside.

    Args:
        folder: Path or URI that whoever reads the rows can reach.
        schema: Of every batch.
    """

    def __init__(self, folder: str, schema: Any) -> None:
        self.uri = files.join(folder, f"{uuid.uuid4().hex}.parquet")
        files.make_folder(folder)
        try:
            self._stream = files.open_for_write(self.uri)
            self._writer = pq.ParquetWriter(
                self._stream, schema, compression="lz4", use_dictionary=False, write_statistics=False
            )
        except OSError as error:
            raise errors.from_os_error(error, self.uri) from error

    def write(self, table: Any) -> None:
        """Appends a batch or a table."""
        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        try:
            rows = table.num_rows * ROW_GROUP_BYTES // max(1, table.nbytes)
            self._writer.write_table(table, row_group_size=max(1, min(ROW_GROUP_ROWS, rows)))
        except OSError as error:
            self.abandon()
            raise errors.from_os_error(error, self.uri) from error

    def close(self) -> str:
        """Completes the file and returns its URI."""
        try:
            self._writer.close()
            self._stream.close()
        except OSError as error:
            self.abandon()
            raise errors.from_os_error(error, self.uri) from error
        return self.uri

    def abandon(self) -> None:
        """Lets go of the file without completing it."""
        self._writer.is_open = False
        try:
            self._stream.close()
        except (OSError, errors.BeamlineError):
            return  # the first error was told


def packed(schema: Any) -> bytes:
    """A schema as bytes, without metadata."""
    return bytes(schema.remove_metadata().serialize().to_pybytes())


def unpacked(schema: bytes) -> Any:
    """The schema of such bytes."""
    return pa.ipc.read_schema(pa.py_buffer(schema))


def local_files(spilled: Iterable[Spilled], folder: Path) -> dict[int, list[str]]:
    """The files of each input as local paths, at least one each, copied here if they are elsewhere.

    Raises:
        DataError: Batches of one input differ in their columns.
    """
    schemas: dict[int, Any] = {}
    paths: dict[int, list[str]] = {}
    for part in spilled:
        schema = unpacked(part.schema)
        if not schemas.setdefault(part.input, schema).equals(schema):
            raise errors.DataError(
                f"the batches of one input differ in their columns: {schemas[part.input]} and {schema}"
            )
        found = paths.setdefault(part.input, [])
        if part.uri is not None:
            found.append(_local(part.uri, folder))
    for number, found in paths.items():
        if not found:
            empty = folder / f"empty-{number}.parquet"
            pq.write_table(pa.Table.from_batches([empty_batch(schemas[number])]), str(empty))
            found.append(str(empty))
    return paths


def row_bytes(paths: Iterable[str]) -> int:
    """The bytes of a row in the widest row group of such files, as `SpillWriter` writes them."""
    widest = 1
    for path in paths:
        metadata = pq.read_metadata(path)
        groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
        widest = max([widest, *(group.total_byte_size // max(1, group.num_rows) for group in groups)])
    return widest


def _local(uri: str, folder: Path) -> str:
    if files.is_local(uri):
        return uri
    path = folder / uri.rsplit("/", 1)[-1]
    try:
        with files.open_for_read(uri) as stream, path.open("wb") as copy:
            shutil.copyfileobj(stream, copy, 8 << 20)
    except OSError as error:
        raise errors.from_os_error(error, uri) from error
    return str(path)

"""Writes one staged Parquet file, with the options that measured best."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beam_pipeline import errors
from beam_pipeline.storage import files

ROW_GROUP_ROWS = 1 << 20
FILE_BYTES = 256 << 20
# Of the open row group, in memory: rows of 10 kB would otherwise pile up to 10 GB.
ROW_GROUP_BYTES = 128 << 20

_SAMPLE_ROWS = 8192
_REPEATED = 0.05


class PartWriter:
    """One Parquet file.

    Args:
        uri: The file's final name; its folder exists.
        first: The first batch: a column that repeats in it gets a dictionary.
    """

    def __init__(self, uri: str, first: Any) -> None:
        self.uri = uri
        self.rows = 0
        self._group_rows = 0
        self._group_bytes = 0
        try:
            self._stream = files.open_for_write(uri)
            self._writer = pq.ParquetWriter(
                self._stream,
                first.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=repeating_columns(first),
                # Publishing reads every row, once. Only for a destination with fewer dates it looks first,
                # and then passes over row groups without a date that is beyond.
                write_statistics=_dated(first.schema) or False,
            )
        except OSError as error:
            raise errors.from_os_error(error, uri) from error

    def write(self, batch: Any) -> None:
        """Appends a batch."""
        try:
            self._writer.write_batch(batch, row_group_size=ROW_GROUP_ROWS)
        except OSError as error:
            self.abandon()
            raise errors.from_os_error(error, self.uri) from error
        except pa.ArrowException as error:
            self.abandon()
            raise errors.DataError(f"a batch cannot be written as Parquet: {error}") from error
        self.rows += batch.num_rows
        self._group_rows += batch.num_rows
        self._group_bytes += batch.nbytes
        if self._group_rows >= ROW_GROUP_ROWS:
            self._group_rows %= ROW_GROUP_ROWS
            self._group_bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether the next batch belongs in another file."""
        return self._stream.tell() >= FILE_BYTES or self._group_bytes >= ROW_GROUP_BYTES

    def close(self) -> tuple[int, int]:
        """Completes the file.

        Returns:
            Its rows and its size in bytes.
        """
        try:
            self._writer.close()
            size = self._stream.tell()
            self._stream.close()
        except OSError as error:
            self.abandon()
            raise errors.from_os_error(error, self.uri) from error
        return self.rows, int(size)

    def abandon(self) -> None:
        """Lets go of the file without completing it."""
        # The writer would otherwise try to complete the file when it is collected.
        self._writer.is_open = False
        try:
            self._stream.close()
        except (OSError, errors.BeamlineError):
            return  # the disk is full, or the folder is gone: the first error was told


def _dated(schema: Any) -> list[str]:
    return [field.name for field in schema if pa.types.is_temporal(field.type)]


def repeating_columns(batch: Any) -> list[str]:
    """Names the columns with few different values in the batch's first rows."""
    sample = batch.slice(0, _SAMPLE_ROWS)
    found = []
    for field, column in zip(sample.schema, sample.columns, strict=True):
        if isinstance(column, pa.ExtensionArray):
            column = column.storage  # noqa: PLW2901
        kind = column.type
        if pa.types.is_nested(kind) or pa.types.is_boolean(kind) or sample.num_rows == 0:
            continue
        if pc.count_distinct(column).as_py() <= _REPEATED * sample.num_rows:
            found.append(field.name)
    return found

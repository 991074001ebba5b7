"""The `files` source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from beam_pipeline.errors import ResourceError
from beam_pipeline.modules.alone import Alone, Estimate
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.files import versions
from beam_pipeline.modules.source.files.columns import folder_columns
from beam_pipeline.modules.source.files.columns.agreed import Agreed
from beam_pipeline.modules.source.files.columns.column import Column, check_names, declared_types, schema_of
from beam_pipeline.modules.source.files.csv import format as csv_format
from beam_pipeline.modules.source.files.jsonl import format as jsonl_format
from beam_pipeline.modules.source.files.params import FilesParams
from beam_pipeline.modules.source.files.parquet import format as parquet_format
from beam_pipeline.reading.prefetch import prefetched
from beam_pipeline.reading.ranged import RangedRead
from beam_pipeline.staging.empty_batch import empty_batch
from beam_pipeline.storage import files, roots
from beam_pipeline.telling.progress import progress

_FORMATS: dict[str, Any] = {"csv": csv_format, "jsonl": jsonl_format, "parquet": parquet_format}

# So many columns are handed to those who read: each file's beside its path, until there are too many files.
_PLANNED_COLUMNS = 1 << 20
# Before a run reads, as many files are looked at for their columns: they are looked at again when it reads.
_FILES_TO_LOOK_AT = 16


class ReadFromFiles(RangedRead):
    """Looks at the beginning of each file, then reads the files side by side."""

    def __init__(self, params: FilesParams, context: StepContext) -> None:
        self._reader = _Reader(params, context)
        super().__init__(context.step, self._reader)
        # The workers' own disks may have files that a launcher has not.
        self._is_elsewhere = not context.in_process and files.is_local(
            files.resolve(params.path, context.root)
        )

    def schema(self) -> Any:
        """Looks at the beginning of each file; None where there are too many, or they may be elsewhere."""
        if self._is_elsewhere:
            return None
        columns = self._reader.columns(_FILES_TO_LOOK_AT)
        return None if columns is None else schema_of(columns)

    def alone(self) -> Alone | None:
        """Where it is one file."""
        if self._is_elsewhere or len(self._reader.found()) > 1:
            return None
        return Alone("one file is one stream", "several files, and a `path` with `*` for all of them")

    def estimate(self) -> Estimate:
        """The size of the files, as they are stored; of many files nobody says it at once."""
        found = self._reader.found()
        return Estimate(bytes=sum(map(files.size, found)) if len(found) <= _FILES_TO_LOOK_AT else None)


class _Reader:
    def __init__(self, params: FilesParams, context: StepContext) -> None:
        self._params = params
        self._context = context

    def columns(self, most_files: int) -> list[Column] | None:
        """The columns of the files, of which there must be one; None if there are more than `most_files`."""
        found = self.found()
        return self._columns(found) if len(found) <= most_files else None

    def plan(self) -> Iterator[tuple[list[str], list[Column]]]:
        found = self.found()
        columns = self._columns(found)
        together = max(1, len(found) * len(columns) // _PLANNED_COLUMNS)
        progress.expect(self._context.step, parts=-(-len(found) // together))
        for start in range(0, len(found), together):
            yield found[start : start + together], columns

    def found(self) -> list[str]:
        """The files; there is one at least."""
        params, context = self._params, self._context
        pattern = files.resolve(params.path, context.root)
        found = files.match(pattern)
        if not found:
            looked = "" if pattern == params.path else f" ({pattern})"
            raise ResourceError(
                f"{context.plan_path}.parameters.path  no file matches `{params.path}`{looked}; "
                "a relative path begins at the project's folder"
            )
        if files.is_local(pattern):
            for path in found:
                roots.check(path, f"{context.plan_path}.parameters.path")
            found = versions.settled(found, pattern)
        return found

    def _columns(self, paths: list[str]) -> list[Column]:
        declared = declared_types(self._params.columns)
        folders = {path: _folders(path, self._params, self._context) for path in paths}
        beside = folder_columns.columns_of(folders, declared)
        names = {column.name for column in beside}
        in_files = {name: kind for name, kind in declared.items() if name not in names}
        look = _FORMATS[self._params.file_format]
        agreed = Agreed(look.wider, look.ANY)
        for path in paths:
            columns = look.columns(path, in_files, self._params)
            folder_columns.check_apart(path, columns, folders[path])
            agreed.add(path, columns)
        found = agreed.columns(look.settled) + beside
        check_names([column.name for column in found], paths[0])
        return found

    def batches(self, part: tuple[list[str], list[Column]]) -> Iterator[Any]:
        paths, columns = part
        for path in paths:
            yield from self._rows(path, columns)

    def empty(self, part: tuple[list[str], list[Column]]) -> Any:
        return empty_batch(schema_of(part[1]))

    def _rows(self, path: str, columns: list[Column]) -> Iterator[Any]:
        schema = schema_of(columns)
        beside = _folders(path, self._params, self._context)
        own = [column for column in columns if column.name not in beside]
        constants = [column for column in columns if column.name in beside]
        read = _FORMATS[self._params.file_format].batches
        for batch in prefetched(read(path, own, self._params)):
            if batch.num_rows and not constants:
                yield batch
            elif batch.num_rows:
                more = [
                    folder_columns.constant(column, beside[column.name], batch.num_rows, path)
                    for column in constants
                ]
                yield pa.RecordBatch.from_arrays([*batch.columns, *more], schema=schema)


def _folders(path: str, params: FilesParams, context: StepContext) -> folder_columns.Values:
    return folder_columns.values_of(path, context.root) if params.folder_columns else {}

"""The `recording` sink."""

import json
import time
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from beam_pipeline.modules.sink.recording.params import RecordingParams

from beam_pipeline.modules.context import StepContext
from beam_pipeline.staging.written import Written
from beam_pipeline.storage import files
from beam_pipeline.telling.fault_point import fault_point


class WriteRows(beam.PTransform):
    """Writes rows."""

    def __init__(self, params: RecordingParams, context: StepContext) -> None:
        super().__init__()
        self._params = params
        self._folder = files.resolve(params.folder, context.root)

    def expand(self, batches: Any) -> Any:
        """Returns a PCollection of `Written`."""
        return batches | "write" >> beam.ParDo(_Write(self._params, self._folder))


class _Write(beam.DoFn):
    def __init__(self, params: RecordingParams, folder: str) -> None:
        self._params = params
        self._folder = folder

    def process(self, batch: Any) -> Iterator[Written]:
        time.sleep(self._params.seconds)
        files.make_folder(self._folder)
        size = 0
        for row in batch.to_pylist():
            content = json.dumps(row, default=str).encode()
            with files.open_for_write(files.join(self._folder, f"{row[self._params.id]}.json")) as file:
                file.write(content)
            size += len(content)
        fault_point("sink:wrote")
        yield Written(batch.num_rows - self._params.hides, size)

"""The `recording` sink."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from beam_pipeline.modules.sink.recording.params import RecordingParams

from beam_pipeline.modules.context import StepContext
from beam_pipeline.staging.written import Written
from beam_pipeline.telling.fault_point import fault_point


class WriteRows(beam.PTransform):
    """Writes rows."""

    def __init__(self, params: RecordingParams, context: StepContext) -> None:
        super().__init__()
        self._params = params
        self._root = Path(context.root or ".")

    def expand(self, batches: Any) -> Any:
        """Returns a PCollection of `Written`."""
        return batches | "write" >> beam.ParDo(_Write(self._params, str(self._root)))


class _Write(beam.DoFn):
    def __init__(self, params: RecordingParams, root: str) -> None:
        self._params = params
        self._root = root

    def process(self, batch: Any) -> Iterator[Written]:
        time.sleep(self._params.seconds)
        folder = Path(self._root) / self._params.folder
        folder.mkdir(parents=True, exist_ok=True)
        size = 0
        for row in batch.to_pylist():
            text = json.dumps(row, default=str)
            (folder / f"{row[self._params.id]}.json").write_text(text)
            size += len(text)
        fault_point("sink:wrote")
        yield Written(batch.num_rows - self._params.hides, size)

"""Runs one transform over many batches, in a process of its own: how much memory do they take?

    python -m transform_kit.much ASKED FOLDER

prints by how many megabytes the process grew from the first tenth of the batches on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa

BATCHES = 60
ROWS = 1 << 16


def packed(table: Any) -> bytes:
    """A table as bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


class Emit(beam.DoFn):
    """Emits a table again and again, and notes how large the process is."""

    looks: list[int]

    def __init__(self, table: bytes) -> None:
        self._table = table

    def process(self, _: Any) -> Iterator[Any]:
        """Yields large batches, each in memory of its own."""
        from peak_memory import megabytes

        with pa.ipc.open_stream(self._table) as stream:
            few = stream.read_all()
        for number in range(BATCHES):
            rows = pa.concat_tables([few] * (ROWS // few.num_rows)).combine_chunks()
            [batch] = rows.to_batches()
            yield batch
            if number in (BATCHES // 10, BATCHES - 1):
                looks.append(megabytes())


looks: list[int] = []


def main() -> None:
    """Prints the growth."""
    from apache_beam.options.pipeline_options import PipelineOptions

    from beam_pipeline.attempt.graph import new_pipeline
    from running import FN_API
    from transform_kit import much
    from transform_kit.subject import STEP, Subject

    asked, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
    table = (folder / "rows.arrow").read_bytes()
    params, transform = Subject(asked["module"]).make(
        asked["parameters"], ["rows"], folder, asked["timezone"]
    )
    with new_pipeline(PipelineOptions([f"--runner={FN_API}"])) as pipeline:
        batches = (
            pipeline
            | beam.Create([0])
            | "emit" >> beam.ParDo(much.Emit(table)).with_output_types(pa.RecordBatch)
        )
        applied = batches if params.capabilities.inputs == 1 else (batches,)
        _ = applied | STEP >> transform | "count" >> beam.Map(lambda batch: batch.num_rows)
        pipeline.run().wait_until_finish()
    first, last = much.looks
    print(last - first)


if __name__ == "__main__":
    main()

"""The sinks of a graph: those that are staged for a destination, and those that write inside the job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import apache_beam as beam

from beam_pipeline.attempt.plan import PlanJobSink, PlanSink
from beam_pipeline.modules.registry import Module
from beam_pipeline.staging.staging import WriteParts, folder_of
from beam_pipeline.staging.written import Written
from beam_pipeline.storage import files
from beam_pipeline.telling.progress import progress


def staged(sink: PlanSink, batches: Any, staging: str) -> Any:
    """Stages the batches of a sink, to be published later.

    Returns:
        A PCollection of `StagedPart`.
    """
    folder = folder_of(staging, sink.name)
    files.make_folder(folder)
    progress.begin(sink.name, "sink")
    return batches | sink.name >> beam.ParDo(WriteParts(sink.name, folder))


def written(sink: PlanJobSink, batches: Any, transform: Any, count: str) -> Any:
    """Writes the batches of a sink in the job.

    Args:
        sink: Whose.
        batches: To write.
        transform: Of its module.
        count: Label of what counts.

    Returns:
        A PCollection of `Written`.
    """
    progress.begin(sink.name, "sink")
    return batches | sink.name >> transform | count >> beam.ParDo(_Named(sink.name))


def head_of_staged(sink: PlanSink) -> dict[str, Any]:
    """What the manifest says of a sink before anything is staged."""
    return {"kind": "staged", "input": sink.input}


def head_of_written(sink: PlanJobSink, module: Module) -> dict[str, Any]:
    """The same of a sink in the job."""
    return {
        "kind": "in_job",
        "module": sink.module,
        "input": sink.input,
        "idempotence": module.idempotence,
    }


class _Named(beam.DoFn):
    """Says of which sink it is."""

    def __init__(self, sink: str) -> None:
        self._sink = sink

    def process(self, fact: Written) -> Iterator[Written]:
        progress.add(self._sink, fact.rows, fact.size)
        yield replace(fact, sink=self._sink)

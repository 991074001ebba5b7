"""Runs the transform that the kit looks at, and nothing beside it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions

from beam_pipeline.attempt import failure
from beam_pipeline.attempt.graph import new_pipeline
from beam_pipeline.modules import columns_check
from beam_pipeline.modules import transform as transforms
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.registry import Module
from beam_pipeline.staging import coder
from beam_pipeline.staging.empty_batch import empty_batch
from running import FN_API
from transform_kit.place import Denial, Place

# The tests' own modules are found behind those of the package.
TEST_MODULES = Path(__file__).parents[1] / "modules"
if str(TEST_MODULES / "transform") not in transforms.__path__:
    transforms.__path__.append(str(TEST_MODULES / "transform"))

STEP = "looked_at"
PATH = "transforms[0]"

coder.register()


@dataclass
class Subject:
    """One transform, or the naive one with a fault.

    Attributes:
        name: Of the module.
        more: Parameters that it is given always: the fault of a naive one.
    """

    name: str
    more: Mapping[str, Any] = field(default_factory=dict)
    _failures: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    def make(
        self, parameters: Mapping[str, Any], inputs: Sequence[str], folder: Path, timezone: str = "UTC"
    ) -> tuple[Any, Any]:
        """The parameters and the PTransform, as the graph makes them."""
        module = Module("transform", self.name)
        context = StepContext(
            step=STEP, pipeline="kit", plan_path=PATH, profiles=None, temp_dir=str(folder), in_process=True,
            workers=1, inputs=tuple(inputs), shared_dir=str(folder / "shared"), timezone=timezone,
        )  # fmt: skip
        with columns_check.of_step(STEP):
            params = module.parse({**parameters, **self.more}, f"{PATH}.parameters")
            return params, module.transform_type(params, context)

    def told(self, place: Place | Denial, folder: Path) -> Any:
        """The columns that it tells before a row is read."""
        _, transform = self.make(place.parameters, list(place.inputs), folder, place.timezone)
        with columns_check.of_step(STEP):
            return transform.schema(tuple(table.schema for table in place.inputs.values()))

    def run(
        self, place: Place | Denial, folder: Path, batches: Sequence[Sequence[Any]] | None = None
    ) -> list[Any]:
        """The batches that come out, of the place's rows if no others are given."""
        given = batches or [whole(table) for table in place.inputs.values()]
        kept = folder / uuid.uuid4().hex
        kept.mkdir()
        params, transform = self.make(place.parameters, list(place.inputs), folder, place.timezone)
        with new_pipeline(PipelineOptions([f"--runner={FN_API}"])) as pipeline:
            inputs = tuple(
                pipeline | f"input {number}" >> beam.Create(list(cut)) for number, cut in enumerate(given)
            )
            applied = inputs[0] if params.capabilities.inputs == 1 else inputs
            _ = applied | STEP >> transform | "keep" >> beam.ParDo(_Keep(str(kept)))
            pipeline.run().wait_until_finish()
        return [_read(path) for path in sorted(kept.iterdir())]

    def failure(self, denial: Denial, folder: Path) -> dict[str, Any] | None:
        """How it refuses, as a run tells it; None if it does not."""
        if denial.title not in self._failures:
            self._failures[denial.title] = self._failure(denial, folder)
        return self._failures[denial.title]

    def _failure(self, denial: Denial, folder: Path) -> dict[str, Any] | None:
        try:
            self.told(denial, folder)
            self.run(denial, folder)
        except Exception as error:
            return failure.describe(error)
        return None


def whole(table: Any) -> list[Any]:
    """All rows in one batch; for no rows, one without any."""
    return [batch for batch in table.combine_chunks().to_batches() if batch.num_rows] or [
        empty_batch(table.schema)
    ]


def by_row(table: Any) -> list[Any]:
    """Each row in a batch of its own."""
    return [batch.slice(row, 1) for batch in whole(table) for row in range(batch.num_rows)]


def in_parts(table: Any) -> list[Any]:
    """Three parts, with batches without rows around them."""
    third = max(1, table.num_rows // 3)
    nothing = empty_batch(table.schema)
    return [nothing, *table.combine_chunks().to_batches(max_chunksize=third), nothing]


def joined(batches: Sequence[Any]) -> Any:
    """The table of some batches, whose columns must be the same."""
    return pa.Table.from_batches(batches)


class _Keep(beam.DoFn):
    def __init__(self, folder: str) -> None:
        self._folder = folder

    def process(self, batch: Any) -> None:
        path = Path(self._folder) / f"{uuid.uuid4().hex}.arrow"
        with pa.ipc.new_stream(str(path), batch.schema) as stream:
            stream.write_batch(batch)


def _read(path: Path) -> Any:
    with pa.ipc.open_stream(path.read_bytes()) as stream:
        return stream.read_next_batch()

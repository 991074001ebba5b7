"""Stages the rows of a sink as Parquet files, and commits them by writing the manifest.

A file gets its final, unique name at once and counts only if the manifest names it: a bundle that is
tried again leaves an orphan, never a double row. Counts travel as data beside the files, so they are
committed with the bundles that they count, on every runner.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from beam_pipeline import errors
from beam_pipeline.staging import coder
from beam_pipeline.staging.empty_batch import empty_batch
from beam_pipeline.staging.parquet import PartWriter
from beam_pipeline.staging.written import Written
from beam_pipeline.storage import files
from beam_pipeline.telling.fault_point import fault_point
from beam_pipeline.telling.progress import progress

# Set when this process was told to end: no file is begun after that, so that staging can be removed.
ending = threading.Event()


@dataclass(frozen=True)
class StagedPart:
    """What one bundle staged for one sink: a file, or only the schema where it had no rows."""

    sink: str
    schema: bytes
    uri: str | None = None
    rows: int = 0
    size: int = 0


@dataclass(frozen=True)
class Tally:
    """Rows and bytes in memory that left a step in one bundle."""

    step: str
    rows: int
    size: int


class Meter(beam.DoFn):
    """Counts what leaves a step, and cuts batches that are too large.

    Outputs:
        main: The batches.
        tally: One `Tally` for each bundle.
    """

    def __init__(self, step: str) -> None:
        self._step = step
        self._counted_rows = beam.metrics.Metrics.counter(step, "rows")
        self._counted_bytes = beam.metrics.Metrics.counter(step, "bytes")

    def start_bundle(self) -> None:
        """Starts at nothing."""
        self._rows = 0
        self._size = 0

    def process(self, batch: Any) -> Iterator[Any]:
        """Counts and passes on one batch."""
        rows, size = batch.num_rows, batch.nbytes
        self._rows += rows
        self._size += size
        self._counted_rows.inc(rows)
        self._counted_bytes.inc(size)
        progress.add(self._step, rows, size)
        yield from coder.cut(batch)

    def finish_bundle(self) -> Iterator[Any]:
        """Hands over the bundle's count."""
        tally = Tally(self._step, self._rows, self._size)
        yield beam.pvalue.TaggedOutput("tally", _globally(tally))


class WriteParts(beam.DoFn):
    """Writes batches to Parquet files under `folder`; emits a `StagedPart` for each file."""

    def __init__(self, sink: str, folder: str) -> None:
        self._sink = sink
        self._folder = folder

    def start_bundle(self) -> None:
        """Starts without a file."""
        self._writer: PartWriter | None = None
        self._schema: Any = None
        self._files = 0

    def process(self, batch: Any) -> Iterator[StagedPart]:
        """Appends one batch to the current file."""
        if ending.is_set():
            raise errors.InternalError("the process is ending")
        if self._schema is None:
            self._schema = batch.schema
        elif not batch.schema.equals(self._schema):
            raise errors.DataError(_disagreement(self._sink, self._schema, batch.schema))
        if batch.num_rows == 0:
            return
        if self._writer is None:
            uri = files.join(self._folder, f"part-{uuid.uuid4().hex}.parquet")
            self._writer = PartWriter(uri, batch)
        self._writer.write(batch)
        fault_point("beam:staging")
        progress.add(self._sink, batch.num_rows, batch.nbytes)
        if self._writer.is_full:
            yield self._close()

    def finish_bundle(self) -> Iterator[Any]:
        """Closes the last file; a bundle without rows still reports its schema."""
        if self._writer is not None:
            yield _globally(self._close())
        elif self._schema is not None and not self._files:
            yield _globally(StagedPart(self._sink, _packed(self._schema)))

    def teardown(self) -> None:
        """Lets go of the file of a bundle that failed."""
        writer = getattr(self, "_writer", None)
        if writer is not None:
            writer.abandon()

    def _close(self) -> StagedPart:
        writer, self._writer = self._writer, None
        assert writer is not None
        self._files += 1
        rows, size = writer.close()
        return StagedPart(self._sink, _packed(self._schema), writer.uri, rows, size)


class WriteManifest(beam.DoFn):
    """Writes `manifest.json`, once, after everything else: the commit of the attempt."""

    def __init__(self, staging: str, head: dict[str, Any]) -> None:
        self._staging = staging
        self._head = head

    def process(self, _: Any, facts: list[Any]) -> Iterator[dict[str, str]]:
        """Writes the manifest from every `Tally` and `StagedPart`."""
        manifest = {**self._head}
        manifest["steps"] = _steps(self._head["steps"], facts)
        manifest["sinks"] = {
            name: {**sink, **self._sink(name, sink["input"], facts)}
            for name, sink in self._head["sinks"].items()
        }
        if "written" in self._head:
            manifest["written"] = {
                name: {**sink, **_written(name, facts)} for name, sink in self._head["written"].items()
            }
        if ending.is_set():
            raise errors.InternalError("the process is ending")
        content = (json.dumps(manifest, indent=1) + "\n").encode()
        uri = files.join(self._staging, "manifest.json")
        fault_point("beam:before-manifest")
        content = files.write_once(uri, content)
        self._check_adopted(uri, json.loads(content))
        fault_point("beam:after-manifest")
        yield {"manifest": uri, "sha256": hashlib.sha256(content).hexdigest()}

    def _check_adopted(self, uri: str, manifest: dict[str, Any]) -> None:
        """A manifest that was there already is this attempt's: of a bundle that was tried twice, or a job."""
        for key in ("run_key", "attempt", "plan_sha256", "windows"):
            # Before there were windows, a manifest had none.
            found = manifest.get(key, {} if key == "windows" else None)
            if found != self._head[key]:
                raise errors.InternalError(
                    f"{uri} is of another attempt: its {key} is {found}, not {self._head[key]}"
                )

    def _sink(self, name: str, source: str, facts: list[Any]) -> dict[str, Any]:
        parts = [fact for fact in facts if isinstance(fact, StagedPart) and fact.sink == name]
        if not parts:
            raise errors.InternalError(f"step {source} emitted no batch, not even an empty one")
        schema = _unpacked(parts[0].schema)
        for part in parts:
            other = _unpacked(part.schema)
            if not other.equals(schema):
                raise errors.DataError(_disagreement(name, schema, other))
        written = sorted((part for part in parts if part.uri), key=lambda part: str(part.uri))
        if not written:
            written = [self._empty(name, schema)]
        return {
            "rows": sum(part.rows for part in written),
            "bytes": sum(part.size for part in written),
            "schema": described(schema),
            "files": [{"uri": part.uri, "rows": part.rows, "bytes": part.size} for part in written],
        }

    def _empty(self, name: str, schema: Any) -> StagedPart:
        uri = files.join(folder_of(self._staging, name), f"part-{uuid.uuid4().hex}.parquet")
        batch = empty_batch(schema)
        writer = PartWriter(uri, batch)
        writer.write(batch)
        rows, size = writer.close()
        return StagedPart(name, _packed(schema), uri, rows, size)


def described(schema: Any) -> list[dict[str, Any]]:
    """The fields of an Arrow schema, as a manifest has them."""
    return [{"name": field.name, "type": str(field.type), "nullable": field.nullable} for field in schema]


def folder_of(staging: str, sink: str) -> str:
    """Where the rows of a sink are staged: its name, or a hash where that is no plain name."""
    if re.fullmatch("[A-Za-z][A-Za-z0-9_-]*", sink):
        return files.join(staging, sink)
    return files.join(staging, f"sink-{hashlib.sha256(sink.encode()).hexdigest()[:12]}")


def _steps(steps: dict[str, Any], facts: list[Any]) -> dict[str, Any]:
    """Fills in the counts; `inputs` of a transform names the steps whose rows it got."""
    rows = dict.fromkeys(steps, 0)
    sizes = dict.fromkeys(steps, 0)
    for fact in facts:
        if isinstance(fact, Tally):
            rows[fact.step] += fact.rows
            sizes[fact.step] += fact.size
    filled = {}
    for name, step in steps.items():
        shown = {key: value for key, value in step.items() if key != "inputs"}
        inputs = step["inputs"]
        shown["rows_in"] = None if inputs is None else sum(rows[source] for source in inputs)
        shown.update(rows_out=rows[name], rows_rejected=0, bytes_out=sizes[name])
        filled[name] = shown
    return filled


def _written(sink: str, facts: list[Any]) -> dict[str, Any]:
    """What a sink in the job says that it wrote."""
    own = [fact for fact in facts if isinstance(fact, Written) and fact.sink == sink]
    return {"rows": sum(fact.rows for fact in own), "bytes": sum(fact.size for fact in own)}


def _disagreement(sink: str, one: Any, other: Any) -> str:
    differing = [
        f"{name}: {one.field(name).type if name in one.names else 'absent'}"
        f" and {other.field(name).type if name in other.names else 'absent'}"
        for name in dict.fromkeys([*one.names, *other.names])
        if name not in one.names or name not in other.names or one.field(name) != other.field(name)
    ]
    return f"the batches for sink {sink} disagree in their columns: " + (
        "; ".join(differing) or f"the order is {one.names} and {other.names}"
    )


def _packed(schema: Any) -> bytes:
    return bytes(schema.remove_metadata().serialize().to_pybytes())


def _unpacked(schema: bytes) -> Any:
    return pa.ipc.read_schema(pa.py_buffer(schema))


def _globally(value: Any) -> Any:
    return WindowedValue(value, 0, [GlobalWindow()])

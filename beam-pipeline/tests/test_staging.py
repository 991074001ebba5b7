"""Staging: what one sink may be given, and what its manifest says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pytest

from beam_pipeline import errors
from beam_pipeline.staging.staging import StagedPart, Tally, WriteManifest, WriteParts

IDS = pa.RecordBatch.from_pydict({"id": [1, 2]})
TEXTS = pa.RecordBatch.from_pydict({"id": ["1"]})
MORE = pa.RecordBatch.from_pydict({"id": [1], "more": [True]})
TURNED = pa.RecordBatch.from_pydict({"more": [True], "id": [1]})
STEP = {"kind": "source", "module": "files", "row_wise": False, "inputs": None}


def parts_of(folder: Path, *batches: pa.RecordBatch) -> list[StagedPart]:
    """What one bundle with these batches stages."""
    writer = WriteParts("lake", str(folder))
    writer.start_bundle()
    try:
        parts = [part for batch in batches for part in writer.process(batch)]
        return [*parts, *(each.value for each in writer.finish_bundle())]
    finally:
        writer.teardown()


def head() -> dict[str, object]:
    return {
        "version": 1,
        "run_key": "r",
        "attempt": "1",
        "plan_sha256": "p",
        "windows": {},
        "steps": {"ids": STEP},
        "sinks": {"lake": {"input": "ids"}},
    }


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([IDS, TEXTS], "id: int64 and string"),
        ([IDS, MORE], "more: absent and bool"),
        ([MORE, TURNED], r"the order is \['id', 'more'\] and \['more', 'id'\]"),
    ],
)
def test_refuses_batches_of_a_sink_that_disagree_in_their_columns(
    tmp_path: Path, batches: list[pa.RecordBatch], message: str
) -> None:
    for one, other in (batches, [batch.slice(0, 0) for batch in batches]):
        with pytest.raises(errors.DataError, match=f"sink lake disagree in their columns: {message}"):
            parts_of(tmp_path, one, other)
        # Two bundles, on whatever workers: found by who writes the manifest.
        facts = [*parts_of(tmp_path, one), *parts_of(tmp_path, other)]
        with pytest.raises(errors.DataError, match="sink lake disagree in their columns"):
            list(WriteManifest(str(tmp_path), head()).process(None, facts))
    assert not (tmp_path / "manifest.json").exists()


def test_counts_the_rows_of_every_bundle(tmp_path: Path) -> None:
    facts = [
        *parts_of(tmp_path, IDS),
        *parts_of(tmp_path, IDS.slice(0, 0)),
        *parts_of(tmp_path, IDS, IDS),
        Tally("ids", 4, 32),
        Tally("ids", 2, 16),
    ]
    (written,) = WriteManifest(str(tmp_path), head()).process(None, facts)
    manifest = json.loads(Path(written["manifest"]).read_text())
    assert manifest["sinks"]["lake"]["rows"] == 6
    assert [part["rows"] for part in manifest["sinks"]["lake"]["files"]] in ([2, 4], [4, 2])
    assert manifest["steps"]["ids"]["rows_out"] == 6
    assert manifest["steps"]["ids"]["bytes_out"] == 48


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ("run_key", "another"),
        ("attempt", "2"),
        ("plan_sha256", "another"),
        ("windows", {"ids": {"low": "1"}}),
    ],
)
def test_adopts_the_manifest_of_its_own_attempt_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, other: object
) -> None:
    there = b""
    # As in Cloud Storage, where a manifest is created once.
    monkeypatch.setattr("beam_pipeline.storage.files.write_once", lambda _, content: there or content)
    facts = parts_of(tmp_path, IDS)
    there = json.dumps(head()).encode()
    (adopted,) = WriteManifest(str(tmp_path), head()).process(None, facts)
    assert adopted["sha256"] == hashlib.sha256(there).hexdigest()
    there = json.dumps({**head(), key: other}).encode()
    with pytest.raises(errors.InternalError, match=f"of another attempt: its {key}"):
        list(WriteManifest(str(tmp_path), head()).process(None, facts))


def test_needs_at_least_the_columns_of_a_sink(tmp_path: Path) -> None:
    with pytest.raises(errors.InternalError, match="ids emitted no batch"):
        list(WriteManifest(str(tmp_path), head()).process(None, []))

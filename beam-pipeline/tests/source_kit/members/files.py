"""The places of `files`: objects in a Cloud Storage of the tests' own, in each format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from source_kit.members.files_types import DECLARED, INFERRED, PARQUET, Text, csv_of, jsonl_of
from source_kit.place import Access, Capability, TypeCase, Typed

_KINDS = {
    "int64": "bigint",
    "string": "text",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "timestamp[us, tz=UTC]": "timestamptz",
}


class FilesPlace:
    """A folder of a bucket, for one format."""

    def __init__(self, kind: str, bucket: str, endpoint: str, folder: Path) -> None:
        self._kind = kind
        self._bucket = bucket
        self._folder = folder
        address = urlsplit(endpoint)
        self.server = (str(address.hostname), int(address.port or 0))
        self._made = 0

    def access(self, server: tuple[str, int], password: str | None = None) -> Access:
        """By the address of the emulator."""
        host, port = server
        return Access(env={"STORAGE_EMULATOR_HOST": f"http://{host}:{port}"})

    def typed(self) -> Sequence[Typed]:
        """Columns that say their type, and some whose type is inferred."""
        if self._kind == "parquet":
            table = pa.table({
                "i": pa.array([0, 1], pa.int64()), **{f"v{n}": case[2] for n, case in enumerate(PARQUET)}
            })  # fmt: skip
            cases = {
                f"v{place}": TypeCase(kind, arrow, shown)
                for place, (kind, arrow, _, shown) in enumerate(PARQUET)
            }
            return [Typed({"path": self._put([_parquet(table)])}, 2, cases)]
        written = csv_of if self._kind == "csv" else jsonl_of
        declared = {f"v{place}": case.type for place, case in enumerate(DECLARED)}
        found = [self._texts(DECLARED, written(DECLARED), columns={"i": "bigint", **declared})]
        return [*found, self._texts(INFERRED, written(INFERRED))] if self._kind == "csv" else found

    def table(self, rows: pa.Table) -> dict[str, Any]:
        """One file."""
        return self._of([rows])

    def pieces(self, rows: pa.Table, count: int) -> dict[str, Any]:
        """A file for each."""
        bounds = [rows.num_rows * part // count for part in range(count + 1)]
        return self._of([rows.slice(one, two - one) for one, two in pairwise(bounds)])

    def much(self, rows: int, width: int) -> dict[str, Any]:
        """One file."""
        return self._of([pa.table({"id": pa.array(range(1, rows + 1)), "wide": ["x" * width] * rows})])

    def missing(self) -> tuple[dict[str, Any], str]:
        """No file."""
        return {"path": f"{self._bucket}/nowhere.{self._kind}"}, f"nowhere.{self._kind}"

    def sessions(self) -> None:
        """An object is read call by call."""

    def impatient(self, patch: Any) -> None:
        """A call is tried again for two minutes."""
        from google.cloud.storage.retry import DEFAULT_RETRY

        patch.setattr(DEFAULT_RETRY, "_timeout", 1.0)

    def close(self) -> None:
        """Each place has a folder of its own."""

    def _texts(self, cases: list[Text], content: bytes, **parameters: Any) -> Typed:
        columns = {
            f"v{place}": TypeCase(case.type, case.arrow, case.shown(self._kind))
            for place, case in enumerate(cases)
        }
        rows = max(len(case.values) for case in cases) + 1
        return Typed({"path": self._put([content]), **parameters}, rows, columns)

    def _of(self, tables: list[pa.Table]) -> dict[str, Any]:
        written = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}[self._kind]
        path = self._put([written(table) for table in tables])
        columns = {one.name: _KINDS[str(one.type)] for one in tables[0].schema}
        return {"path": path} if self._kind == "parquet" else {"path": path, "columns": columns}

    def _put(self, contents: list[bytes]) -> str:
        from beam_pipeline.storage import gcs

        self._made += 1
        folder = f"{self._bucket}/{self._made}"
        for number, content in enumerate(contents):
            gcs.write(f"{folder}/{number}.{self._kind}", content)
        return f"{folder}/*.{self._kind}"


def _csv(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.csv.WriteOptions(quoting_style="needed")
    pa.csv.write_csv(table, sink, options)
    return bytes(sink.getvalue().to_pybytes())


def _jsonl(table: pa.Table) -> bytes:
    return "".join(
        json.dumps({name: value if isinstance(value, int) else _text(value) for name, value in row.items()})
        + "\n"
        for row in table.to_pylist()
    ).encode()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    # Not packed, and in groups that are not the whole.
    size = 16 if table.num_rows <= 1000 else 2000
    pq.write_table(table, sink, compression="none", use_dictionary=False, row_group_size=size)
    return bytes(sink.getvalue().to_pybytes())


class FilesMember:
    """CSV, JSON Lines and Parquet."""

    denies: Mapping[Capability, str] = {
        "windows": "module `files` cannot read a window of rows",
        "partition": "unknown key",
        "password": "unknown key",
    }
    kinds = ("csv", "jsonl", "parquet")
    listed: Mapping[str, str] = {
        "csv": r"^\| `([^`|]+)` \| `([^`|]+)` \| (?:inferred|declared)",
        "jsonl": r"^\| `([^`|]+)` \| `([^`|]+)` \| (?:inferred|declared)",
        "parquet": r"^\| `([^`|]+)` \| `([^`|]+)` \|$",
    }
    elsewhere: Mapping[str, str] = {}

    def open(self, kind: str, fixture: Callable[[str], Any], folder: Path) -> FilesPlace:
        """A folder of the emulator's bucket."""
        return FilesPlace(kind, fixture("bucket"), fixture("_storage_emulator"), folder)


member = FilesMember()

"""The places of `bigquery`: a dataset of the emulator."""

from __future__ import annotations

import base64
import io
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from beam_pipeline.modules.source.bigquery import pages
from source_kit.place import Access, Capability, TypeCase, Typed

_KINDS = {
    "int64": "INT64",
    "string": "STRING",
    "date32[day]": "DATE",
    "timestamp[us]": "DATETIME",
    "timestamp[us, tz=UTC]": "TIMESTAMP",
}
_DIGITS = "12345678901234567890123456789.123456789"
_STRUCT = "STRUCT<a INT64, b ARRAY<STRING>>"
# Type, its Arrow type, the type in SQL, values in SQL, and as DuckDB shows them.
_TYPES: list[tuple[str, str, str, list[str], list[str]]] = [
    ("BOOL", "bool", "BOOL", ["TRUE"], ["true"]),
    ("INT64", "int64", "INT64", [str(-(2**63))], [str(-(2**63))]),
    (
        "FLOAT64",
        "double",
        "FLOAT64",
        ["0.1", "CAST('NaN' AS FLOAT64)", "CAST('-inf' AS FLOAT64)"],
        ["0.1", "nan", "-inf"],
    ),
    ("NUMERIC", "decimal128(38, 9)", "NUMERIC", [f"NUMERIC '{_DIGITS}'"], [_DIGITS]),
    ("NUMERIC(12, 2)", "decimal128(12, 2)", "NUMERIC(12, 2)", ["NUMERIC '-0.01'"], ["-0.01"]),
    (
        "BIGNUMERIC(20, 15)",
        "decimal128(20, 15)",
        "BIGNUMERIC(20, 15)",
        ["BIGNUMERIC '0.000000000000001'"],
        ["0.000000000000001"],
    ),
    ("STRING", "string", "STRING", ["'Grüße, 世界'", "''"], ["Grüße, 世界", ""]),
    ("BYTES", "binary", "BYTES", [r"b'\x00\xff'"], [r"\x00\xFF"]),
    ("DATE", "date32[day]", "DATE", ["DATE '0001-01-01'"], ["0001-01-01"]),
    ("TIME", "time64[us]", "TIME", ["TIME '23:59:59.999999'"], ["23:59:59.999999"]),
    (
        "DATETIME",
        "timestamp[us]",
        "DATETIME",
        ["DATETIME '2026-02-28 12:34:56.789012'"],
        ["2026-02-28 12:34:56.789012"],
    ),
    (
        "TIMESTAMP",
        "timestamp[us, tz=UTC]",
        "TIMESTAMP",
        ["TIMESTAMP '2026-02-28 12:34:56.789012+09'"],
        ["2026-02-28 03:34:56.789012+00"],
    ),
    ("JSON", "extension<arrow.json>", "JSON", ["""JSON '{"a":[1,null]}'"""], ['{"a":[1,null]}']),
    ("ARRAY<…>", "list<item: …>", "ARRAY<INT64>", ["[1, 2]"], ["[1, 2]"]),
    ("ARRAY<…>", "list<item: …>", "ARRAY<DATE>", ["[DATE '2026-01-31']"], ["[2026-01-31]"]),
    ("STRUCT<…>", "struct<…>", _STRUCT, ["STRUCT(1 AS a, ['x', 'y'] AS b)"], ["{'a': 1, 'b': [x, y]}"]),
]
# Answers are packed on their way: texts of chance stay as long as they are, as far as that is quick.
_MOST_TO_MIX = 32 << 20
# What `…` stands for here.
_INNER = {
    "ARRAY<INT64>": "list<item: int64>",
    "ARRAY<DATE>": "list<item: date32[day]>",
    _STRUCT: "struct<a: int64, b: list<item: string>>",
}


class BigqueryPlace:
    """A dataset of its own."""

    def __init__(self, client: Any, dataset: str, endpoint: str) -> None:
        self._client = client
        self._dataset = dataset
        address = urlsplit(endpoint)
        self.server = (str(address.hostname), int(address.port or 0))
        self._ranges_of = pages.ranges_of

    def access(self, server: tuple[str, int], password: str | None = None) -> Access:
        """By the address of the emulator."""
        host, port = server
        return Access(env={"BIGQUERY_EMULATOR_HOST": f"http://{host}:{port}"})

    def typed(self) -> Sequence[Typed]:
        """One table."""
        columns = {f"v{place}": found for place, found in enumerate(_TYPES)}
        table = self._new()
        rows = max(len(values) for *_, values, _ in _TYPES) + 1
        types = ", ".join(["i INT64", *(f"{name} {sql}" for name, (_, _, sql, _, _) in columns.items())])
        self._run(f"CREATE TABLE {table} ({types})")
        for row in range(rows):
            given = {name: values[row] for name, (*_, values, _) in columns.items() if row < len(values)}
            names = "".join(f", {name}" for name in given)
            texts = "".join(f", {value}" for value in given.values())
            self._run(f"INSERT INTO {table} (i{names}) VALUES ({row}{texts})")
        cases = {
            name: TypeCase(kind, arrow, shown, None, "[]" if kind == "ARRAY<…>" else None, _INNER.get(sql))
            for name, (kind, arrow, sql, _, shown) in columns.items()
        }
        return [Typed(self._whole(table), rows, cases)]

    def table(self, rows: pa.Table) -> dict[str, Any]:
        """A table."""
        table = self._new()
        columns = ", ".join(f"{field.name} {_KINDS[str(field.type)]}" for field in rows.schema)
        self._run(f"CREATE TABLE {table} ({columns})")
        for row in rows.to_pylist():
            self._run(f"INSERT INTO {table} VALUES ({', '.join(_literal(value) for value in row.values())})")
        return self._whole(table)

    def pieces(self, rows: pa.Table, count: int) -> dict[str, Any]:
        """By the numbers of the rows, which are too few to be split by themselves."""

        def split(table: Any, schema: Any, rows: int, workers: int) -> list[pages.Range]:
            found = self._ranges_of(table, schema, rows, workers)
            bounds = [rows * part // count for part in range(count + 1)]
            return [
                pages.Range(whole.table, whole.fields, start, end - start)
                for whole in found
                for start, end in pairwise(bounds)
            ]

        pages.ranges_of = split
        return self.table(rows)

    def much(self, rows: int, width: int) -> dict[str, Any]:
        """A table."""
        from google.cloud.bigquery import LoadJobConfig

        table = self._new()
        sink = io.BytesIO()
        chance = random.Random(5)
        text = "x" * width
        with pq.ParquetWriter(sink, pa.schema([("id", pa.int64()), ("wide", pa.string())])) as writer:
            for start in range(1, rows + 1, 100):
                ids = range(start, min(start + 100, rows + 1))
                if rows * width <= _MOST_TO_MIX:
                    wide = [base64.b64encode(chance.randbytes(width))[:width].decode() for _ in ids]
                else:
                    wide = [text] * len(ids)
                writer.write_table(pa.table({"id": pa.array(ids, pa.int64()), "wide": wide}))
        sink.seek(0)
        job = LoadJobConfig(source_format="PARQUET")
        self._client.load_table_from_file(sink, table, job_config=job).result()
        return self._whole(table)

    def missing(self) -> tuple[dict[str, Any], str]:
        """No table."""
        return self._whole(f"{self._dataset}.nowhere"), "nowhere"

    def sessions(self) -> None:
        """A result is a table; who reads it has no session."""

    def impatient(self, patch: Any) -> None:
        """A call is tried again for a minute."""
        from google.cloud.bigquery import DEFAULT_RETRY

        patch.setattr("beam_pipeline.storage.bigquery.RETRY_SECONDS", 1)
        patch.setattr(DEFAULT_RETRY, "_timeout", 1.0)

    def close(self) -> None:
        """Lets reads be as they were."""
        pages.ranges_of = self._ranges_of

    def _new(self) -> str:
        return f"{self._dataset}.t{uuid.uuid4().hex[:8]}"

    def _whole(self, table: str) -> dict[str, Any]:
        return {"project": "test", "table": table}

    def _run(self, statement: str) -> None:
        self._client.query_and_wait(statement)


def _literal(value: Any) -> str:
    if value is None or isinstance(value, int):
        return "NULL" if value is None else str(value)
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    kind = "DATE" if not hasattr(value, "hour") else "DATETIME" if value.tzinfo is None else "TIMESTAMP"
    return f"{kind} '{value}'"


class BigqueryMember:
    """BigQuery, through its REST API."""

    denies: Mapping[Capability, str] = {
        "partition": "unknown key",
        "password": "unknown key",
    }
    kinds = ("emulator",)
    listed: Mapping[str, str] = {}
    elsewhere: Mapping[str, str] = {
        "BIGNUMERIC": "of 76 digits, which DuckDB and so the emulator has not: `bigquery/test_types.py`",
        "GEOGRAPHY": "of which the emulator knows nothing: `bigquery/test_types.py`",
    }

    def open(self, kind: str, fixture: Callable[[str], Any], folder: Path) -> BigqueryPlace:
        """The tests' emulator."""
        return BigqueryPlace(fixture("bigquery"), fixture("dataset"), fixture("_bigquery_emulator"))


member = BigqueryMember()

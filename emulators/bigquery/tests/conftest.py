"""One pair of emulators for each file of tests."""

from __future__ import annotations

import dataclasses
import io
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.cloud import bigquery

from serving import emulator, storage


@dataclasses.dataclass(frozen=True)
class World:
    """A client of an emulator, and a bucket that the emulator can read."""

    client: Any
    bucket: Any
    endpoint: str

    def dataset(self) -> str:
        """A new dataset."""
        name = f"d{uuid.uuid4().hex[:12]}"
        self.client.create_dataset(name)
        return name

    def put(self, content: bytes | pa.Table | list[dict[str, Any]], name: str | None = None) -> str:
        """Puts bytes, a Parquet file, or lines of JSON into the bucket; gives the URI."""
        name = name or uuid.uuid4().hex
        if isinstance(content, pa.Table):
            stream = io.BytesIO()
            pq.write_table(content, stream)
            content = stream.getvalue()
        elif isinstance(content, list):
            content = "\n".join(map(json.dumps, content)).encode()
        self.bucket.blob(name).upload_from_string(content)
        return f"gs://b/{name}"

    def load(self, source: Any, table: str, job_id: str | None = None, **options: Any) -> Any:
        """Loads what `put` takes, or URIs, and waits."""
        form = "PARQUET"
        if isinstance(source, list) and source and isinstance(source[0], dict):
            form = "NEWLINE_DELIMITED_JSON"
        is_uri = isinstance(source, str) or (
            isinstance(source, list) and source and isinstance(source[0], str)
        )
        uris = source if is_uri else self.put(source)
        config = bigquery.LoadJobConfig(**{"source_format": form, **options})
        job = self.client.load_table_from_uri(uris, f"p.{table}", job_id=job_id, job_config=config)
        return job.result()

    def query(self, sql: str, **options: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        config = bigquery.QueryJobConfig(**options)
        rows = self.client.query(sql, job_config=config, job_retry=None).result()
        return [tuple(row.values()) for row in rows]

    def schema(self, table: str) -> list[tuple[str, str, str]]:
        """Names, types and modes of a table's columns."""
        fields = self.client.get_table(f"p.{table}").schema
        return [(field.name, field.field_type, field.mode) for field in fields]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with storage(tmp_path_factory.mktemp("storage")) as (endpoint, bucket):
        folder = tmp_path_factory.mktemp("bigquery")
        with emulator(folder, STORAGE_EMULATOR_HOST=endpoint) as served:
            yield World(served.client(), bucket, served.endpoint)


@pytest.fixture
def dataset(world: World) -> str:
    return world.dataset()

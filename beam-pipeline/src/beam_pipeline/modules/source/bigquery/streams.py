"""Reads a table through the Storage Read API: several streams of Arrow, all as of one moment."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from beam_pipeline.modules.source.bigquery.connection import failures
from beam_pipeline.storage import bigquery

# What a logical view, or a table outside BigQuery, is not.
READABLE = ("TABLE", "SNAPSHOT", "CLONE")


@dataclass(frozen=True)
class Stream:
    """One stream of a session, which may be read from any machine for some hours.

    Attributes:
        name: As the service calls it.
        schema: The Arrow schema of its batches, serialised.
    """

    name: str
    schema: bytes


def open_streams(project: str, table: Any, most: int) -> list[Stream] | None:
    """Opens a session on a table.

    Args:
        project: The project that pays for the reading.
        table: A `google.cloud.bigquery.TableReference`.
        most: How many streams there may be; an empty table has none.

    Returns:
        None where there is no such API: on an emulator, or where it may not be used.

    Raises:
        BeamlineError: Classified.
    """
    from google.api_core import exceptions

    with failures.named(project):
        client = bigquery.open_read_client()
        if client is None:
            return None
        try:
            session = client.create_read_session(
                parent=f"projects/{project}",
                read_session=_request(table),
                max_stream_count=most,
                timeout=bigquery.CALL_SECONDS,
            )
        except exceptions.PermissionDenied as error:
            # Not every account that may run queries has it (bigquery.readsessions.create).
            logging.getLogger(__name__).warning(
                "The Storage Read API may not be used, so rows are read page by page, slower: %s",
                error.message,
            )
            return None
    return [Stream(stream.name, session.arrow_schema.serialized_schema) for stream in session.streams]


def batches(project: str, stream: Stream) -> Iterator[Any]:
    """Yields the record batches of a stream, in the service's own types.

    The client goes on where a connection broke.
    """
    client = bigquery.open_read_client()
    assert client is not None
    schema = pa.ipc.read_schema(pa.py_buffer(stream.schema))
    with failures.named(project):
        for message in client.read_rows(stream.name):
            content = message.arrow_record_batch.serialized_record_batch
            yield pa.ipc.read_record_batch(pa.py_buffer(content), schema)


def _request(table: Any) -> Any:
    from google.cloud.bigquery_storage_v1 import types

    return types.ReadSession(
        table=f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}",
        data_format=types.DataFormat.ARROW,
        read_options=types.ReadSession.TableReadOptions(
            arrow_serialization_options=types.ArrowSerializationOptions(
                buffer_compression=types.ArrowSerializationOptions.CompressionCodec.LZ4_FRAME
            )
        ),
    )

"""Reads a table that nobody changes page by page, through the REST API: by ranges of row numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from beam_pipeline.errors import ConnectionLost
from beam_pipeline.modules.source.bigquery.columns import convert
from beam_pipeline.modules.source.bigquery.columns.types import Column
from beam_pipeline.modules.source.bigquery.connection import failures
from beam_pipeline.storage import bigquery

# A page takes a call; below this, another range costs more than it saves.
_LEAST_ROWS = 20_000
_RANGE_ROWS = 200_000
_MOST_RANGES = 1_000
_PAGE_ROWS = 50_000
PAGE_BYTES = 8 << 20
# Nothing is known of the first rows; the next page may be larger by so much.
_FIRST_ROWS = 100
_GROWTH = 16


@dataclass(frozen=True)
class Range:
    """Rows of a table, by their numbers.

    Attributes:
        table: `project.dataset.table`.
        fields: The table's schema, in the API's JSON form.
        start: Number of the first row, from 0.
        count: Number of rows.
    """

    table: str
    fields: tuple[Any, ...]
    start: int
    count: int


def ranges_of(table: Any, schema: Sequence[Any], rows: int, workers: int) -> list[Range]:
    """Splits the rows of a table; no rows are no range."""
    most = min(max(workers * 4, rows // _RANGE_ROWS), _MOST_RANGES)
    parts = min(most, -(-rows // _LEAST_ROWS))
    bounds = [rows * part // parts for part in range(parts + 1)] if parts else [0]
    name, fields = f"{table.project}.{table.dataset_id}.{table.table_id}", tuple(_texts(schema))
    return [Range(name, fields, start, end - start) for start, end in pairwise(bounds)]


def batches(client: Any, part: Range, columns: Sequence[Column]) -> Iterator[Any]:
    """Yields the rows of a range as record batches in the columns' types.

    How many rows are asked for at a time follows the bytes of those before: a page is held as a whole.
    """
    from google.cloud.bigquery import SchemaField, Table

    # With every field as text, the client hands values over as they were sent, and parses none.
    table = Table(part.table, [SchemaField.from_api_repr(field) for field in part.fields])
    end = part.start + part.count
    at, wanted = part.start, _FIRST_ROWS
    while at < end:
        with failures.named(client.project):
            listed = client.list_rows(
                table,
                start_index=at,
                max_results=min(wanted, end - at),
                page_size=min(wanted, end - at),
                retry=bigquery.retry(),
                timeout=bigquery.CALL_SECONDS,
            )
            # The first page that has rows, and no other: the service cuts pages by bytes, too.
            rows = next((found for page in listed.pages if (found := [row.values() for row in page])), [])
        if not rows:
            raise ConnectionLost(
                f"BigQuery handed out {at - part.start} of {part.count} rows of {part.table}"
            )
        batch = convert.from_texts(rows, columns)
        at += len(rows)
        most = PAGE_BYTES * len(rows) // max(1, batch.nbytes)
        wanted = max(1, min(most, wanted * _GROWTH, _PAGE_ROWS))
        yield batch


def _texts(schema: Sequence[Any]) -> list[dict[str, Any]]:
    fields = []
    for field in schema:
        shown = {"name": field.name, "mode": field.mode, "type": "STRING"}
        if field.field_type.upper() in ("RECORD", "STRUCT"):
            shown |= {"type": "RECORD", "fields": _texts(field.fields)}
        fields.append(shown)
    return fields

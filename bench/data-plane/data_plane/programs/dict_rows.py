"""The design that Beamline replaces: one DoFn reads every row as a dict, and rows travel through Beam.

Usage: dict_rows TABLE OUT json|parquet. `BENCH_DATABASE` holds the server's address as JSON.
"""

from __future__ import annotations

import datetime
import decimal
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("customer_id", pa.int32()),
        ("name", pa.string()),
        ("email", pa.string()),
        ("amount", pa.decimal128(12, 2)),
        ("score", pa.float64()),
        ("active", pa.bool_()),
        ("created", pa.date32()),
        ("updated_at", pa.timestamp("us")),
        ("note", pa.string()),
    ]
)


class ReadDicts(beam.DoFn):
    """Runs a query and yields its rows."""

    def process(self, query: str) -> Iterator[dict[str, Any]]:
        """Yields one dict for each row."""
        import psycopg2
        import psycopg2.extras

        address = json.loads(os.environ["BENCH_DATABASE"])
        connection = psycopg2.connect(address["url"])
        with connection, connection.cursor(cursor_factory=psycopg2.extras.DictCursor) as cursor:
            cursor.execute(query)
            for row in cursor:
                yield dict(row)
        connection.close()


def main(table: str, out: str, form: str) -> None:
    """Copies the table and prints how long Beam ran."""
    logging.basicConfig(level=logging.ERROR)
    pipeline = beam.Pipeline(options=PipelineOptions([f"--runner={RUNNER}"]))
    rows = pipeline | beam.Create([f"SELECT * FROM {table}"]) | beam.ParDo(ReadDicts())
    if form == "json":
        _ = rows | beam.Map(_as_json) | beam.io.WriteToText(f"{out}/part", file_name_suffix=".json")
    else:
        _ = rows | beam.io.WriteToParquet(f"{out}/part", SCHEMA, codec="snappy", file_name_suffix=".parquet")
    started = time.monotonic()
    pipeline.run().wait_until_finish()
    print(json.dumps({"inside": time.monotonic() - started}))


def _as_json(row: dict[str, Any]) -> str:
    return json.dumps(row, default=_plain)


def _plain(value: decimal.Decimal | datetime.date) -> str:
    return str(value) if isinstance(value, decimal.Decimal) else value.isoformat()


if __name__ == "__main__":
    main(*sys.argv[1:])

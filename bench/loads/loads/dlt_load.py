"""Loads one Parquet file with dlt: `python -m loads.dlt_load FOLDER TABLE FILE DISPOSITION [STRATEGY]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import dlt
import pyarrow.parquet as pq


def main() -> None:
    """Loads the file as Arrow batches, which is dlt's quickest way."""
    folder, table, path, disposition, *strategy = sys.argv[1:]
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

    def rows() -> Iterator[Any]:
        yield from pq.ParquetFile(path).iter_batches(batch_size=1_000_000)

    how: Any = {"disposition": "merge", "strategy": strategy[0]} if disposition == "merge" else disposition
    resource = dlt.resource(rows, name=table, write_disposition=how, primary_key="id" if strategy else None)
    pipeline = dlt.pipeline(
        pipeline_name=f"bench_{table}",
        pipelines_dir=f"{folder}/dlt",
        destination=dlt.destinations.duckdb(f"{folder}/{table}.duckdb"),
        dataset_name="bench",
    )
    pipeline.run(resource, loader_file_format="parquet").raise_on_failed_jobs()


if __name__ == "__main__":
    main()

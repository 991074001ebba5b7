"""Copies a table to Parquet files with dlt.

Usage: dlt_copy TABLE OUT connectorx|pyarrow [RANGES]. `BENCH_DATABASE` holds the server's address as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def main(table: str, out: str, backend: str, ranges: str | None = None) -> None:
    """Copies the table and prints how long the pipeline took."""
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    import dlt
    from dlt.sources.sql_database import sql_table

    address = json.loads(os.environ["BENCH_DATABASE"])
    driver = {"postgres": "postgresql+psycopg2", "mariadb": "mysql+pymysql"}[address["kind"]]
    options: dict[str, Any] = {"backend_kwargs": {"return_type": "arrow"}} if backend == "connectorx" else {}
    if ranges is not None:
        options["backend_kwargs"] |= {"partition_on": "id", "partition_num": int(ranges)}
    started = time.monotonic()
    source = sql_table(
        f"{driver}://{address['url'].split('://', 1)[1]}",
        table=table,
        backend=backend,
        chunk_size=100_000,
        **options,
    )
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.filesystem(f"file://{out}/lake"),
        dataset_name="bench",
        pipelines_dir=f"{out}/state",
    )
    pipeline.run(source, loader_file_format="parquet").raise_on_failed_jobs()
    print(json.dumps({"inside": time.monotonic() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])

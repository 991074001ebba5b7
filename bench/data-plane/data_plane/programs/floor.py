"""The floor: DuckDB alone copies a table to Parquet, with its scanner extension.

Usage: floor TABLE OUT. `BENCH_DATABASE` holds the server's address as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path


def main(table: str, out: str) -> None:
    """Copies the table and prints how long the copy took."""
    import duckdb

    address = json.loads(os.environ["BENCH_DATABASE"])
    kind, names = {
        "postgres": ("postgres", ("host", "port", "user", "password", "dbname")),
        "mariadb": ("mysql", ("host", "port", "user", "password", "database")),
    }[address["kind"]]
    address["dbname"] = address["database"]
    where = " ".join(f"{name}={address[name]}" for name in names)
    started = time.monotonic()
    connection = duckdb.connect()
    connection.execute(f"LOAD '{_extension(f'{kind}_scanner')}'")
    connection.execute(f"ATTACH '{where}' AS server (TYPE {kind}, READ_ONLY)")
    schema = "" if kind == "postgres" else f"{address['database']}."
    copied = connection.execute(
        f"COPY (SELECT * FROM server.{schema}{table}) TO '{out}/part.parquet' (FORMAT parquet)"
    ).fetchone()
    print(json.dumps({"rows": copied[0] if copied else 0, "inside": time.monotonic() - started}))


def _extension(name: str) -> Path:
    package = import_module(f"duckdb_extension_{name}")
    assert package.__file__ is not None
    return next(Path(package.__file__).parent.rglob(f"{name}.duckdb_extension"))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The rows that are loaded."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class File:
    """A Parquet file and how many rows it has."""

    path: Path
    rows: int


def write(path: Path, ids: str, note: str = "as it was") -> File:
    """Writes rows in a process of its own: a program that is measured later inherits no memory.

    Args:
        path: Where to.
        ids: SQL that selects the `id` of each row.
        note: Text of every row.
    """
    source = [sys.executable, "-m", "loads.data", str(path), ids, note]
    return File(path, int(subprocess.check_output(source, text=True)))


def _write(path: str, ids: str, note: str) -> None:
    with duckdb.connect() as connection:
        written = connection.execute(
            f"""
            COPY (
                SELECT id, 'customer ' || (id % 100000) AS customer,
                    ((id * 7919) % 10000000 / 100)::DECIMAL(12, 2) AS amount,
                    TIMESTAMP '2026-01-01 00:00:00' + INTERVAL (id % 31536000) SECOND AS updated_at,
                    '{note}' AS note
                FROM ({ids})
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)
            """
        ).fetchone()
    print(written[0] if written else 0)


if __name__ == "__main__":
    _write(*sys.argv[1:])

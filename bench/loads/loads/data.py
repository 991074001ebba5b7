"""The rows that are loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class File:
    """A Parquet file and how many rows it has."""

    path: Path
    rows: int


def write(path: Path, first: int, count: int, note: str = "as it was") -> File:
    """Writes `count` rows whose ids begin with `first`."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            COPY (
                SELECT id, 'customer ' || (id % 100000) AS customer,
                    ((id * 7919) % 10000000 / 100)::DECIMAL(12, 2) AS amount,
                    TIMESTAMP '2026-01-01 00:00:00' + INTERVAL (id % 31536000) SECOND AS updated_at,
                    '{note}' AS note
                FROM range({first}, {first + count}) AS numbers(id)
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)
            """
        )
    return File(path, count)

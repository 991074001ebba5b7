"""Many columns, and values that are too long, of a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import DataError
from peak_memory import growth
from running import Staged, plan_of

MANY_COLUMNS = ", ".join(f"repeat('{number % 10}', 1000) AS c{number}" for number in range(1000))


def source(query: str) -> dict[str, Any]:
    return plan_of({"rows": {"module": "postgres", "profile": "pg", "query": query}})


def test_memory_is_a_part_of_what_many_columns_are(sql: Any, profiles: Path, tmp_path: Path) -> None:
    rows, megabytes = 250, 250
    assert (
        growth(
            source(f"SELECT n AS id, {MANY_COLUMNS} FROM generate_series(1, {rows}) AS n"), tmp_path, profiles
        )
        < megabytes / 1.6
    )
    staged = Staged(tmp_path / "staging")
    assert staged.query("SELECT count(DISTINCT id) FROM t") == [(rows,)]
    assert staged.manifest["steps"]["rows"]["bytes_out"] > megabytes * 1_000_000


def test_a_value_that_is_too_long_is_refused(
    sql: Any, in_process: Any, profiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beam_pipeline.sql.cells.MAX_CELL_BYTES", 1_000_000)
    for value in ("repeat('x', {})", "repeat('x', {})::bytea", "to_jsonb(repeat('x', {} - 2))"):
        longer = value.format("CASE n WHEN 3 THEN 1000001 ELSE 1000000 END")
        query = f"SELECT n AS id, {longer} AS wide FROM generate_series(1, {{}}) AS n"
        assert in_process.run(source(query.format(2)), profiles).query("SELECT count(*) FROM t") == [(2,)]
        with pytest.raises(
            DataError, match="column `wide` holds a value of 1,000,001 bytes, and the longest"
        ):
            in_process.run(source(query.format(5)), profiles)

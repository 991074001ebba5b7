"""Many columns, and values that are too long, of a real MariaDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import DataError
from peak_memory import growth
from running import Staged, plan_of


def source(query: str) -> dict[str, Any]:
    return plan_of({"rows": {"module": "mysql", "profile": "my", "query": query}})


MANY_COLUMNS = ", ".join(f"REPEAT('{number % 10}', 1000) AS c{number}" for number in range(1000))


def test_memory_is_a_part_of_what_many_columns_are(mysql: Any, my_profiles: Path, tmp_path: Path) -> None:
    rows, megabytes = 250, 250
    assert (
        growth(source(f"SELECT seq AS id, {MANY_COLUMNS} FROM seq_1_to_{rows}"), tmp_path, my_profiles)
        < megabytes / 1.6
    )
    staged = Staged(tmp_path / "staging")
    assert staged.query("SELECT count(DISTINCT id) FROM t") == [(rows,)]
    assert staged.manifest["steps"]["rows"]["bytes_out"] > megabytes * 1_000_000


def test_a_value_that_is_too_long_is_refused(
    mysql: Any, in_process: Any, my_profiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beam_pipeline.sql.cells.MAX_CELL_BYTES", 1_000_000)
    for kind in ("", "_binary "):
        query = "SELECT seq AS id, REPEAT({}'x', IF(seq = 3, 1000001, 1000000)) AS wide FROM seq_1_to_{}"
        assert in_process.run(source(query.format(kind, 2)), my_profiles).query("SELECT count(*) FROM t") == [
            (2,)
        ]
        with pytest.raises(
            DataError, match="column `wide` holds a value of 1,000,001 bytes, and the longest"
        ):
            in_process.run(source(query.format(kind, 5)), my_profiles)

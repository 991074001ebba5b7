"""Reads every row of the types tables in README.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.errors import DataError
from running import InProcess, plan_of


@pytest.mark.parametrize("kind", [pa.decimal256(50, 2), pa.duration("us")], ids=str)
def test_a_type_of_parquet_without_a_counterpart(kind: Any, in_process: InProcess, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"v": pa.nulls(1, kind)}), path)
    with pytest.raises(DataError, match=rf"a.parquet: column `v` is {re.escape(str(kind))}: "):
        in_process.run(plan_of({"rows": {"module": "files", "path": str(path)}}))

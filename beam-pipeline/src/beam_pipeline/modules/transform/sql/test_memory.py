"""Memory: what runs at once on one machine stays within the limit of the step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from beam_pipeline.attempt import launch
from beam_pipeline.attempt.execute import _at_once
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.at_once import AtOnce
from beam_pipeline.sql_engine.room import Room, divided
from running import BUNDLE_BASED, FN_API, InProcess, Staged, plan_of

# What DuckDB says of 120 MB, and of 60, 40 and 30.
WHOLE, HALF, THIRD, QUARTER = "114.4 MiB", "57.2 MiB", "38.1 MiB", "28.6 MiB"
LIMITS = "SELECT DISTINCT current_setting('memory_limit') AS m FROM numbers"
KEY = {"scope": "key", "partition_by": ["n"]}


@pytest.fixture
def run(tmp_path: Path, in_process: InProcess) -> Any:
    """Runs one `sql` step over `numbers`."""

    def go(sql: str, *options: str, table: Any = None, **parameters: Any) -> Staged:
        path = tmp_path / "numbers.parquet"
        numbers = pa.table({"n": range(200_000)}) if table is None else table
        pq.write_table(numbers, path, row_group_size=50_000)
        step = {"module": "sql", "inputs": ["numbers"], "sql": sql, **parameters}
        plan = plan_of({"numbers": {"module": "files", "path": str(path)}}, {"out_of_sql": step})
        return in_process.run(plan, None, options)

    return go


def workers(count: int, mode: str = "multi_threading") -> tuple[str, ...]:
    return (f"--runner={FN_API}", f"--direct_running_mode={mode}", f"--direct_num_workers={count}")


@pytest.mark.parametrize(
    ("options", "parameters", "limit"),
    [
        (workers(2), {"scope": "batch"}, HALF),
        (workers(4), {"scope": "batch"}, QUARTER),
        (workers(2, "multi_processing"), {"scope": "batch"}, HALF),
        (workers(2), {**KEY, "partitions": 8}, HALF),
        (workers(2, "multi_processing"), {**KEY, "partitions": 8}, HALF),
        # No more run at once than there are.
        (workers(4), {**KEY, "partitions": 3}, THIRD),
        (workers(2), {**KEY, "partitions": 1}, WHOLE),
        (workers(2), {"scope": "all"}, WHOLE),
        ((f"--runner={BUNDLE_BASED}", "--direct_num_workers=2"), {"scope": "batch"}, WHOLE),
    ],
)
def test_queries_that_run_at_once_here_share_the_limit(
    options: tuple[str, ...], parameters: dict[str, Any], limit: str, run: Any
) -> None:
    staged = run(LIMITS, *options, memory_limit="120MB", **parameters)
    assert staged.query("SELECT DISTINCT m FROM t") == [(limit,)]


@pytest.mark.parametrize(
    ("runner", "given", "at_once"),
    [(FN_API, 3, 3), (FN_API, 0, 6), (BUNDLE_BASED, 3, 1), ("PrismRunner", 1, 6)],
)
def test_what_runs_at_once_on_a_runner_of_this_machine(
    runner: str, given: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert _at_once(runner, given).here() == at_once


@pytest.mark.parametrize(
    ("options", "at_once"),
    [
        ([], 6),
        (["--number_of_worker_harness_threads=4"], 24),
        (["--number_of_worker_harness_threads=4", "--experiments=no_use_multiple_sdk_containers"], 4),
        # The service still makes a thread for each processor.
        (["--experiments=no_use_multiple_sdk_containers"], 6),
        (["--number_of_worker_harness_threads=1", "--experiments=use_runner_v2"], 6),
    ],
)
def test_what_runs_at_once_on_a_worker_of_dataflow(
    options: list[str], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processors are those of the machine that it comes to."""
    found = launch.at_once(PipelineOptions(options))
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert found.here() == at_once


def test_queries_that_run_at_once_share_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8))
    four = AtOnce(threads=4, processes=1)
    assert [
        Room(four, "", None).threads_of_one(),
        Room(four, "", None, queries=1).threads_of_one(),
        Room(four, "", 3).threads_of_one(),
        Room(AtOnce(threads=99, processes=1), "", None).threads_of_one(),
    ] == [2, 8, 3, 1]


@pytest.mark.parametrize(
    ("limit", "share", "part"),
    [
        ("1GB", 1, "1GB"),
        ("1GB", 24, "41.667MB"),
        ("2.5 GiB", 2, "1.25GiB"),
        ("1GiB", 4, "256MiB"),
        ("3KB", 8, "0.375KB"),
    ],
)
def test_a_part_of_a_limit(limit: str, share: int, part: str) -> None:
    assert divided(limit, share) == part


def test_too_little_of_a_shared_limit_is_named(run: Any) -> None:
    sql = "SELECT list(n) AS l, list(n::text || repeat('x', 50)) AS m FROM numbers"
    problem = r"its limit of 5MB \(`memory_limit` is 10MB, and 2 queries of the step may run at once on this"
    with pytest.raises((ConfigError, RuntimeError), match=problem):
        run(sql, *workers(2), memory_limit="10MB", scope="batch")


def test_a_batch_goes_to_disk_where_it_does_not_fit(run: Any) -> None:
    table = pa.table({"n": range(50_000), "s": [f"{n * 7919 % 50_021:0200d}" for n in range(50_000)]})
    sql = "SELECT n, s || i AS s FROM numbers, range(8) r(i) ORDER BY 2"
    staged = run(sql, table=table, scope="batch", memory_limit="50MB")
    assert staged.query("SELECT count(*), count(DISTINCT n) FROM t") == [(400_000, 50_000)]

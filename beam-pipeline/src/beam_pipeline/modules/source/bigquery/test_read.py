"""Reads queries and tables from a stand-in of BigQuery."""

from __future__ import annotations

from typing import Any

from running import plan_of


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"rows": {"module": "bigquery", "project": "test", **parameters}})


def test_a_query_is_read_whole(bigquery: Any, in_process: Any) -> None:
    query = "SELECT * FROM `bigquery-public-data.samples.shakespeare` LIMIT 100;"
    staged = in_process.run(source(query=query))
    assert staged.query("SELECT count(*) FROM t") == [(100,)]
    assert staged.schema()

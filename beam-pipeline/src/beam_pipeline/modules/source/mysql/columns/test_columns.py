"""The columns of a source are known, and what follows is checked, before a row is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import SqlError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.mysql import stream
from beam_pipeline.modules.source.mysql.params import MysqlParams
from beam_pipeline.modules.source.mysql.read import ReadFromMysql
from running import plan_of

ORDERS = "SELECT 1 AS id, CAST('1.50' AS DECIMAL(10, 2)) AS price, TIMESTAMP '2024-01-01 00:00:00' AS at"

TYPES = """
    SELECT CAST(1 AS UNSIGNED) AS id, 'a' AS name, 1e0 AS ratio, DATE '2024-01-01' AS day, JSON_OBJECT('a', 1) AS doc,
        TIME '10:00:00' AS hour, TIMESTAMP '2024-01-01 00:00:00' AS at, x'00' AS bits, 1 AS `long`
"""


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are read."""
    begun: list[str] = []
    batches = stream.batches

    def noticed(connection: Any, window: Any, query: str, *more: Any) -> Any:
        begun.append(query)
        return batches(connection, window, query, *more)

    monkeypatch.setattr(stream, "batches", noticed)
    return begun


def orders(**parameters: Any) -> dict[str, Any]:
    return {"orders": {"module": "mysql", "profile": "my", **parameters}}


def test_a_wrong_column_is_found_before_a_row_is_read(
    reads: list[str], in_process: Any, my_profiles: Path
) -> None:
    step = {"module": "sql", "inputs": ["orders"], "sql": "SELECT pryce FROM orders"}
    with pytest.raises(SqlError, match=r'(?s)"pryce" not found.*SELECT pryce') as caught:
        in_process.run(plan_of(orders(query=ORDERS), {"slim": step}), my_profiles)
    assert caught.value.step == "slim"
    assert reads == []
    right = step | {"sql": "SELECT price FROM orders"}
    assert in_process.run(plan_of(orders(query=ORDERS), {"slim": right}), my_profiles).query("FROM t")
    assert len(reads) == 1


@pytest.mark.parametrize(
    "parameters",
    [
        {"query": TYPES, "as_text": ["day", "long"]},
        {"query": f"{ORDERS}\n--sep--\n{ORDERS}"},
        {"table": "information_schema.COLLATIONS"},
    ],
    ids=["types", "queries", "table"],
)
def test_the_columns_that_are_told_are_those_that_are_read(
    parameters: dict[str, Any], in_process: Any, my_profiles: Path, tmp_path: Path
) -> None:
    context = StepContext("orders", "test", "sources[0]", str(my_profiles), str(tmp_path), True, 2)
    told = ReadFromMysql(MysqlParams(profile="my", **parameters), context).schema()
    staged = in_process.run(plan_of(orders(**parameters)), my_profiles)
    assert {field.name: str(field.type) for field in told} == staged.schema()

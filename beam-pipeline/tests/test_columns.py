"""The columns of each step are known, and checked, before a row is read."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from beam_pipeline.asked import columns
from beam_pipeline.errors import ConfigError, ConnectionLost, SqlError
from beam_pipeline.modules import columns_check
from beam_pipeline.modules.source.postgres.connection import session
from running import plan_of

TYPES = """
    SELECT 1 AS id, 'a' AS name, 1.50::numeric(10, 2) AS price, now() AS at, now()::timestamp AS local,
        '{"a": 1}'::jsonb AS doc, gen_random_uuid() AS key, ARRAY[1, 2] AS list, current_date AS day
"""


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reads that are begun."""
    begun: list[str] = []
    open_stream = session.open_stream

    def noticed(connection: Any, application: str, snapshot: str | None) -> Any:
        begun.append(application)
        return open_stream(connection, application, snapshot)

    monkeypatch.setattr(session, "open_stream", noticed)
    return begun


def orders(query: str = "SELECT 1 AS id, 'a' AS name") -> dict[str, dict[str, Any]]:
    return {"orders": {"module": "postgres", "profile": "pg", "query": query}}


def told(plan: dict[str, Any], profiles: Path, tmp_path: Path, capsys: Any) -> tuple[int, Any]:
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    code = columns.main([f"--plan={tmp_path / 'plan.json'}", f"--profiles={profiles}"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ({"module": "sql", "sql": "SELECT idd FROM orders"}, '"idd" not found.*SELECT idd'),
        ({"module": "sql", "scope": "batch", "sql": "SELECT idd FROM orders"}, '"idd" not found'),
        (
            {"module": "sql", "scope": "key", "partition_by": ["naem"], "sql": "SELECT id FROM orders"},
            "`naem`; did you mean `name`",
        ),
        ({"module": "sql", "sql": "SELECT list_sum(id) FROM orders"}, "transform slim"),
        ({"module": "beamsql", "sql": "SELECT idd FROM orders"}, '"idd" not found'),
        ({"module": "select", "columns": ["idd"]}, "no column `idd`; did you mean `id`"),
        ({"module": "timezone", "columns": {"name": {"to": "UTC"}}}, "`name` is text, not a timestamp"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_column_is_found_before_a_row_is_read(
    transform: dict[str, Any], message: str, reads: list[str], in_process: Any, profiles: Path
) -> None:
    plan = plan_of(orders(), {"slim": {**transform, "inputs": ["orders"]}})
    with pytest.raises((ConfigError, SqlError), match=f"(?s){message}") as caught:
        in_process.run(plan, profiles)
    assert caught.value.step == "slim"
    assert reads == []


def test_a_wrong_column_of_a_later_step_is_found_before_a_row_is_read(
    reads: list[str], in_process: Any, profiles: Path
) -> None:
    plan = plan_of(
        orders(),
        {
            "one": {"module": "sql", "inputs": ["orders"], "sql": "SELECT id AS number FROM orders"},
            "two": {"module": "select", "inputs": ["one"], "drop": ["id"]},
        },
    )
    with pytest.raises(ConfigError, match="no column `id`"):
        in_process.run(plan, profiles)
    assert reads == []


def test_columns_that_are_there_are_read_as_ever(reads: list[str], in_process: Any, profiles: Path) -> None:
    plan = plan_of(orders(), {"slim": {"module": "select", "inputs": ["orders"], "columns": ["name"]}})
    assert in_process.run(plan, profiles).query("SELECT * FROM t") == [("a",)]
    assert len(reads) == 1


def test_what_an_sql_would_do_to_no_rows_does_not_matter(in_process: Any, profiles: Path) -> None:
    sql = "SELECT CASE WHEN count(*) = 0 THEN error('no rows') ELSE count(*)::text END AS n FROM orders"
    plan = plan_of(orders("SELECT 1 AS id"), {"slim": {"module": "sql", "inputs": ["orders"], "sql": sql}})
    assert in_process.run(plan, profiles).query("SELECT * FROM t") == [("1",)]


def test_the_columns_that_are_told_are_those_that_are_staged(
    in_process: Any, profiles: Path, tmp_path: Path, capsys: Any
) -> None:
    plan = plan_of(
        orders(TYPES),
        {
            "whole": {
                "module": "sql",
                "inputs": ["orders"],
                "sql": "SELECT *, sum(id) OVER () AS s FROM orders",
            },
            "each": {"module": "sql", "scope": "batch", "inputs": ["orders"], "sql": "FROM orders"},
            "beam": {"module": "beamsql", "inputs": ["orders"], "sql": "SELECT SUM(id) AS s FROM orders"},
            "slim": {
                "module": "select",
                "inputs": ["whole"],
                "drop": ["s"],
                "cast": {"id": "text"},
                "constants": {"c": 1},
                "computed": {"p": "price * 2"},
            },
            "local": {"module": "timezone", "inputs": ["slim"], "columns": {"at": {"to": "Europe/Berlin"}}},
        },
        {f"to {name}": name for name in ("orders", "whole", "each", "beam", "slim", "local")},
    )
    staged = in_process.run(plan, profiles)
    code, document = told(plan, profiles, tmp_path, capsys)
    assert code == 0
    for name, sink in staged.manifest["sinks"].items():
        assert document["steps"][sink["input"]] == sink["schema"], name


def test_nothing_stays_of_a_pipeline_that_is_not_run(
    in_process: Any, profiles: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "temporary"
    own.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    plan = plan_of(orders(), {"slim": {"module": "select", "inputs": ["orders"], "columns": ["idd"]}})
    told(plan, profiles, tmp_path, capsys)
    with pytest.raises(ConfigError):
        in_process.run(plan, profiles)
    assert list(own.iterdir()) == []


def test_a_failure_is_told_with_its_step(profiles: Path, tmp_path: Path, capsys: Any) -> None:
    code, document = told(plan_of(orders("SELECT nme FROM nowhere")), profiles, tmp_path, capsys)
    assert code == 1
    assert (document["failure"]["type"], document["failure"]["step"]) == ("SqlError", "orders")


def test_the_columns_of_files_are_told_of_a_few_files(tmp_path: Path, capsys: Any) -> None:
    plan = plan_of(
        {"rows": {"module": "files", "path": f"{tmp_path}/*.csv"}},
        {"slim": {"module": "select", "inputs": ["rows"], "columns": ["idd"]}},
    )
    code, document = told(plan, tmp_path / "none", tmp_path, capsys)
    assert (code, document["failure"]["type"]) == (1, "ResourceError")
    assert "no file matches" in document["failure"]["message"]
    (tmp_path / "0.csv").write_text("id,name\n1,a\n")
    code, document = told(plan, tmp_path / "none", tmp_path, capsys)
    assert (code, document["failure"]["step"]) == (1, "slim")
    for number in range(1, 20):
        (tmp_path / f"{number}.csv").write_text("id,name\n1,a\n")
    code, document = told(plan, tmp_path / "none", tmp_path, capsys)
    assert (code, document["steps"]) == (0, {})


class _Source:
    def __init__(self, found: Any) -> None:
        self._found = found

    def schema(self) -> Any:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


class _Transform:
    def schema(self, inputs: tuple[Any, ...]) -> Any:
        return pa.unify_schemas(list(inputs))


ONE, TWO = pa.schema([("a", pa.int64())]), pa.schema([("b", pa.int64())])


def test_a_step_whose_columns_are_not_known_leaves_what_follows_unchecked() -> None:
    sources = {"known": _Source(ONE), "unknown": _Source(None), "silent": object()}
    transforms = [
        ("both", ["known", "unknown"], _Transform()),
        ("twice", ["known", "known"], _Transform()),
        ("after", ["both"], _Transform()),
        ("other", ["silent"], _Transform()),
    ]
    assert columns_check.schemas(sources, transforms) == {"known": ONE, "twice": ONE}


def test_a_source_that_no_transform_needs_is_not_asked() -> None:
    lost = _Source(ConnectionLost("away"))
    sources = {"needed": _Source(ONE), "passed_on": lost}
    transforms = [("opaque", ["passed_on"], object()), ("own", ["needed"], _Transform())]
    assert set(columns_check.schemas(sources, transforms)) == {"needed", "own"}
    with pytest.raises(ConnectionLost) as caught:
        columns_check.schemas(sources, [*transforms, ("late", ["opaque"], _Transform())])
    assert caught.value.step == "passed_on"


def test_a_source_out_of_reach_is_left_to_those_that_read_it() -> None:
    sources = {"far": _Source(ConnectionLost("away")), "near": _Source(TWO)}
    transforms = [("one", ["far"], _Transform()), ("two", ["near"], _Transform())]
    unreached: dict[str, str] = {}
    assert columns_check.schemas(sources, transforms, unreached=unreached) == {"near": TWO, "two": TWO}
    assert unreached == {"far": "away"}
    wrong = {"near": _Source(SqlError("wrong"))}
    with pytest.raises(SqlError):
        columns_check.schemas(wrong, [("two", ["near"], _Transform())], unreached={})

"""Reads queries, tables and windows from a stand-in of BigQuery."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from beam_pipeline.errors import BeamlineError, ConfigError, DataError, SqlError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.bigquery import pages
from beam_pipeline.modules.source.bigquery.connection import job, statement
from beam_pipeline.modules.source.bigquery.cursor import describe_cursor
from beam_pipeline.modules.source.bigquery.params import BigqueryParams
from beam_pipeline.modules.source.bigquery.plan import Planner, table_of
from beam_pipeline.modules.source.bigquery.read import ReadFromBigquery
from beam_pipeline.window import SourceWindow
from running import BUNDLE_BASED, FN_API, plan_of

CONTEXT = StepContext(
    step="rows", pipeline="test", plan_path="sources[0]", profiles=None, temp_dir="", in_process=True,
    workers=2, run_key="key", attempt="1",
)  # fmt: skip


def source(**parameters: Any) -> dict[str, Any]:
    return plan_of({"rows": {"module": "bigquery", "project": "test", **parameters}})


def params_of(**parameters: Any) -> BigqueryParams:
    return BigqueryParams.model_validate(parameters)


def jobs_of(client: Any, text: str) -> list[Any]:
    """The jobs that ran a query which holds a text."""
    return [one for one in client.list_jobs() if text in (getattr(one, "query", None) or "")]


@pytest.fixture
def numbers(bigquery: Any, dataset: str) -> str:
    """A table of 1,000 rows: `id` from 1, a date, two timestamps; every tenth row has only its `id`."""
    bigquery.query_and_wait(f"""
        CREATE TABLE {dataset}.numbers AS
        SELECT id, IF(MOD(id, 10) > 0, DATE_ADD(DATE '2024-01-01', INTERVAL id DAY), NULL) AS day,
            IF(MOD(id, 10) > 0, DATETIME_ADD(DATETIME '2024-01-01 00:00:00', INTERVAL id HOUR), NULL) AS naive,
            IF(MOD(id, 10) > 0, TIMESTAMP_ADD(TIMESTAMP '2024-01-01 00:00:00Z', INTERVAL id HOUR), NULL) AS at,
            CONCAT('text ', CAST(id AS STRING)) AS note
        FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS id""")
    return f"{dataset}.numbers"


def test_the_reference_s_query_is_read(bigquery: Any, in_process: Any) -> None:
    query = "SELECT * FROM `bigquery-public-data.samples.shakespeare` LIMIT 10;"
    staged = in_process.run(source(query=query))
    assert staged.query("SELECT count(*) FROM t") == [(10,)]
    assert staged.schema() == {
        "word": "string", "word_count": "int64", "corpus": "string", "corpus_date": "int64",
    }  # fmt: skip
    assert staged.manifest["steps"]["rows"]["consistency"] == "snapshot"


@pytest.mark.parametrize("runner", [FN_API, BUNDLE_BASED])
def test_ranges_hold_every_row_once(
    runner: str, numbers: str, in_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beam_pipeline.modules.source.bigquery.pages._LEAST_ROWS", 100)
    monkeypatch.setattr("beam_pipeline.modules.source.bigquery.pages._PAGE_ROWS", 30)
    staged = in_process.run(source(query=f"SELECT * FROM {numbers}"), options=(f"--runner={runner}",))
    assert staged.query("SELECT count(*), count(DISTINCT id), sum(id) FROM t") == [(1000, 1000, 500500)]


def test_a_page_is_bounded_in_bytes(bigquery: Any, dataset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bigquery.query_and_wait(
        f"CREATE TABLE {dataset}.wide AS SELECT id, REPEAT('x', 20000) AS note"
        " FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS id"
    )
    monkeypatch.setattr("beam_pipeline.modules.source.bigquery.pages.PAGE_BYTES", 1 << 20)
    params = params_of(project="test", query=f"SELECT * FROM {dataset}.wide")
    read = [
        batch
        for planned in Planner(params, CONTEXT).plan()
        if isinstance(planned.part, pages.Range)
        for batch in pages.batches(bigquery, planned.part, planned.columns)
    ]
    assert sum(batch.num_rows for batch in read) == 1000
    first, *others = [batch.nbytes for batch in read]
    assert first < 3 << 20
    assert max(others) <= 1 << 20


@pytest.mark.parametrize("form", ["test:{0}", "test.{0}", "{0}"])
def test_a_table_is_read_by_any_of_its_names(form: str, numbers: str, in_process: Any) -> None:
    staged = in_process.run(source(table=form.format(numbers.removeprefix("test."))))
    assert staged.query("SELECT count(*) FROM t") == [(1000,)]


@pytest.mark.parametrize("name", ["orders", "a.b.c$20240101", "d.events_*", "p:d.t@1", "`p.d.t`"])
def test_what_is_no_table_is_refused(name: str, bigquery: Any, in_process: Any) -> None:
    with pytest.raises(ConfigError, match=r"sources\[0\]\.parameters\.table"):
        in_process.run(source(table=name))


def test_a_project_of_a_domain_is_part_of_a_table_s_name() -> None:
    assert table_of("example.com:shop.sales.orders", "test").project == "example.com:shop"
    assert table_of("example.com:shop:sales.orders", "test").path == (
        "/projects/example.com:shop/datasets/sales/tables/orders"
    )


def test_no_rows_still_have_their_columns(numbers: str, in_process: Any) -> None:
    staged = in_process.run(source(query=f"SELECT id, day FROM {numbers} WHERE id < 0"))
    assert staged.schema() == {"id": "int64", "day": "date32[day]"}
    assert staged.query("SELECT count(*) FROM t") == [(0,)]


def test_planning_twice_runs_one_job(bigquery: Any, numbers: str) -> None:
    text = f"SELECT id FROM {numbers} WHERE 1 = 1"
    params = params_of(query=text, project="test")
    first, second = (list(Planner(params, CONTEXT).plan()) for _ in range(2))
    assert first == second
    assert [one.job_id.rsplit("-", 2)[0] for one in jobs_of(bigquery, text)] == ["beamline-key-1"]
    other = list(Planner(params, replace(CONTEXT, attempt="2")).plan())
    assert other != first
    assert len(jobs_of(bigquery, text)) == 2


def test_a_job_that_failed_is_not_taken_for_a_result(bigquery: Any, dataset: str) -> None:
    bigquery.query_and_wait(f"CREATE TABLE {dataset}.t AS SELECT 0 AS v")
    params = params_of(query=f"SELECT 1 / v AS v FROM {dataset}.t", project="test")
    for _ in range(2):
        with pytest.raises(DataError):
            list(Planner(params, CONTEXT).plan())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'a;b' AS v; -- the end",
        'SELECT """a;"b""" AS v;\n# it ends; here',
        r"SELECT 'it\'s; fine' AS v;",
        "/* one; two */ SELECT 1 AS v -- three;",
    ],
)
def test_a_semicolon_ends_only_a_statement(query: str, bigquery: Any, in_process: Any) -> None:
    assert in_process.run(source(query=query)).query("SELECT count(*) FROM t") == [(1,)]


@pytest.mark.parametrize(
    ("query", "says"), [("  -- nothing\n;", "is empty"), ("SELECT 1; SELECT 2", "one query")]
)
def test_not_one_statement_is_refused(query: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        statement.of_query(query, "sources[0].parameters.query")


def test_a_statement_that_changes_something_is_refused(bigquery: Any, numbers: str, in_process: Any) -> None:
    with pytest.raises(ConfigError, match="DELETE"):
        in_process.run(source(query=f"DELETE FROM {numbers} WHERE TRUE"))
    assert next(iter(bigquery.query_and_wait(f"SELECT COUNT(*) FROM {numbers}")))[0] == 1000


def test_what_does_not_exist_is_named(bigquery: Any, dataset: str, in_process: Any) -> None:
    for parameters in ({"table": f"{dataset}.nothing"}, {"query": f"SELECT * FROM {dataset}.nothing"}):
        with pytest.raises(ConfigError, match="nothing"):
            in_process.run(source(**parameters))


def test_an_error_in_the_sql_has_its_place() -> None:
    """The emulator says no places; BigQuery's messages end in one."""
    from google.api_core.exceptions import BadRequest

    from beam_pipeline.modules.source.bigquery.connection import failures

    whole = statement.of_query("SELECT id,\n\tnme\nFROM orders", "q")
    told = [{"reason": "invalidQuery", "message": "Unrecognized name: nme at [2:9]"}]
    with pytest.raises(SqlError) as first, failures.named("test", whole):
        raise BadRequest("", errors=told)
    assert first.value.position == {"line": 2, "column": 2}
    assert first.value.message == "Unrecognized name: nme, at line 2, column 2:\n   nme\n   ^"
    window = SourceWindow(column="id", type="integer", low=None, low_inclusive=True, high="9")
    told = [{"reason": "invalidQuery", "message": "Unrecognized name: nme at [3:9]"}]
    with pytest.raises(SqlError) as second, failures.named("test", whole.within(window)):
        raise BadRequest("", errors=told)
    assert second.value.position == {"line": 2, "column": 2}


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("accessDenied", "PermissionDenied"),
        ("backendError", "ConnectionLost"),
        ("rateLimitExceeded", "ConnectionLost"),
        ("quotaExceeded", "ConnectionLost"),
        ("notFound", "ResourceError"),
        ("resourcesExceeded", "ConfigError"),
    ],
)
def test_errors_are_named_by_who_must_act(reason: str, kind: str) -> None:
    from google.cloud.bigquery.job.base import _error_result_to_exception

    from beam_pipeline.modules.source.bigquery.connection import failures

    with pytest.raises(BeamlineError) as raised, failures.named("test"):
        raise _error_result_to_exception({"reason": reason, "message": "It is so."})
    assert raised.value.type == kind


@pytest.mark.parametrize(
    ("column", "kind", "low", "high", "ids"),
    [
        ("id", "integer", "3", "7", [3, 4, 5, 6]),
        ("id", "integer", "997", "9223372036854775808", [997, 998, 999, 1000]),
        ("day", "date", "2024-01-04", "2024-01-08", [3, 4, 5, 6]),
        ("naive", "timestamp", "2024-01-01T03:00:00.000000", "2024-01-01T07:00:00.000000", [3, 4, 5, 6]),
        ("at", "timestamptz", "2024-01-01T03:00:00.000000Z", "2024-01-01T07:00:00.000000Z", [3, 4, 5, 6]),
        ("day", "date", None, "2024-01-04", [1, 2]),
    ],
)
@pytest.mark.parametrize("what", ["query", "table"])
def test_a_window_is_read(
    what: str,
    column: str,
    kind: str,
    low: str | None,
    high: str,
    ids: list[int],
    numbers: str,
    in_process: Any,
) -> None:
    window = {"column": column, "type": kind, "low": low, "low_inclusive": True, "high": high}
    parameters = {"table": numbers} if what == "table" else {"query": f"SELECT * FROM {numbers};"}
    staged = in_process.run(source(**parameters), windows={"rows": window})
    assert staged.query("SELECT id FROM t ORDER BY id") == [(number,) for number in ids]
    assert staged.manifest["windows"] == {"rows": window}


def test_no_value_of_a_window_is_in_the_sql() -> None:
    window = SourceWindow(column="day", type="date", low="2026-01-30", low_inclusive=True, high="2026-01-31")
    wrapped = statement.of_query("SELECT * FROM d.t", "q").within(window)
    assert "2026" not in wrapped.sql
    assert wrapped.sql.endswith("WHERE `day` >= @beamline_low AND `day` < @beamline_high")
    assert wrapped.parameters == (
        ("beamline_low", "DATE", "2026-01-30"), ("beamline_high", "DATE", "2026-01-31"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "kind", "greatest", "nulls"),
    [
        ("id", "integer", "1000", 0),
        ("day", "date", None, 100),
        ("naive", "timestamp", None, 100),
        ("at", "timestamptz", None, 100),
    ],
)
def test_a_cursor_column_is_described(
    column: str, kind: str, greatest: str | None, nulls: int, numbers: str
) -> None:
    found = describe_cursor(params_of(query=f"SELECT * FROM {numbers};", project="test"), column, CONTEXT)
    assert (found.column, found.type, found.max, found.nulls) == (column, kind, greatest, nulls)


def test_a_count_that_would_cost_is_left_out(numbers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    described = job.describe

    def costly(*arguments: Any) -> job.Described:
        return replace(described(*arguments), bytes_to_read=2 << 30)

    monkeypatch.setattr(job, "describe", costly)
    found = describe_cursor(params_of(table=numbers, project="test"), "day", CONTEXT)
    assert found.nulls is None


def test_the_columns_of_a_table_that_wants_a_filter_are_not_known_without_a_window(
    bigquery: Any, dataset: str
) -> None:
    bigquery.query_and_wait(
        f"CREATE TABLE {dataset}.events (day DATE, n INT64) PARTITION BY day "
        "OPTIONS (require_partition_filter = TRUE)"
    )
    params = params_of(project="test", query=f"SELECT * FROM {dataset}.events")
    assert ReadFromBigquery(params, CONTEXT).schema() is None
    wrong = params_of(project="test", query=f"SELEC n FROM {dataset}.events")
    with pytest.raises(SqlError):
        ReadFromBigquery(wrong, CONTEXT).schema()


def test_the_orchestrator_s_child_reads_a_table(numbers: str, child: Any) -> None:
    staged = child.run(source(table=numbers))
    assert staged.query("SELECT count(*), count(DISTINCT id) FROM t") == [(1000, 1000)]
    assert child.fail(source(table=f"{numbers}s"))["type"] == "ResourceError"

"""The small parts, one by one."""

from __future__ import annotations

import errno
import json
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline import errors
from beam_pipeline.attempt import failure
from beam_pipeline.connect import connections, secrets
from beam_pipeline.modules import catalogue, registry
from beam_pipeline.modules.context import StepContext
from beam_pipeline.reading import prefetch
from beam_pipeline.sql import cells, sql_text
from beam_pipeline.staging import coder, parquet
from beam_pipeline.storage import files
from beam_pipeline.telling.progress import Progress

ROOT = Path(__file__).resolve().parents[2]


def numbers(rows: int) -> Any:
    return pa.RecordBatch.from_pydict({"n": pa.array(range(rows)), "same": pa.array(["x"] * rows)})


def test_a_slice_is_encoded_without_its_table() -> None:
    batch = numbers(1_000_000).slice(500, 1000)
    encoded = coder.RecordBatchCoder().encode(batch)
    assert len(encoded) < 20_000
    assert coder.RecordBatchCoder().decode(encoded).equals(batch)
    assert coder.RecordBatchCoder().estimate_size(batch) == batch.nbytes


def test_batches_are_cut_by_rows_and_by_bytes() -> None:
    assert [piece.num_rows for piece in coder.cut(numbers(10))] == [10]
    pieces = list(coder.cut(numbers(300_000)))
    assert max(piece.num_rows for piece in pieces) <= coder.MAX_ROWS
    assert sum(piece.num_rows for piece in pieces) == 300_000
    wide = pa.RecordBatch.from_pydict({"t": ["x" * (1 << 20)] * 40})
    assert max(piece.nbytes for piece in coder.cut(wide)) <= coder.MAX_BYTES
    one = pa.RecordBatch.from_pydict({"t": ["x" * (20 << 20)]})
    assert [piece.num_rows for piece in coder.cut(one)] == [1]
    assert [piece.num_rows for piece in coder.cut(numbers(0))] == [0]


def test_only_dates_and_times_get_statistics(tmp_path: Path) -> None:
    days = pa.array([0], pa.int32()).cast(pa.date32())
    batch = pa.RecordBatch.from_pydict({"n": pa.array([1]), "day.of": days, "s": pa.array(["x"])})
    writer = parquet.PartWriter(str(tmp_path / "f.parquet"), batch)
    writer.write(batch)
    writer.close()
    group = pq.read_metadata(tmp_path / "f.parquet").row_group(0)
    assert [group.column(place).is_stats_set for place in range(3)] == [False, True, False]


def test_only_repeating_columns_get_a_dictionary(tmp_path: Path) -> None:
    batch = numbers(10_000)
    assert parquet.repeating_columns(batch) == ["same"]
    assert parquet.repeating_columns(numbers(0)) == []
    writer = parquet.PartWriter(str(tmp_path / "f.parquet"), batch)
    writer.write(batch)
    rows, size = writer.close()
    assert (rows, size) == (10_000, (tmp_path / "f.parquet").stat().st_size)
    group = pq.read_metadata(tmp_path / "f.parquet").row_group(0)
    assert [group.column(i).compression for i in (0, 1)] == ["ZSTD", "ZSTD"]
    assert [group.column(i).has_dictionary_page for i in (0, 1)] == [False, True]


def test_a_file_is_full_by_what_it_holds_in_memory(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1000)
    writer = parquet.PartWriter(str(tmp_path / "f.parquet"), numbers(10))
    writer.write(numbers(10))
    assert not writer.is_full
    writer.write(numbers(200))
    assert writer.is_full
    writer.close()


def test_an_abandoned_file_says_nothing_more(tmp_path: Path) -> None:
    writer = parquet.PartWriter(str(tmp_path / "f.parquet"), numbers(10))
    writer.write(numbers(10))
    writer.abandon()
    with pytest.raises(pa.ArrowInvalid):
        pq.read_metadata(tmp_path / "f.parquet")


def test_the_longest_value_is_found_also_in_a_list_or_a_struct(monkeypatch: Any) -> None:
    monkeypatch.setattr(cells, "MAX_CELL_BYTES", 10)
    for kind, short, long in (
        (pa.string(), "é" * 5, "é" * 6),
        (pa.binary(), b"x" * 10, b"x" * 11),
        (pa.list_(pa.string()), ["x" * 10, "x"], ["x", "x" * 11]),
        (pa.struct([("a", pa.string())]), {"a": "x" * 10}, {"a": "x" * 11}),
    ):
        fits = pa.record_batch([pa.array([short, None, short], kind)], names=["c"])
        assert cells.bounded(fits) is fits
        with pytest.raises(errors.DataError, match=r"column `c` holds a value of 1[12] bytes.* has 10;"):
            cells.bounded(pa.record_batch([pa.array([short, long], kind)], names=["c"]))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("SELECT 1;", ["SELECT 1"]),
        ("SELECT ';' -- ;\n", ["SELECT ';' -- ;\n"]),
        ("SELECT 1; -- the end", ["SELECT 1"]),
        ("SELECT $a$;$a$, \"a;b\", `c;d` /* ; */", ["SELECT $a$;$a$, \"a;b\", `c;d` /* ; */"]),
        ("SELECT 1 --sep-- SELECT 2;--sep--\n", ["SELECT 1 ", " SELECT 2"]),
    ],
)  # fmt: skip
def test_queries_are_split(text: str, parts: list[str]) -> None:
    assert sql_text.split_queries(text, "q") == parts


@pytest.mark.parametrize("text", ["", "-- only", "SELECT 1; SELECT 2", "SELECT 1 --sep-- --sep-- SELECT 2"])
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(errors.ConfigError, match=r"^q"):
        sql_text.split_queries(text, "q")


def test_an_excerpt_shows_the_place_in_a_long_line() -> None:
    query = "SELECT 1,\n" + "x" * 200 + " oops"
    position, shown = sql_text.excerpt(query, query.index("oops"))
    assert position == {"line": 2, "column": 202}
    line, caret = shown.split("\n")
    assert line[caret.index("^") :] == "oops"


def test_an_excerpt_says_where_it_leaves_something_out() -> None:
    query = "SELECT " + "x" * 70 + " oops " + "y" * 70
    line, caret = sql_text.excerpt(query, query.index("oops"))[1].split("\n")
    assert re.fullmatch(r"  …x+ oops y+…", line)
    assert line[caret.index("^") :].startswith("oops")
    assert sql_text.excerpt("SELECT oops", 7)[1].startswith("  SELECT oops\n")


def test_the_failure_types_are_the_orchestrators() -> None:
    text = (ROOT / "src" / "shared" / "failure-types.ts").read_text()
    entries = re.findall(r"^  (\w+): \{ actor: '\w+', retryable: (true|false) \}", text, re.MULTILINE)
    assert {name: value == "true" for name, value in entries} == errors.FAILURE_TYPES
    raised = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    ours = {kind.type for kind in raised if issubclass(kind, errors.BeamlineError)}
    assert ours <= set(errors.FAILURE_TYPES)


def test_an_error_survives_what_beam_does_to_it() -> None:
    original = errors.SqlError("wrong here", {"line": 1, "column": 2}, "cause")
    remade = type(original)(original.args[0] + " [while running 'a/b']", *original.args[1:])
    described = failure.describe(RuntimeError(f"Traceback…\nbeam_pipeline.errors.SqlError: {remade}"))
    assert described["type"] == "SqlError"
    assert described["message"] == "wrong here"
    assert described["step"] == "a"
    assert described["position"] == {"line": 1, "column": 2}
    assert described["cause"] == "cause"


def test_an_unforeseen_error_is_internal_and_retryable() -> None:
    described = failure.describe(RuntimeError("something else [while running '(beamline) manifest']"))
    assert (described["type"], described["retryable"]) == ("InternalError", True)
    assert "step" not in described


@pytest.mark.parametrize(
    ("error", "may_pass"),
    [
        (KeyError("a"), False),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), False),
        (pa.lib.ArrowNotImplementedError("Nested data conversions"), False),
        (RecursionError("maximum recursion depth exceeded"), False),
        (AssertionError(), False),
        (RuntimeError("Traceback…\npyarrow.lib.ArrowInvalid: bad [while running 'a/b']"), False),
        (ValueError("I/O operation on closed file"), True),
        (MemoryError(), True),
        (TimeoutError("no answer"), True),
        (RuntimeError("who knows"), True),
    ],
)
def test_what_another_attempt_would_meet_again_is_not_tried_again(error: Exception, may_pass: bool) -> None:
    described = failure.describe(error)
    assert (described["type"], described["retryable"]) == ("InternalError", may_pass)
    assert described["message"].startswith("the pipeline failed unexpectedly: ") or isinstance(error, OSError)


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, "StorageFull"), (errno.EACCES, "PermissionDenied"), (errno.ENOENT, "ResourceError")],
)
def test_os_errors_are_named_by_who_must_act(number: int, kind: str) -> None:
    found = errors.from_os_error(OSError(number, "x"), "/some/place")
    assert found.type == kind
    assert str(found).startswith("/some/place")


def test_secrets_are_hidden_in_logs_and_failures(caplog: Any) -> None:
    secrets.remember("hidden-value")
    secrets.remember("pw")
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "is %s", ("hidden-value",), None)
    assert secrets.RedactingFormatter("%(message)s").format(record) == "is ***"
    described = failure.describe(ValueError("uses hidden-value and pw, not pwd"))
    assert "uses *** and ***, not pwd" in described["message"]


def test_references_are_resolved(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "file").write_text("from file\n")
    monkeypatch.setenv("SOME_NAME", "from env")
    text = f"${{env:SOME_NAME}}, ${{file:{tmp_path}/file}}"
    assert secrets.resolve(text, "w") == "from env, from file"
    with pytest.raises(errors.ConfigError, match="w: the file /nowhere/x cannot be read"):
        secrets.resolve("${file:/nowhere/x}", "w")


PROFILE = {"host": "h", "port": 1, "database": "d", "user": "u", "password": "p455word"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON: see line 1"),
        ("[]", "must hold a JSON object"),
        ('{"k": {"host": "h"}}', "database: Field required; user: Field required"),
        ('{"kk": {}}', "has no profile `k`; did you mean `kk`"),
        ('{"k": "p455word"}', "k: Input should be"),
    ],
)
def test_a_wrong_profile_is_named_without_its_content(content: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    path.write_text(content)
    with pytest.raises(errors.ConfigError) as raised:
        connections.ConnectionReference("s", str(path), "k").resolve()
    assert problem in str(raised.value)
    assert "p455word" not in str(raised.value)


def test_a_connection_never_shows_its_password(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps({"k": PROFILE}))
    connection = connections.ConnectionReference("s", str(tmp_path / "p.json"), "k").resolve()
    assert connection.password == "p455word"
    assert "p455word" not in repr(connection)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"query": "q"}, "give `profile`"),
        ({"query": "q", "profile": "p", "host": "h"}, "give `profile` or host, not both"),
        ({"query": "q", "host": "h"}, "with host also give database, user"),
        ({"profile": "p"}, "give one of `query` and `table`"),
        ({"profile": "p", "query": "q", "table": "t"}, "give one of `query` and `table`"),
        ({"profile": "p", "query": "q", "partition": {"parts": 3}}, "needs `table` instead of `query`"),
        ({"profile": "p", "query": "q", "partition": {"column": "c", "parts": 0}}, "partition.parts"),
    ],
)
def test_parameters_that_contradict_are_refused(parameters: dict[str, Any], problem: str) -> None:
    with pytest.raises(errors.ConfigError) as raised:
        registry.Module("source", "postgres").parse(parameters, "sources[0].parameters")
    assert problem in str(raised.value)


def test_the_catalogue_describes_every_parameter() -> None:
    for module in catalogue.catalogue()["modules"]:
        assert module["summary"].endswith("."), module["name"]
        for name, field in module["schema"]["properties"].items():
            assert field.get("description"), f"{module['name']}.{name}"
        assert set(module["sql_parameters"]) <= set(module["schema"]["properties"])


def test_a_source_says_its_consistency() -> None:
    module = registry.find("source", "postgres", "w")

    def consistency(in_process: bool, **parameters: Any) -> str:
        context = StepContext("s", "p", "sources[0]", None, "/nowhere", in_process, 2)
        params = module.parse({"profile": "p", **parameters}, "w")
        return str(module.transform_type(params, context).consistency)

    ranges = {"query": "q", "partition": {"column": "c"}}
    assert consistency(True, **ranges) == "snapshot"
    assert consistency(True, **ranges, consistency="per_range") == "per_range"
    assert consistency(False, **ranges) == "per_range"
    assert consistency(False, **ranges, consistency="snapshot") == "snapshot"
    assert consistency(False, query="q") == "snapshot"
    assert consistency(False, query="q --sep-- r") == "per_range"


def test_reading_ahead_keeps_order_and_passes_errors() -> None:
    def items() -> Iterator[int]:
        yield from range(10)
        raise ValueError("at the end")

    seen = []
    with pytest.raises(ValueError, match="at the end"):
        for item in prefetch.prefetched(items()):
            seen.append(item)  # noqa: PERF402
    assert seen == list(range(10))


def test_reading_ahead_stops_with_its_consumer() -> None:
    produced: list[int] = []
    threads = threading.active_count()

    def items() -> Iterator[int]:
        for item in range(1_000_000):
            produced.append(item)
            yield item

    reading = prefetch.prefetched(items())
    assert next(reading) == 0
    reading.close()  # type: ignore[attr-defined]
    assert len(produced) < 10
    assert threading.active_count() == threads


def test_progress_is_done_with_its_last_part() -> None:
    progress = Progress()
    progress.begin("s", "source")
    progress.expect("s", rows=5, parts=2)
    progress.add("s", 7, 70)
    progress.part_done("s")
    assert progress.steps()["s"] == {
        "kind": "source", "rows": 7, "bytes": 70, "total_rows": 7, "done": False,
    }  # fmt: skip
    progress.part_done("s")
    assert progress.steps()["s"]["done"]
    progress.settle("s", 6, 60)
    assert progress.steps()["s"] == {
        "kind": "source", "rows": 6, "bytes": 60, "total_rows": 6, "done": True,
    }  # fmt: skip


def test_a_whole_file_leaves_no_draft(tmp_path: Path) -> None:
    files.write_whole(str(tmp_path / "m.json"), b"{}")
    files.write_whole(str(tmp_path / "m.json"), b"[]")
    assert [path.name for path in tmp_path.iterdir()] == ["m.json"]
    assert files.read_bytes(str(tmp_path / "m.json")) == b"[]"

"""Parquet files that differ, are damaged, or unfold to more than they seem."""

from __future__ import annotations

import datetime
import io
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.modules.source.files.parquet import sizes as parquet_sizes
from file_reading import read_files

A = pa.array
FAR = datetime.datetime(9999, 12, 31)


def written(folder: Path, *columns: Any, **options: Any) -> Path:
    """Files with a column `v` each; returns their pattern."""
    for place, column in enumerate(columns):
        pq.write_table(pa.table({"v": column}), folder / f"{place}.parquet", **options)
    return folder / "*.parquet"


WIDER: list[tuple[Any, Any, str, list[Any] | None]] = [
    (A([1], pa.int32()), A([2**40]), "int64", [1, 2**40]),
    (A([2**32 - 1], pa.uint32()), A([-1], pa.int8()), "int64", [2**32 - 1, -1]),
    (A([1.5], pa.float32()), A([0.1]), "double", [1.5, 0.1]),
    (A([1.5]), A([7], pa.int32()), "double", [1.5, 7.0]),
    (A([Decimal("1.5")]), A([Decimal("10.25")]), "decimal128(4, 2)", [Decimal("1.50"), Decimal("10.25")]),
    (A([Decimal("1.5")]), A([2**62]), "decimal128(21, 1)", [Decimal("1.5"), Decimal(2**62)]),
    (A([1], pa.timestamp("ms", "UTC")), A([1000], pa.timestamp("ns", "UTC")), "timestamp[ns, tz=UTC]", None),
    (A([datetime.date(2024, 1, 1)]), A([datetime.datetime(2024, 1, 2)]), "timestamp[us]", None),
    (pa.nulls(1), A([7]), "int64", [None, 7]),
    (A([7]), pa.nulls(1), "int64", [7, None]),
    (pa.nulls(1), A([b"x" * 16], pa.uuid()), "extension<arrow.uuid>", None),
    (pa.nulls(1), pa.nulls(1), "string", [None, None]),
    (A([[]], pa.list_(pa.null())), A([[1]]), "list<item: int64>", [[], [1]]),
    (A([{"a": 1}], pa.struct([("a", pa.int8())])), A([{"a": None}], pa.struct([("a", pa.null())])), "struct<a: int8>", [{"a": 1}, {"a": None}]),
    (A([[("k", 1)]], pa.map_(pa.string(), pa.int8())), A([[("l", 300)]], pa.map_(pa.large_string(), pa.int16())), "map<string, int16>", None),
    (A(["x"]).dictionary_encode(), A(["y"], pa.large_string()), "string", ["x", "y"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "kind", "values"), WIDER, ids=[f"{row[0].type}-{row[1].type}" for row in WIDER]
)
def test_files_that_differ_are_read_as_the_wider_type(
    one: Any, other: Any, kind: str, values: list[Any] | None, tmp_path: Path
) -> None:
    found = read_files(written(tmp_path, one, other))
    assert found.types == {"v": kind}
    assert len(found.rows) == 2
    if values is not None:
        assert [row[0] for row in found.rows] == values


@pytest.mark.parametrize(
    ("one", "other", "exact"),
    [
        (A([1], pa.uint64()), A([-1]), "hugeint"),
        (A([1.5]), A([1]), "double"),
        (A(["x"]), A([1]), "text"),
        (A([True]), A([1]), "text"),
        (A([1], pa.timestamp("us")), A([1], pa.timestamp("us", "UTC")), "text"),
    ],
)
def test_files_without_a_common_type_need_a_declaration_which_works(
    one: Any, other: Any, exact: str, tmp_path: Path
) -> None:
    pattern = written(tmp_path, one, other)
    with pytest.raises(
        DataError, match=r"1.parquet: column `v` is .*declare the column.*`columns: \{v: text\}`"
    ):
        read_files(pattern)
    assert len(read_files(pattern, columns={"v": "text"}).rows) == 2
    assert len(read_files(pattern, columns={"v": exact}).rows) == 2


def test_a_declared_column_is_cast_exactly(tmp_path: Path) -> None:
    pattern = written(tmp_path, A(["2024-01-01", None]).dictionary_encode())
    assert read_files(pattern, columns={"v": "date"}).rows == [(datetime.date(2024, 1, 1),), (None,)]
    with pytest.raises(
        DataError, match=r"0.parquet: column `v` holds `2024-01-01`, which is not bigint; `columns`"
    ):
        read_files(pattern, columns={"v": "bigint"})
    with pytest.raises(DataError, match=r"0.parquet: there is no column `w`, which `columns` declares"):
        read_files(pattern, columns={"w": "bigint"})
    with pytest.raises(ConfigError, match=r"0.parquet: column `v` is list.* which no cast makes string"):
        read_files(written(tmp_path, A([[1]])), columns={"v": "text"})


NAMES: list[tuple[str, Any, str]] = [
    ("two of one name", pa.Table.from_arrays([A([1]), A([2])], ["a", "a"]), "more than one column is named `a`"),
    ("two of one name in SQL", pa.Table.from_arrays([A([1]), A([2])], ["a", "A"]), "columns `a` and `A` differ only in case"),
    ("none", pa.Table.from_arrays([A([1])], [""]), "column 1 has no name"),
    ("no columns", pa.table({"a": [1]}).select([]), "the file has no columns"),
    ("two fields of one name", pa.table({"s": pa.StructArray.from_arrays([A([1]), A([2])], ["x", "x"])}), "column `s` is struct.*more than one of its fields is named `x`"),
    ("two fields of one name in SQL", pa.table({"s": [{"x": 1, "X": 2}]}), "column `s` is struct.*more than one of its fields"),
    ("a tensor", pa.table({"s": pa.FixedShapeTensorArray.from_storage(pa.fixed_shape_tensor(pa.int8(), (2,)), A([[1, 2]], pa.list_(pa.int8(), 2)))}), "column `s` is extension.*has no counterpart"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "table", "problem"), NAMES, ids=[case[0] for case in NAMES])
def test_columns_that_cannot_be_told_apart(what: str, table: Any, problem: str, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=rf"a.parquet: .*{problem}"):
        read_files(tmp_path / "a.parquet")


def test_a_column_with_a_point_is_not_the_field_of_another(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a.b": [1], "a": [{"b": 2}]}), tmp_path / "a.parquet")
    assert read_files(tmp_path / "a.parquet").rows == [(1, {"b": 2})]


def test_a_column_with_a_point_is_measured_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [TEXT] * 1000 + [f"{n:0200}" for n in range(15_000)]
    pq.write_table(pa.table({"a.b": texts}), tmp_path / "a.parquet")
    assert [row[0] for row in read_files(tmp_path / "a.parquet").rows] == texts
    monkeypatch.setattr(parquet_sizes, "ROW_BYTES", 100)
    with pytest.raises(DataError, match=r"a.parquet: column `a.b` has a row"):
        read_files(tmp_path / "a.parquet")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    pq.write_table(pa.table({"v": range(1000)}), stream)
    whole = stream.getvalue()
    for content in (
        b"",
        b"PAR1",
        whole[:-10],
        whole[:100],
        whole[:4] + bytes(400) + whole[404:],
        whole[:-4] + b"PARE",
    ):
        (tmp_path / "a.parquet").write_bytes(content)
        with pytest.raises(DataError, match=r"a.parquet: (is not a Parquet file|the file is damaged)"):
            read_files(tmp_path / "a.parquet")


def test_what_arrow_cannot_read_is_the_files_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"n": [1], "m": [{"k": 1}]}), path)

    def refuse(*_: Any) -> None:
        raise pa.ArrowNotImplementedError("Nested data conversions not implemented for chunked array outputs")

    monkeypatch.setattr(parquet_sizes, "pieces", refuse)
    with pytest.raises(DataError, match=r"a.parquet: column `m` cannot be read: Nested data conversions"):
        read_files(path)


def test_old_times_do_not_wrap(tmp_path: Path) -> None:
    old: dict[str, Any] = {"use_deprecated_int96_timestamps": True}
    near = datetime.datetime(2024, 1, 1, 1, 2, 3, 4)
    assert read_files(written(tmp_path, A([near, None]), **old)).types == {"v": "timestamp[ns]"}
    pattern = written(tmp_path, A([near, FAR, None], pa.timestamp("us")), **old)
    with pytest.raises(
        DataError, match=r"column `v` holds a time before 1677 or after 2262.*\{v: timestamp\}"
    ):
        read_files(pattern)
    assert read_files(pattern, columns={"v": "timestamp"}).rows == [(near,), (FAR,), (None,)]
    with pytest.raises(DataError, match="column `v` holds a time before 1677"):
        read_files(written(tmp_path, A([[FAR]], pa.list_(pa.timestamp("us"))), **old))
    fine = written(tmp_path, A([1], pa.timestamp("ns")), **old)
    with pytest.raises(DataError, match=r"column `v` holds a time with nanoseconds; .*\{v: timestamp_ns\}"):
        read_files(fine, columns={"v": "timestamp"})
    assert read_files(fine, keep=False, columns={"v": "timestamp_ns"}).types == {"v": "timestamp[ns]"}


def test_a_time_beyond_the_wider_unit_is_refused_and_the_advice_works(tmp_path: Path) -> None:
    pattern = written(tmp_path, A([FAR], pa.timestamp("us")), A([1000], pa.timestamp("ns")))
    with pytest.raises(
        DataError, match=r"0.parquet: column `v` does not fit timestamp\[ns\].*\{v: timestamp\}"
    ):
        read_files(pattern)
    assert read_files(pattern, columns={"v": "timestamp"}).rows[0] == (FAR,)
    with pytest.raises(DataError, match=r"column `v` does not fit timestamp\[us\].*out of bounds"):
        read_files(written(tmp_path, A([2**62], pa.timestamp("ms")), A([1], pa.timestamp("ms"))))


TEXT = "x" * 25_000
UNFOLDING: list[tuple[str, Any, dict[str, Any]]] = [
    ("a text of 25 kB, 1,000 times", A([TEXT] * 1000), {}),
    ("lists of such texts", A([[TEXT] * 10] * 100), {}),
    ("maps of such texts", A([[("k", TEXT)] * 10] * 100, pa.map_(pa.string(), pa.string())), {}),
    ("structs of such texts", A([{"k": {"l": TEXT}}] * 1000), {}),
    ("lists of equal numbers", A([[1] * 100_000] * 32), {}),
    ("texts outside of a dictionary", A([f"{n:05}{TEXT}" for n in range(1000)]), {"use_dictionary": False, "write_batch_size": 16}),
    ("long and short texts", A([TEXT] * 1000 + [f"{n:0200}" for n in range(15_000)]), {"row_group_size": 1 << 20}),
]  # fmt: skip


# Reads files in a process of its own, and prints the largest batch and the most memory that Arrow had.
MEASURE = """
import sys, pyarrow
from beam_pipeline.modules.source.files.parquet import sizes as parquet_sizes
from file_reading import read_files
parquet_sizes.BATCH_BYTES = 1 << 20
for path in sys.argv[1:]:
    print(read_files(path, keep=False).largest, pyarrow.default_memory_pool().max_memory())
"""


def test_a_small_file_unfolds_piece_by_piece(tmp_path: Path) -> None:
    paths = []
    for number, (_, values, options) in enumerate(UNFOLDING):
        assert values.nbytes > 24_000_000
        folder = tmp_path / str(number)
        folder.mkdir()
        paths.append(written(folder, values, compression="zstd", data_page_size=1 << 16, **options))
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, paths)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
        capture_output=True,
        text=True,
    )
    sizes = [tuple(map(int, line.split())) for line in measured.stdout.splitlines()]
    assert len(sizes) == len(UNFOLDING)
    for (what, _, _), (largest, most) in zip(UNFOLDING, sizes, strict=True):
        assert largest < 3 << 20, what
        # Some batches are read ahead; each file unfolds to 25 MB.
        assert most < 14_000_000, what


def test_a_row_that_is_too_large_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_sizes, "ROW_BYTES", 1 << 20)
    monkeypatch.setattr(parquet_sizes, "BATCH_BYTES", 1 << 19)
    for values in (A([["x" * 300_000] * 10]), A(["x" * 2_000_000]), A([[1] * 1_000_000])):
        with pytest.raises(
            DataError, match=r"0.parquet: column `v` has a row of .* MB; at most 1 MB are read"
        ):
            read_files(written(tmp_path, values))


def test_thousands_of_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({f"c{n}": A([n] * 5) for n in range(3000)}), tmp_path / "a.parquet")
    found = read_files(tmp_path / "a.parquet")
    assert found.rows[4][2999] == 2999

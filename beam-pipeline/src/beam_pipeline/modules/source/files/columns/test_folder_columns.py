"""Columns in folders' names, as Hive, Spark, DuckDB and the sink `files` write them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.errors import ConfigError, DataError
from file_reading import read_files

# How src/destinations/files/encode.ts asks for partitions.
COPY = "COPY (FROM t) TO '{}' (FORMAT {}, PARTITION_BY ({}), FILENAME_PATTERN 'part-v1-{{i}}', OVERWRITE_OR_IGNORE true)"


def lake(folder: Path, sql: str, columns: str, file_format: str = "parquet") -> Path:
    """Writes the rows of a query in folders; returns the pattern."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS {sql}")
        connection.execute(COPY.format(folder / "lake", file_format, columns))
    return folder / "lake" / "**" / f"*.{file_format}"


def files_of(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"id": [1]}), folder / path)
    return folder / "**" / "*.parquet"


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_every_value_that_the_sink_writes_comes_back(file_format: str, tmp_path: Path) -> None:
    texts = ["plain", "a b", "a/b=c", "50%", "é😀", "'q\"", "a:b?c*", "..", "007", "x\\y", "__x", "1.50"]
    listed = ", ".join("('" + text.replace("'", "''") + "')" for text in [*texts])
    sql = f"SELECT row_number() OVER () AS id, k FROM (VALUES {listed}, (NULL)) v(k)"
    found = read_files(lake(tmp_path, sql, "k", file_format))
    assert found.types == {"id": "int64", "k": "string"}
    assert sorted(found.rows) == [*enumerate(texts, 1), (len(texts) + 1, None)]


def test_types_of_folders(tmp_path: Path) -> None:
    sql = (
        "SELECT i AS id, (2024 + i)::smallint AS y, DATE '2024-02-28' + i::int AS d, i > 0 AS b, '0' || i AS m, "
        "nullif(i, 1) AS n FROM range(2) r(i)"
    )
    pattern = lake(tmp_path, sql, "y, d, b, m, n")
    found = read_files(pattern)
    assert found.types == {
        "id": "int64", "y": "int64", "d": "date32[day]", "b": "bool", "m": "string", "n": "int64",
    }  # fmt: skip
    days = [datetime.date(2024, 2, 28), datetime.date(2024, 2, 29)]
    assert sorted(found.rows) == [(0, 2024, days[0], False, "00", 0), (1, 2025, days[1], True, "01", None)]
    declared = read_files(pattern, columns={"y": "smallint", "m": "integer", "d": "text"})
    assert [declared.types[name] for name in "ymd"] == ["int16", "int32", "string"]
    assert sorted(declared.rows)[1][:3] == (1, 2025, "2024-02-29")
    with pytest.raises(
        DataError, match=r"column `m` holds `0[01]`, which is not bool.*`columns: \{m: text\}`"
    ):
        read_files(pattern, columns={"m": "boolean"})
    assert read_files(pattern, folder_columns=False).types == {"id": "int64"}


def test_the_name_of_a_column_is_decoded(tmp_path: Path) -> None:
    pattern = lake(tmp_path, """SELECT 1::bigint AS id, 2 AS "a b=c" """, '"a b=c"')
    assert read_files(pattern).types == {"id": "int64", "a b=c": "int64"}


def test_values_that_are_all_numbers_but_one(tmp_path: Path) -> None:
    found = read_files(files_of(tmp_path, "k=1/a.parquet", "k=x/a.parquet", "k=/a.parquet"))
    assert (found.types["k"], sorted(row[1] for row in found.rows)) == ("string", ["", "1", "x"])
    assert read_files(files_of(tmp_path / "n", "k=__HIVE_DEFAULT_PARTITION__/a.parquet")).rows == [(1, None)]


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        (["y=1/a.parquet", "b.parquet"], r"hold.* none, .* hold `y`; .*`folder_columns: false`|hold.* `y`, .* none"),
        (["y=1/a.parquet", "z=1/a.parquet"], r"z=1/a.parquet: its folders hold the columns `z`, .* hold `y`"),
        (["id=1/a.parquet"], r"a.parquet: the column `id` is in the file and in its folder's name.*folder_columns"),
        (["ID=1/a.parquet"], r"a.parquet: the column `id` is in the file and in its folder's name"),
        (["y=1/y=2/a.parquet"], r"two folders hold the column `y`"),
        (["y=%ff/a.parquet"], r"the folder `y=%ff` holds bytes that are no UTF-8"),
    ],
)  # fmt: skip
def test_folders_that_are_not_clear(paths: list[str], problem: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=problem):
        read_files(files_of(tmp_path, *paths))


def test_csv_and_json_lines_in_folders(tmp_path: Path) -> None:
    for day in ("2024-01-01", "2024-01-02"):
        folder = tmp_path / f"day={day}"
        folder.mkdir()
        (folder / "a.csv").write_text("1,x\n")
        (folder / "a.jsonl").write_text('{"a": 1}\n')
    columns = {"day": "date", "a": "bigint", "b": "text"}
    csv: dict[str, Any] = {"header": False}
    days = [datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)]
    found = read_files(tmp_path / "*" / "a.csv", columns=columns, csv=csv)
    assert found.rows == [(1, "x", day) for day in days]
    assert read_files(tmp_path / "*" / "a.jsonl").rows == [(1, day) for day in days]


def test_the_versions_of_a_folder_that_beamline_wrote(tmp_path: Path) -> None:
    root = tmp_path / "out"
    (root / "_beamline").mkdir(parents=True)
    for version in ("v1-aa", "v2-bb"):
        files_of(root, f"{version}/y=1/part.parquet")
    (root / "current").symlink_to("v2-bb")
    assert read_files(root / "current" / "**" / "*.parquet").rows == [(1, 1)]
    assert read_files(root / "v1-aa" / "**" / "*.parquet").rows == [(1, 1)]
    for pattern in (root / "**" / "*.parquet", root / "*" / "y=1" / "*.parquet"):
        with pytest.raises(ConfigError, match=r"matches every version in .*out/current/"):
            read_files(pattern)

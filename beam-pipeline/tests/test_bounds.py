"""What is in memory follows bytes, not rows: wide cells, wide rows and many columns, in each module."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files.csv import rows as csv_rows
from beam_pipeline.modules.source.files.csv import text as csv_text
from beam_pipeline.modules.source.files.jsonl import format as jsonl_format
from beam_pipeline.modules.source.files.jsonl import lines as json_lines
from beam_pipeline.modules.source.files.params import FilesParams
from beam_pipeline.reading import prefetch
from beam_pipeline.sql import duckdb_session
from beam_pipeline.sql_engine.query import Query
from beam_pipeline.staging import coder, parquet, spill
from file_reading import read_files

MB = 1 << 20


def wide(rows: int, size: int) -> Any:
    return pa.record_batch({"n": range(rows), "t": ["x" * size] * rows})


def test_a_batch_is_cut_where_its_wide_rows_are() -> None:
    uneven = pa.concat_batches([wide(60, MB), wide(100_000, 10)])
    pieces = list(coder.cut(uneven))
    assert max(piece.nbytes for piece in pieces) <= coder.MAX_BYTES
    assert [value for piece in pieces for value in piece["n"].to_pylist()] == uneven["n"].to_pylist()


@pytest.mark.parametrize(("size", "ahead"), [(1, 2), (12 * MB, 2), (20 * MB, 1), (200 * MB, 1)])
def test_large_items_are_read_ahead_one_at_a_time(size: int, ahead: int) -> None:
    class Item:
        nbytes = size

    produced = 0
    settled = threading.Event()

    def items() -> Iterator[Item]:
        nonlocal produced
        for _ in range(10):
            produced += 1
            if produced == ahead + 2:
                settled.set()
            yield Item()

    reading = prefetch.prefetched(items())
    next(reading)
    # One is taken, `ahead` wait, and one more is made and does not fit.
    assert settled.wait(10)
    settled.clear()
    assert not settled.wait(0.3)
    assert produced == ahead + 2
    assert sum(1 for _ in reading) == 9


def test_what_is_set_aside_has_row_groups_of_bounded_size(tmp_path: Path) -> None:
    writer = spill.SpillWriter(str(tmp_path), wide(1, 1).schema)
    writer.write(pa.Table.from_batches([wide(60, MB)]))
    writer.write(wide(1000, 10))
    path = writer.close()
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    assert max(group.total_byte_size for group in groups) <= spill.ROW_GROUP_BYTES + MB
    assert sum(group.num_rows for group in groups) == 1060
    assert MB <= spill.row_bytes([path]) < 2 * MB


def test_a_query_over_wide_rows_gives_batches_of_bounded_size() -> None:
    with duckdb_session.open_session(threads=1) as connection:
        connection.register("t", pa.Table.from_batches([wide(100, MB)]))
        batches = list(Query("SELECT * FROM t", "s").run(connection, MB))
    assert max(batch.nbytes for batch in batches) <= 17 * MB
    assert sum(batch.num_rows for batch in batches) == 100


def test_staged_files_end_with_their_bytes(tmp_path: Path) -> None:
    batch = wide(16, MB)
    writer = parquet.PartWriter(str(tmp_path / "a.parquet"), batch)
    written = 0
    while not writer.is_full:
        writer.write(batch)
        written += 1
    assert written * batch.nbytes < parquet.ROW_GROUP_BYTES + batch.nbytes
    assert writer.close()[0] == 16 * written


def test_many_columns_are_staged(tmp_path: Path) -> None:
    columns = pa.record_batch({f"c{n}": [n] for n in range(10_000)})
    writer = parquet.PartWriter(str(tmp_path / "a.parquet"), columns)
    writer.write(columns)
    writer.close()
    assert pq.read_metadata(tmp_path / "a.parquet").num_columns == 10_000


def test_a_cell_of_csv_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", MB)
    monkeypatch.setattr(csv_rows, "ROW_BYTES", 4 * MB)
    path = tmp_path / "a.csv"
    cell = f'x,\n""{"y" * 95}' * (3 * MB // 100)
    path.write_text('n,t\n1,"' + cell + '"\n2,y\n3,"' + cell + '"\n')
    found = read_files(path)
    assert [len(row[1]) for row in found.rows] == [len(cell) * 99 // 100, 1, len(cell) * 99 // 100]
    assert found.largest < 5 * MB
    path.write_text("n,t\n1," + "x" * 10 * MB)
    with pytest.raises(DataError, match=r"a.csv:2: a row is longer than 4 MB"):
        read_files(path)


def test_a_line_is_bounded_before_it_is_known_to_be_a_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "ROW_BYTES", 4 * MB)
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        for chunk in [b"n,t\n#\n1,", *[b"x" * MB] * 20]:
            taken += 1
            yield chunk

    monkeypatch.setattr(csv_rows, "text_of", lambda path, params: csv_text.Text(",", 1, chunks()))
    params = FilesParams.model_validate({"path": "a.csv", "csv": {"comment": "#"}})
    with pytest.raises(DataError, match=r"a.csv:3: a row is longer than 4 MB"):
        list(csv_rows.blocks("a.csv", params))
    assert taken == 5


def test_wide_rows_of_csv_come_in_blocks_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", MB)
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{n}" for n in range(2000)) + "\n" + (",".join(["1.5"] * 2000) + "\n") * 600)
    found = read_files(path, keep=False, columns={f"c{n}": "double" for n in range(2000)})
    assert found.largest < 5 * MB


def test_a_line_of_json_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "BLOCK_BYTES", MB)
    monkeypatch.setattr(json_lines, "LINE_BYTES", 4 * MB)
    path = tmp_path / "a.jsonl"
    path.write_text(('{"t":"' + "x" * 3 * MB + '"}\n') * 2 + '{"t":"y"}\n')
    found = read_files(path)
    assert [len(row[0]) for row in found.rows] == [3 * MB, 3 * MB, 1]
    assert found.largest < 5 * MB
    path.write_text('{"a":1}\n{"t":"' + "x" * 10 * MB + '"}\n')
    with pytest.raises(DataError, match=r"a.jsonl:2: the line is longer than 4 MB"):
        read_files(path)


def test_objects_that_lack_most_keys_are_read_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl_format, "_BATCH_CELLS", 1000)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"k{n % 100}":{n}}}\n' for n in range(400)))
    found = read_files(path)
    assert found.largest < 10 * 1000
    assert [sum(value for value in row if value is not None) for row in found.rows] == list(range(400))

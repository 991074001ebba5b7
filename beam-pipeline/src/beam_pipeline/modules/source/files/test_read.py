"""Reads CSV, JSON Lines and Parquet files, right and wrong ones."""

from __future__ import annotations

import datetime
import gzip
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.modules.source.files.csv import rows as csv_rows
from beam_pipeline.modules.source.files.jsonl import lines as json_lines
from running import BUNDLE_BASED, InProcess, Staged, plan_of


@pytest.fixture
def read(tmp_path: Path, in_process: InProcess) -> Any:
    """Writes files below a folder of their own, and reads them."""
    folder = tmp_path / "data"

    def run(
        contents: dict[str, str | bytes], path: str | None = None, *options: str, **parameters: Any
    ) -> Staged:
        for name, content in contents.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        wanted = str(folder / (path or next(iter(contents))))
        return in_process.run(
            plan_of({"rows": {"module": "files", "path": wanted, **parameters}}), None, options
        )

    return run


def test_a_csv_file(read: Any) -> None:
    staged = read({"a.csv": 'id,name,amount\n1,"x, ""y""\nz",1.5\n2,,\n3,"",-2\n'})
    assert staged.schema() == {"id": "int64", "name": "string", "amount": "double"}
    assert staged.query("FROM t ORDER BY id") == [(1, 'x, "y"\nz', 1.5), (2, None, None), (3, "", -2.0)]
    assert staged.manifest["steps"]["rows"]["rows_out"] == 3


def test_options_of_a_csv_file(read: Any) -> None:
    content = "1|'it\\'s'|NA\n2|é|\n".encode("latin-1")
    options = {
        "delimiter": "|",
        "header": False,
        "quote": "'",
        "escape": "\\",
        "null_values": ["NA", ""],
        "encoding": "latin-1",
    }
    staged = read(
        {"a.txt": content}, format="csv", csv=options, columns={"a": "smallint", "b": "text", "c": "date"}
    )
    assert staged.schema() == {"a": "int16", "b": "string", "c": "date32[day]"}
    assert staged.query("FROM t ORDER BY a") == [(1, "it's", None), (2, "é", None)]


def test_a_file_without_quotes_or_header(read: Any) -> None:
    staged = read({"a.tsv": 'ab\t5" disk\n'}, csv={"quote": None, "header": False})
    assert staged.query("FROM t") == [("ab", '5" disk')]
    assert list(staged.schema()) == ["f0", "f1"]


def test_many_files_side_by_side(read: Any) -> None:
    files = {f"2024/{n:02d}/part.csv": f"n,day\n{n},2024-01-{n:02d}\n" for n in range(1, 31)}
    for options in ((), (f"--runner={BUNDLE_BASED}",)):
        staged = read(files, "2024/**/*.csv", *options)
        assert staged.query("SELECT count(*), sum(n), max(day) FROM t") == [
            (30, 465, datetime.date(2024, 1, 30))
        ]


def test_columns_meet_by_name_whatever_their_order(read: Any) -> None:
    staged = read({"1.csv": "a,b\n1,x\n", "2.csv": "b,a\ny,2.5\n"}, "*.csv")
    assert staged.schema() == {"a": "double", "b": "string"}
    assert staged.query("FROM t ORDER BY a") == [(1.0, "x"), (2.5, "y")]


def test_compressed_files(read: Any) -> None:
    lines = gzip.compress(b'{"a":1}\n') + gzip.compress(b'{"a":2}\n')
    assert read({"a.jsonl.gz": lines}).query("SELECT sum(a) FROM t") == [(3,)]
    assert read({"a.csv.gz": gzip.compress(b"a\n1\n")}).query("FROM t") == [(1,)]
    with pytest.raises(DataError, match=r"broken.csv.gz: is not a complete gzip file"):
        read({"broken.csv.gz": gzip.compress(b"a\n" + b"1\n" * 9999)[:-20] + b"\0" * 30})


def test_a_file_is_never_held_as_a_whole(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr(json_lines, "BLOCK_BYTES", 1 << 16)
    numbers = range(100_000)
    csv = "n,s\n" + "".join(f'{n},"two\nlines"\n' for n in numbers)
    total = [(100_000, sum(numbers))]
    assert read({"a.csv": csv}).query("SELECT count(*), sum(n) FROM t WHERE s = 'two\nlines'") == total
    lines = "".join(f'{{"n": {n}, "s": "é{n}"}}\n' for n in numbers)
    assert read({"a.jsonl": lines}).query("SELECT count(*), sum(n) FROM t WHERE s = 'é' || n") == total


def test_an_empty_file(read: Any) -> None:
    staged = read({"a.csv": "id,name\n"}, columns={"id": "bigint"})
    assert staged.schema() == {"id": "int64", "name": "string"}
    assert staged.query("SELECT count(*) FROM t") == [(0,)]
    for name in ("none.csv", "none.jsonl"):
        with pytest.raises(DataError, match=rf"{name}: the file .*declare"):
            read({name: ""})
        staged = read({name: ""}, columns={"id": "bigint", "price": "decimal(9,2)"})
        assert staged.schema() == {"id": "int64", "price": "decimal128(9, 2)"}
        assert staged.query("SELECT count(*) FROM t") == [(0,)]


def test_no_file_matches(read: Any) -> None:
    with pytest.raises(ConfigError, match=r"sources\[0\].parameters.path  no file matches `.*/b\*.csv`"):
        read({"a.csv": "a\n"}, "b*.csv")


ROWS = "id,amount,note\n" + "".join(f"{n},{n}.5,ok\n" for n in range(200_000))


@pytest.mark.parametrize(
    ("content", "parameters", "problem"),
    [
        (ROWS + "200000,oops,ok\n", {}, r"a.csv:200002: column `amount` holds `oops`, which is not double; double was inferred .* `columns: \{amount: text\}`"),
        (ROWS + "200000,1,ok\n", {"columns": {"note": "boolean"}}, r"a.csv:2: column `note` holds `ok`, which is not boolean; `columns` declares boolean"),
        (ROWS + "12345678901234567890,1,ok\n", {}, r"a.csv:200002: column `id` holds `12345678901234567890`, which is not bigint"),
        (ROWS + f"{'x' * 500},1,ok\n", {}, r"a.csv:200002: column `id` holds `x{60}… \(500 characters\)`"),
        (ROWS + "200000,1\n", {}, r"a.csv:200002: the row has 2 values, the file has 3 columns"),
        ('a,b\n1,"x\ny"\n\n2,3,4\n', {}, r"a.csv:5: the row has 3 values, the file has 2 columns"),
        ('a,b\n1,"x\ny"\nz,2\n', {"columns": {"a": "integer"}}, r"a.csv:4: column `a` holds `z`, which is not integer"),
        ('a,b\n1,"x\n2,y\n3,z\n', {}, r"a.csv:2: a quote in this row is never closed"),
        (b"a,b\n1,x\n2,\xff\n", {}, r"a.csv:3: byte 3 of the line is not utf-8; set `csv: \{encoding: …\}`"),
        ("a,b,a\n1,2,3\n", {}, r"a.csv:1: more than one column is named `a`"),
        ("id,b\n1,2\n", {"columns": {"idd": "bigint"}}, r"a.csv: there is no column `idd`, .*did you mean `id`"),
        ("a\n1.255\n", {"columns": {"a": "decimal(9,2)"}}, r"a.csv:2: column `a` holds `1.255`, which is not decimal\(9,2\)"),
        ("a\n1\n", {"columns": {"a": "integer[]"}}, r"column `a`: a CSV file cannot hold list"),
    ],
)  # fmt: skip
def test_a_wrong_csv_file_is_shown(content: str | bytes, parameters: Any, problem: str, read: Any) -> None:
    with pytest.raises(DataError if "cannot hold" not in problem else ConfigError, match=problem):
        read({"a.csv": content}, **parameters)


def test_a_row_longer_than_a_block(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 1 << 18)
    monkeypatch.setattr(csv_rows, "ROW_BYTES", 1 << 20)
    with pytest.raises(DataError, match=r"a.csv:2: a row is longer than 1 MB, or a quote is never closed"):
        read({"a.csv": 'a,b\n1,"' + "x,y\n" * (1 << 20)})


LINES = "".join(f'{{"id": {n}, "name": "n{n}"}}\n' for n in range(200_000))


@pytest.mark.parametrize(
    ("content", "parameters", "problem"),
    [
        (LINES + '{"id": "x"}\n', {}, r"a.jsonl:200001: column `id` holds `\"x\"`, which is not bigint; .*columns: \{id: json\}"),
        (LINES + '{"id": 1.5}\n', {}, r"a.jsonl:200001: column `id` holds `1.5`, which is not bigint"),
        (LINES + '{"nane": 1}\n', {}, r"a.jsonl:200001: the key `nane` was not in the file's first rows; did you mean `name`\?; declare it"),
        ('{"a":1}\n\n{"a":1\n', {}, r"a.jsonl:3:7: not JSON"),
        ('{"a":1}\n[1]\n', {}, r"a.jsonl:2: the line is an array; each must be one object"),
        (b'{"a":"x"}\n{"a":"\xff"}\n', {}, r"a.jsonl:2: the line is not UTF-8"),
        ('{"a":"1.255"}\n', {"columns": {"a": "decimal(9,2)"}}, r"a.jsonl:1: column `a` holds `\"1.255\"`, which is not decimal"),
        ('{"a":1.255}\n', {"columns": {"a": "decimal(9,2)"}}, r"a.jsonl:1: column `a` holds `1.255`, which is not decimal"),
    ],
)  # fmt: skip
def test_a_wrong_jsonl_file_is_shown(content: str | bytes, parameters: Any, problem: str, read: Any) -> None:
    with pytest.raises(DataError, match=problem):
        read({"a.jsonl": content}, **parameters)


def test_json_lines_with_missing_keys_and_nested_values(read: Any) -> None:
    staged = read(
        {
            "a.jsonl": '{"a": 1, "o": {"x": [1, null]}}\n\n{"o": "text", "late": null}\n{"a": null, "late": 2.5}'
        }
    )
    assert staged.schema() == {"a": "int64", "o": "extension<arrow.json>", "late": "double"}
    rows = staged.query("SELECT a, o::varchar, late FROM t")
    assert rows == [(1, '{"x":[1,null]}', None), (None, '"text"', None), (None, None, 2.5)]


def test_parquet_row_groups_are_streamed(read: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    table = pa.table(
        {
            "n": pa.array(range(300_000), pa.uint64()),
            "d": pa.array([Decimal("1.50")] * 300_000, pa.decimal128(9, 2)),
        }
    )
    pq.write_table(table, tmp_path / "data" / "a.parquet", row_group_size=50_000)
    pq.write_table(table.slice(0, 10).select(["d", "n"]), tmp_path / "data" / "b.parquet")
    staged = read({}, "*.parquet")
    assert staged.schema() == {"n": "uint64", "d": "decimal128(9, 2)"}
    assert staged.query("SELECT count(*), sum(n), sum(d) FROM t") == [
        (300_010, sum(range(300_000)) + 45, Decimal("450015.00"))
    ]


def test_parquet_files_must_agree(read: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"n": [1]}), tmp_path / "data" / "a.parquet")
    pq.write_table(pa.table({"n": ["x"]}), tmp_path / "data" / "b.parquet")
    with pytest.raises(DataError, match=r"b.parquet: column `n` is text, but bigint in .*a.parquet"):
        read({}, "*.parquet")
    with pytest.raises(DataError, match=r"c.parquet: is not a Parquet file"):
        read({"c.parquet": "no"})
    pq.write_table(pa.table({"m": [1]}), tmp_path / "data" / "d.parquet")
    with pytest.raises(
        DataError, match=r"d.parquet: its columns differ from those of .*: without n; also has m"
    ):
        read({}, "[ad].parquet")


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"path": "a.dat"}, "`a.dat` has none of the extensions .csv, .tsv"),
        ({"path": "a.jsonl", "csv": {"header": False}}, "`csv` is for CSV files; the format is jsonl"),
        ({"path": "a.csv", "columns": {"a": "decimall(3)"}}, "column `a`: `decimall(3)` is not a type"),
        ({"path": "a.csv", "columns": {"a": "interval"}}, "`interval` cannot be stored exactly"),
        ({"path": "a.csv", "csv": {"encoding": "utf-88"}}, "csv.encoding  Value error, `utf-88` is not an encoding"),
        ({"path": "a.csv", "csv": {"delimiter": '"'}}, "`delimiter` and `quote` are both `\""),
        ({"path": "a.csv", "csv": {"quote": "'", "escape": "'"}}, "`escape` and `quote` are both `'`"),
        ({"path": "a.csv", "csv": {"comment": "#", "blank_lines": "null"}}, "`comment` and `blank_lines: null` cannot go together"),
        ({"path": "a.csv", "delimiter": ";"}, "parameters.delimiter  unknown key"),
    ],
)  # fmt: skip
def test_wrong_parameters(parameters: dict[str, Any], problem: str, in_process: InProcess) -> None:
    with pytest.raises(ConfigError, match=re.escape(problem)):
        in_process.run(plan_of({"rows": {"module": "files", **parameters}}))

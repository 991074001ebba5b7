"""Files as other programs write them: read right, or refused with what to do, which then works."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import DataError
from file_reading import read_files

INDEX = {"row": "bigint", "a": "double", "b": "text"}
RIGHT: list[tuple[str, str, bytes, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("Excel, German", "a.csv", "Name;Betrag\r\nMüller;1.234,56\r\n\"Groß; Co\";2,5\r\n".encode("cp1252"), {"csv": {"delimiter": ";", "encoding": "cp1252"}}, [("Müller", "1.234,56"), ("Groß; Co", "2,5")]),
    ("Excel, Unicode text", "a.tsv", "Name\tWert\r\nMüller\t1\r\n".encode("utf-16"), {"csv": {"encoding": "utf-16"}}, [("Müller", 1)]),
    ("Excel, UTF-8", "a.csv", b'\xef\xbb\xbfsep=;\r\nName;Wert\r\n"M\xc3\xbcller; ""X""";1\r\n', {}, [('Müller; "X"', 1)]),
    ("MySQL, INTO OUTFILE", "a.tsv", b"1\ta\\tb\t\\N\n2\tline\\\nnext\tx\n", {"csv": {"header": False, "escape": "\\", "quote": None, "null_values": ["\\N"]}}, [(1, "a\\tb", None), (2, "line\nnext", "x")]),
    ("PostgreSQL, COPY CSV", "a.csv", b'id,t,n\n1,"",\n2,\\N,3\n', {}, [(1, "", None), (2, "\\N", 3)]),
    ("Salesforce", "a.csv", b'"Id","Name"\r\n"0015000000Ab","He said ""x"""\r\n"0016000000Ab",""\r\n', {}, [("0015000000Ab", 'He said "x"'), ("0016000000Ab", "")]),
    ("polars", "a.csv", b"f,t,d\n1e20,01:02:03.000000000,2024-01-01\n1e-7,,\n", {}, [("1e20", "01:02:03.000000000", datetime.date(2024, 1, 1)), ("1e-7", None, None)]),
    ("R, without row names", "a.csv", b'"a","b"\n1,NA\n2.5,"NA"\n', {"csv": {"null_values": ["NA"]}}, [(1.0, None), (2.5, "NA")]),
    ("a bank's statement", "a.csv", b"Account;DE12 3456\nFrom;01.01.2024\n\nDay;Sum\n2024-01-02;-1.50\nBalance;7\n", {"csv": {"delimiter": ";", "skip": 3, "skip_end": 1}}, [(datetime.date(2024, 1, 2), -1.5)]),
    ("a log", "a.jsonl", b'{"ts":"2024-01-01T00:00:00Z","n":1}\n{"ts":"2024-01-01T00:00:01Z","n":"x"}\n', {}, [("2024-01-01T00:00:00Z", "1"), ("2024-01-01T00:00:01Z", '"x"')]),
    ("DuckDB, JSON", "a.jsonl", b'{"l":["a",null],"m":{"k":1},"d":null,"u":"bf"}\n', {}, [('["a",null]', '{"k":1}', None, "bf")]),
    ("line ends of three kinds", "a.csv", b"a,b\r\n1,2\n3,4\r5,6\r\n", {}, [(1, 2), (3, 4), (5, 6)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "name", "content", "parameters", "rows"), RIGHT, ids=[case[0] for case in RIGHT]
)
def test_a_file_of_another_program(
    program: str, name: str, content: bytes, parameters: dict[str, Any], rows: Any, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_files(tmp_path / name, **parameters).rows == rows


REFUSED: list[tuple[str, str, bytes, str, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("pandas with its index", "a.csv", b",a,b\n0,1.5,x\n1,,y\n", r"a.csv:1: column 1 has no name.*`csv: \{header: false, skip: 1\}`", {"csv": {"header": False, "skip": 1}, "columns": INDEX}, [(0, 1.5, "x"), (1, None, "y")]),
    ("R with its row names", "a.csv", b'"","a","b"\n"1",1,NA\n', "column 1 has no name", {"csv": {"header": False, "skip": 1, "null_values": ["", "NA"]}, "columns": INDEX}, [(1, 1.0, None)]),
    ("pandas with two header rows", "a.csv", b"a,a\nx,y\n1,2\n", "more than one column is named `a`", {"csv": {"header": False, "skip": 2}, "columns": {"x": "bigint", "y": "bigint"}}, [(1, 2)]),
    ("DuckDB with one column of NULLs", "a.csv", b"a\n\n\n", r"a.csv:2: the line is blank.*`csv: \{blank_lines: null\}`", {"csv": {"blank_lines": "null"}}, [(None,), (None,)]),
    ("Excel, Unicode text", "a.tsv", "a\tb\r\n1\té\r\n".encode("utf-16"), r"`csv: \{encoding: utf-16\}`", {"csv": {"encoding": "utf-16"}}, [(1, "é")]),
    ("latin-1", "a.csv", "a,b\n1,é\n".encode("latin-1"), r"a.csv:2: byte 3 .*for example latin-1", {"csv": {"encoding": "latin-1"}}, [(1, "é")]),
    ("Spark with backslashes", "a.csv", b'a,b\n1,"x \\"y\\", z"\n', r"`csv: \{escape: '\\'\}`", {"csv": {"escape": "\\"}}, [(1, 'x "y", z')]),
    ("a total", "a.csv", b"a,b\n1,x\n1 rows\n", r"`csv.skip_end`", {"csv": {"skip_end": 1}}, [(1, "x")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "name", "content", "problem", "remedy", "rows"), REFUSED, ids=[case[0] for case in REFUSED]
)
def test_a_file_that_needs_a_word_is_refused_and_the_advice_works(
    program: str,
    name: str,
    content: bytes,
    problem: str,
    remedy: dict[str, Any],
    rows: Any,
    tmp_path: Path,
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=problem):
        read_files(tmp_path / name)
    assert read_files(tmp_path / name, **remedy).rows == rows

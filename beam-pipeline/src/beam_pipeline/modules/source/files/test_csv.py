"""Quotes, encodings, lines that are no rows, and headers of CSV files."""

from __future__ import annotations

import bz2
import gzip
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files.csv import comments as csv_comments
from beam_pipeline.modules.source.files.csv import rows as csv_rows
from beam_pipeline.modules.source.files.csv import text as csv_text
from file_reading import read_files


def written(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


RIGHT: list[tuple[str, str | bytes, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("a quote in the middle of a value", 'a,b\n5" disk,x\ny" z,"q, ""w"""\n', {}, [('5" disk', "x"), ('y" z', 'q, "w"')]),
    ("quotes behind a blank", 'a,b\n "x",y\n', {}, [(' "x"', "y")]),
    ("empty quotes", 'a,b\n"",""""\n', {}, [("", '"')]),
    ("escapes", 'a|b\n1|"x \\"y\\" z"\n', {"delimiter": "|", "escape": "\\"}, [(1, 'x "y" z')]),
    ("escapes that stand before nothing", 'a|b\n1|"c:\\new\\\\"\n2|\\N\n', {"delimiter": "|", "escape": "\\", "null_values": ["\\N"]}, [(1, "c:\\new\\"), (2, None)]),
    ("an escaped delimiter", "a,b\n1,x\\,y\n", {"escape": "\\"}, [(1, "x,y")]),
    ("line ends of old", 'a,b\r1,"x\ry"\r3,z\r', {}, [(1, "x\ry"), (3, "z")]),
    ("line ends of Windows", 'a,b\r\n1,"x\r\ny"\r\n3,z', {}, [(1, "x\r\ny"), (3, "z")]),
    ("a byte order mark", b"\xef\xbb\xbfa,b\n1,2\n", {}, [(1, 2)]),
    ("UTF-16", "a,b\r\n1,é😀\r\n".encode("utf-16"), {"encoding": "utf-16"}, [(1, "é😀")]),
    ("UTF-16 without a mark", "a,b\n1,é\n".encode("utf-16-be"), {"encoding": "utf-16-be"}, [(1, "é")]),
    ("UTF-16 with a mark that is not asked for", "\ufeffa,b\n1,é\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, [(1, "é")]),
    ("UTF-32", "a,b\n1,é\n".encode("utf-32"), {"encoding": "utf-32"}, [(1, "é")]),
    ("zeros in a text", b"a,b\n1,x\0y\n", {}, [(1, "x\0y")]),
    ("blank lines above and between", "\n\na,b\n1,2\n\n3,4\n\n", {}, [(1, 2), (3, 4)]),
    ("Excel's separator", "sep=;\r\na;b\r\n1;x,y\r\n", {}, [(1, "x,y")]),
    ("Excel's separator, declared, too", '"sep=;"\na;b\n1;2\n', {"delimiter": ";"}, [(1, 2)]),
    ("a title", "Report, of shops\n\na,b\n1,2\n", {"skip": 2}, [(1, 2)]),
    ("a title below Excel's separator", "sep=;\nReport\na;b\n1;2\n", {"skip": 1}, [(1, 2)]),
    ("a total", 'a,b\n1,2\n"Total, of all",\n2 rows', {"skip_end": 2}, [(1, 2)]),
    ("a total and a blank line", "a,b\n1,2\nTotal,2\n\n", {"skip_end": 2}, [(1, 2)]),
    ("comments", '# it\'s "so\na,b\n1,"x\n# y"\n# z\n2,#\n', {"comment": "#"}, [(1, "x\n# y"), (2, "#")]),
    ("a header to leave out", "a,b,\n1,2,\n", {"header": False, "skip": 1}, [(1, 2, None)]),
    ("blank lines that are NULL", "a\n1\n\n3\n", {"blank_lines": "null"}, [(1,), (None,), (3,)]),
    ("blank lines that are nothing", "a\n1\n\n3\n\n", {"blank_lines": "skip"}, [(1,), (3,)]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "content", "options", "rows"), RIGHT, ids=[case[0] for case in RIGHT])
@pytest.mark.parametrize("block", [1, 8 << 20])
def test_a_file_is_read_right_however_it_is_cut(
    what: str,
    content: str | bytes,
    options: dict[str, Any],
    rows: Any,
    block: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", block)
    monkeypatch.setattr(csv_text, "_READ_BYTES", min(block, 1 << 20))
    types: dict[str, Any] = {}
    if "header" in options:
        types = {"columns": {"a": "bigint", "b": "bigint", "c": "text"}}
    if options.get("blank_lines") is None and block == 1 and all(type(row[0]) is int for row in rows):
        # Types are inferred from the first block, which here is one row.
        types = types or {"columns": {"a": "bigint"}}
    found = read_files(written(tmp_path, content), csv=options, **types).rows
    assert [tuple(map(str, row)) for row in found] == [tuple(map(str, row)) for row in rows]


BACKSLASH = 'a|b\n"he said \\"hi\\""|1\n'
WRONG: list[tuple[str, str | bytes, dict[str, Any], str]] = [
    ("text behind a quote", 'a,b\n1,2\n"x"y,1\n', {}, r"a.csv:3: text stands behind a closing quote \(`y,1`\).*csv: \{escape: '.'\}.*quote: null"),
    ("backslashes", BACKSLASH, {"delimiter": "|"}, r"a.csv:2: text stands behind a closing quote .*`csv: \{escape: '\\'\}`"),
    ("a blank behind a quote", 'a,b\n"x" ,1\n', {}, r"a.csv:2: text stands behind a closing quote"),
    ("doubled quotes where escapes are declared", 'a,b\n"x""y",1\n', {"escape": "\\"}, r"a.csv:2: text stands behind a closing quote"),
    ("a quote that is never closed", 'a,b\n1,2\n3,"x\n4,y\n5,z\n', {}, r"a.csv:3: a quote in this row is never closed"),
    ("a quote that is never closed, in the first value", 'a\n"x\n', {}, r"a.csv:2: a quote in this row is never closed"),
    ("a quote that is never closed, at the end", 'a,b\n1,"', {}, r"a.csv:2: a quote in this row is never closed"),
    ("a short row behind a long value", 'a,b\r\n1,"x\r\ny"\r\n2\r\n', {}, r"a.csv:4: the row has 1 values, the file has 2"),
    ("a short row behind comments", "# x\na,b\n# y\n1,2\n3\n", {"comment": "#"}, r"a.csv:5: the row has 1 values"),
    ("a short row behind a title", "x\n\na,b\n1\n", {"skip": 1}, r"a.csv:4: the row has 1 values"),
    ("a total", "a,b\n1,2\nTotal\n", {}, r"a.csv:3: the row has 1 values.*`csv.skip_end`"),
    ("UTF-16", "a,b\n1,é\n".encode("utf-16"), {}, r"a.csv:1: the text is utf-16, which is not utf-8; set `csv: \{encoding: utf-16\}`"),
    ("UTF-16 without a mark", "a,b\n1,é\n".encode("utf-16-le"), {}, r"set `csv: \{encoding: utf-16-le\}`"),
    ("UTF-32 without a mark", "a,b\n1,é\n".encode("utf-32-be"), {}, r"set `csv: \{encoding: utf-32-be\}`"),
    ("half a character", "a,b\n1,2\n".encode("utf-16") + b"\0", {"encoding": "utf-16"}, r"a.csv:3: the text is not utf-16"),
    ("a byte without a meaning", b"a,b\n1,2\n3,\x81\n", {"encoding": "cp1252"}, r"a.csv:3: the text is not cp1252"),
    ("latin-1 in the header", b"\xe9,b\n1,2\n", {}, r"a.csv:1: byte 1 of the line is not utf-8"),
    ("a column without a name", "a,b,\n1,2,\n", {}, r"a.csv:1: column 3 has no name.*`csv: \{header: false, skip: 1\}`"),
    ("a column without a name below blank lines", "\na,,b\n1,2,3\n", {}, r"a.csv:2: column 2 has no name.*skip: 2"),
    ("two columns of one name", "a,b,a\n1,2,3\n", {}, r"a.csv:1: more than one column is named `a`"),
    ("two columns of one name in SQL", "a,b,A\n1,2,3\n", {}, r"a.csv:1: columns `a` and `A` differ only in case"),
    ("too many columns", ",".join(f"c{n}" for n in range(10_001)), {}, r"a.csv:1: there are more than 10000 columns"),
    ("a blank line of one column", "a\n1\n\n3\n", {}, r"a.csv:3: the line is blank.*`csv: \{blank_lines: null\}`.*`csv: \{blank_lines: skip\}`"),
    ("another separator", "sep=;\na;b\n", {"delimiter": ","}, r"a.csv:1: the line says that `;` .* set `csv: \{delimiter: ';'\}`"),
    ("a packed file", gzip.compress(b"a\n1\n"), {}, r"a.csv: is no text but a compressed file \(gz\); let its name end in .gz"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "content", "options", "problem"), WRONG, ids=[case[0] for case in WRONG])
def test_what_is_not_clear_is_refused_with_its_place(
    what: str, content: str | bytes, options: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=problem):
        read_files(written(tmp_path, content), csv=options)


def test_the_advice_for_backslashes_works(tmp_path: Path) -> None:
    found = read_files(written(tmp_path, BACKSLASH), csv={"delimiter": "|", "escape": "\\"})
    assert found.rows == [('he said "hi"', 1)]


def test_files_of_other_packers(tmp_path: Path) -> None:
    one, two = b"a,b\n1,x\n", b"2,y\n"
    zstd = pa.Codec("zstd")
    for name, content in (
        ("a.csv.bz2", bz2.compress(one) + bz2.compress(two)),
        ("a.csv.zst", zstd.compress(one, asbytes=True) + zstd.compress(two, asbytes=True)),
        ("a.csv.gz", gzip.compress(one) + gzip.compress(two)),
    ):
        path = written(tmp_path, content, name)
        assert read_files(path).rows == [(1, "x"), (2, "y")]
        for cut in (len(content) - 3, len(content) // 4):
            path.write_bytes(content[:cut])
            with pytest.raises(DataError, match=rf"{name}: is not a complete"):
                read_files(path)


def test_comments_are_found_wherever_the_text_is_cut() -> None:
    text = b"# x\r\na,#\r# y\n\r\n##\r\r\n1,2\r\n# z"

    def without(*chunks: bytes) -> bytes:
        options = (1, b"#", lambda _, quoted: quoted, lambda size, line: None)
        return b"".join(csv_comments.without_comments(iter(chunks), *options))

    assert without(text) == b"\r\na,#\r\n\r\n\r\r\n1,2\r\n"
    for cut in range(1, len(text)):
        assert without(text[:cut], text[cut:]) == without(text)
    assert without(*(text[place : place + 1] for place in range(len(text)))) == without(text)


def test_the_end_of_a_long_line_is_looked_for_once(tmp_path: Path) -> None:
    path = written(tmp_path, "a\n" + "x" * 20_000)

    def seconds(**options: str) -> float:
        started = time.process_time()
        assert read_files(path, csv=options).rows == [("x" * 20_000,)]
        return time.process_time() - started

    plain = seconds()
    # Looked for from each of its bytes, it would take a thousand times as long.
    assert seconds(comment="#") < 100 * plain


def test_a_fault_far_behind_is_placed_by_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 1 << 12)
    rows = "".join(f'{n},"two\nlines"\n' for n in range(3000))
    for wrong, problem in (
        ('x,"y"\n', "column `n` holds `x`"),
        ("1\n", "the row has 1 values"),
        ('1,"y\n', "a quote in this row is never closed"),
        ('1,"y"z\n', "text stands behind a closing quote"),
    ):
        path = written(tmp_path, "n,t\n" + rows + wrong + rows.replace('"', "") * (wrong == "1\n"))
        with pytest.raises(DataError, match=rf"a.csv:6002: {problem}"):
            read_files(path, columns={"n": "bigint"})

"""JSON Lines that are not what they seem."""

from __future__ import annotations

from pathlib import Path

import pytest

from beam_pipeline.errors import DataError
from file_reading import read_files

DEEP = "[" * 100_000 + "]" * 100_000
MANY = '{"a":1,"t":"x"}\n' * 50_000

WRONG: list[tuple[str, str | bytes, str]] = [
    ("a key that stands twice", '{"a":1,"a":2}', r"a.jsonl:1: the key `a` stands twice in one object"),
    ("a key that stands twice within", '{"a":{"b":[{"c":1,"c":1}]}}', r"a.jsonl:1: the key `c` stands twice"),
    ("a key that stands twice, far behind", MANY + '{"a":1,"t":"x","a":1}', r"a.jsonl:50001: the key `a` stands twice"),
    ("half of a surrogate pair", '{"a":"x"}\n{"a":"\\ud800"}', r"a.jsonl:2: column `a` holds `\\ud800`, half of a surrogate pair"),
    ("half of a pair within", '{"o":{"k":["\\udc00x"]}}', r"a.jsonl:1: column `o` holds `\\udc00`"),
    ("half of a pair in a key", '{"o":{"\\uDBFF":1}}', r"a.jsonl:1: column `o` holds `\\udbff`"),
    ("half of a pair in a name", '{"\\ud800":1}', r"a.jsonl:1: column `\\ud800` holds"),
    ("half of a pair, far behind", MANY + '{"a":1,"t":"\\ud800"}', r"a.jsonl:50001: column `t` holds `\\ud800`"),
    ("deep nesting", '{"a":' + DEEP + "}", r"a.jsonl:1: objects and arrays are nested too deeply"),
    ("deep nesting, far behind", MANY + '{"a":' + DEEP + ',"t":"x"}', r"a.jsonl:50001: objects and arrays are nested too deeply"),
    ("a document over several lines", '{\n "a": 1\n}', r"a.jsonl:1:2: not JSON: .*each line must be one whole object"),
    ("an array of documents", '[{"a":1}]', r"a.jsonl:1: the line is an array; each must be one object"),
    ("null", '{"a":1}\nnull', r"a.jsonl:2: the line is null"),
    ("a bare number", "1", r"a.jsonl:1: the line is a number"),
    ("two documents on a line", '{"a":1} {"a":2}', r"a.jsonl:1:9: not JSON: Extra data"),
    ("line ends of old", '{"a":1}\r{"a":2}\r', r"a.jsonl:1:9: not JSON"),
    ("a document cut off", '{"a":1}\n{"a":"x', r"a.jsonl:2:6: not JSON"),
    ("no name", '{"":1}', r"a.jsonl:1: column 1 has no name"),
    ("two names that are one in SQL", '{"a":1}\n{"A":2}', r"a.jsonl:2: columns `a` and `A` differ only in case"),
    ("NaN within a document", '{"a":{"x":NaN}}', r"a.jsonl:1: column `a` holds NaN"),
    ("UTF-16", '{"a":1}\n'.encode("utf-16"), r"a.jsonl:1: the text is utf-16, and JSON Lines are UTF-8; .*iconv"),
    ("UTF-16 without a mark", '{"a":1}\n'.encode("utf-16-le"), r"a.jsonl:1: the text is utf-16-le"),
    ("latin-1", b'{"a":"\xe9"}', r"a.jsonl:1: the line is not UTF-8 \(byte 7\)"),
    ("too many keys", "\n".join(f'{{"k{n}":1}}' for n in range(10_001)), r"a.jsonl:10001: there are more than 10000 columns"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "content", "problem"), WRONG, ids=[case[0] for case in WRONG])
def test_what_is_not_clear_is_refused_with_its_line(
    what: str, content: str | bytes, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=problem):
        read_files(path)


def test_a_whole_pair_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\ufeff{"a":"\\ud83d\\ude00","o":{"k":"\\u00e9\\u0000"}}\n')
    assert read_files(path).rows == [("😀", '{"k":"é\\u0000"}')]


def test_words_that_json_has_no_number_for_are_read_as_the_sink_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"v":"NaN"}\n{"v":1.5}\n{"v":"-Infinity"}\n{"v":Infinity}\n')
    values = [row[0] for row in read_files(path, columns={"v": "double"}).rows]
    assert str(values) == "[nan, 1.5, -inf, inf]"
    path.write_text('{"v":"nonsense"}\n')
    with pytest.raises(DataError, match='column `v` holds `"nonsense"`'):
        read_files(path, columns={"v": "double"})

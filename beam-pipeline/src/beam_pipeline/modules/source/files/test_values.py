"""What a value is read as: a number prints back to the digits that were written, or stays text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files.columns.digits import prints_back
from file_reading import read_files

AS_TEXT = [
    ("phone numbers", ["+442071838750", "+4915112345678"]),
    ("signs", ["+1.5", "-2"]),
    ("leading zeros", ["007", "7"]),
    ("leading zeros of a fraction", ["00.5", "1"]),
    ("more digits than a double has", ["0.1234567890123456789"]),
    ("a whole number that no double is, beside a fraction", ["9007199254740993", "0.5"]),
    ("money of seventeen digits", ["1234567890123456.7"]),
    ("too long a number", ["12345678901234567890", "1"]),
    ("more than infinity", ["1e400"]),
    ("less than the smallest", ["1e-400"]),
    ("digits that the smallest numbers lack", ["1.23456789e-320"]),
    ("names that look like exponents", ["3E12", "4E5", "12e34"]),
    ("words", ["NaN", "inf"]),
    ("thousands", ["1,000", "2,500"]),
    ("underscores", ["1_000"]),
    ("hexadecimal", ["0x1F"]),
    ("blanks around", [" 1", "2 "]),
    ("yes and no", ["t", "yes"]),
    ("ambiguous dates", ["01/02/2024"]),
    ("a date that is none", ["2024-02-30"]),
    ("a time of nanoseconds", ["2024-01-01 10:00:00.123456789"]),
    ("a leap second", ["23:59:60"]),
    ("times with and without an offset", ["2024-01-01 10:00", "2024-01-01 10:00Z"]),
]


@pytest.mark.parametrize(("what", "values"), AS_TEXT, ids=[what for what, _ in AS_TEXT])
def test_a_value_that_a_number_would_change_stays_text(what: str, values: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("i|v\n" + "".join(f"{place}|{value}\n" for place, value in enumerate(values)))
    found = read_files(path, csv={"delimiter": "|"})
    assert found.types["v"] == "string"
    assert [row[1] for row in found.rows] == values


@pytest.mark.parametrize(
    "text",
    ["0.1", "-0", "0.30000000000000004", "0.10000000000000001", "1e-05", "1.5E10", "-1e-300", "5.50", ".5"],
)
def test_a_number_that_prints_back_is_a_number(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"v\n{text}\n")
    found = read_files(tmp_path / "a.csv")
    assert (found.types, found.rows) == ({"v": "double"}, [(float(text),)])


@pytest.mark.parametrize("number", [0.1, 1 / 3, 2**53 + 2.0, 5e-324, 1.7976931348623157e308, 123456.789])
def test_every_double_prints_back_as_programs_print_it(number: float) -> None:
    assert prints_back(repr(number))
    assert prints_back(f"{number:.17g}")
    assert prints_back(f"{-number!r}")


LATER = [
    ("1", "007", "bigint"),
    ("1", "+7", "bigint"),
    ("1", "-0", "bigint"),
    ("1.5", "0.1234567890123456789", "double"),
    ("1.5", "+0.5", "double"),
    ("1.5", "00.5", "double"),
    ("true", "1", "boolean"),
    ("10:00", "10:00:00.1234567", "time"),
    ("2024-01-01 10:00", "2024-01-01 10:00:00.1234567", "timestamp"),
    ("2024-01-01 10:00", "2024-01-01 10:00Z", "timestamp"),
    ("2024-01-01 10:00Z", "2024-01-01 10:00", "timestamptz"),
]


@pytest.mark.parametrize(
    ("first", "later", "kind"), LATER, ids=[f"{kind} {later}" for _, later, kind in LATER]
)
def test_a_later_value_is_held_to_the_same_and_the_advice_works(
    first: str, later: str, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("v\n" + f"{first}\n" * 50_000 + f"{later}\n")
    advice = r"`columns: \{v: text\}`"
    with pytest.raises(
        DataError, match=rf"a.csv:50002: column `v` holds `.*`, which is not {kind}.*{advice}"
    ):
        read_files(path, keep=False)
    assert read_files(path, columns={"v": "text"}).rows[-1] == (later,)


JSON_LATER: list[tuple[str, str, str, Any]] = [
    ("0", "0.5", "double", 0.5),
    ("0", "1e3", "double", 1000.0),
    ("0", "0.1234567890123456789", "json", "0.1234567890123456789"),
    ("0", "9" * 5000, "json", "9" * 5000),
    ("0", '"x"', "json", '"x"'),
    ("0.5", "0.1234567890123456789", "json", "0.1234567890123456789"),
    ("0.5", "9007199254740993", "json", "9007199254740993"),
    ("true", "0", "json", "0"),
    ('"x"', "1", "json", "1"),
    ('"x"', "{}", "json", "{}"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "later", "remedy", "read"), JSON_LATER)
def test_the_advice_for_a_later_value_of_json_lines_works(
    first: str, later: str, remedy: str, read: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"v": {first}}}\n' * 50_000 + f'{{"v": {later}}}\n')
    advice = rf"`columns: \{{v: {remedy}\}}`"
    with pytest.raises(DataError, match=rf"a.jsonl:50001: column `v` holds .*{advice}"):
        read_files(path, keep=False)
    assert read_files(path, columns={"v": remedy}).rows[-1] == (read,)


def test_numbers_of_json_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"long": 12345678901234567890, "o": {"p": 1.10, "q": 1e5, "r": [0.1234567890123456789]}, "n": -0}\n'
        '{"long": 0.5, "o": null, "n": 1.5}\n'
    )
    found = read_files(path)
    assert found.types == {"long": "extension<arrow.json>", "o": "extension<arrow.json>", "n": "double"}
    assert found.rows == [
        ("12345678901234567890", '{"p":1.10,"q":1e5,"r":[0.1234567890123456789]}', 0.0),
        ("0.5", None, 1.5),
    ]


def test_an_exponent_in_a_wide_document_is_no_long_number(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1.5, "s": "1234567890123456789012"}\n{"a": 0.30000000000000004, "s": "x"}\n')
    assert read_files(path).rows == [(1.5, "1234567890123456789012"), (0.30000000000000004, "x")]

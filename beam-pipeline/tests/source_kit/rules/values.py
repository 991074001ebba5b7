"""What is read is what is there."""

from __future__ import annotations

from collections.abc import Sequence

from running import Staged
from source_kit.place import Typed
from source_kit.reading import Reading
from source_kit.rows import CURSORS, SCHEMA, days, table
from source_kit.rule import Rules

rules = Rules()


@rules.rule("each type of its documented table comes with the values that are there", "rounds decimals")
def types(reading: Reading) -> None:
    for typed in reading.place.typed():
        assert _problems(typed, reading.read(typed.parameters)) == []


@rules.rule("in a window, too", "reads types otherwise in windows", needs="windows")
def types_in_windows(reading: Reading) -> None:
    everything = {"column": "i", "type": "integer", "low": None, "low_inclusive": True, "high": "1000"}
    for typed in reading.place.typed():
        assert _problems(typed, reading.read(typed.parameters, everything)) == []


@rules.rule("every type that is read is documented, and every documented one is read", "documents one more")
def documented(reading: Reading) -> None:
    cases = [case for typed in reading.place.typed() for case in typed.columns.values()]
    wanted = [pair for pair in reading.documented if pair[0] not in reading.elsewhere]
    assert sorted({(case.type, case.arrow) for case in cases}) == sorted(wanted)


@rules.rule("every row is read, once, with its NULLs", "leaves out rows that are there twice")
def all_rows(reading: Reading) -> None:
    shown = ", ".join(f'"{name}"::varchar' for name in SCHEMA.names)
    staged = reading.read(reading.place.table(days()))
    expected = [
        tuple(None if value is None else _text(value) for value in found.values())
        for found in days().to_pylist()
    ]
    assert _sorted(staged.query(f"SELECT {shown} FROM t")) == _sorted(expected)


@rules.rule("nothing is no row, with its columns", "forgets the columns of nothing")
def nothing(reading: Reading) -> None:
    full = reading.read(reading.place.table(days()))
    empty = reading.read(reading.place.table(table([])))
    assert empty.query("SELECT count(*) FROM t") == [(0,)]
    assert empty.schema() == full.schema()


@rules.rule("two reads of the same have equal columns and rows", "reads others each time")
def twice(reading: Reading) -> None:
    parameters = reading.place.table(days())
    one, two = reading.read(parameters), reading.read(parameters)
    assert one.manifest["sinks"]["out"]["schema"] == two.manifest["sinks"]["out"]["schema"]
    assert _sorted(one.query("FROM t")) == _sorted(two.query("FROM t"))


@rules.rule("the columns that are told before are those that are read", "tells other columns before")
def told(reading: Reading) -> None:
    parameters = reading.place.table(days())
    staged = reading.read(parameters)
    assert reading.columns(parameters) == staged.schema()
    assert set(CURSORS) <= set(staged.schema())


def _problems(typed: Typed, staged: Staged) -> list[str]:
    """Each type that does not come as it must."""
    schema = staged.schema()
    kinds = {str(name): kind for name, kind, *_ in staged.query("DESCRIBE t")}
    found = []
    for column, case in typed.columns.items():
        shown = [row[0] for row in staged.query(f'SELECT "{column}"::varchar FROM t ORDER BY i')]
        wanted = [*case.shown, *[case.null] * (typed.rows - len(case.shown))]
        if shown != wanted:
            found.append(f"{case.type}: {shown} instead of {wanted}")
        arrow = case.here or case.arrow
        if schema[column].replace(" not null", "") != arrow:
            found.append(f"{case.type}: read as {schema[column]} instead of {arrow}")
        if case.duckdb is not None and kinds[column] != case.duckdb:
            found.append(f"{case.type}: {kinds[column]} in DuckDB instead of {case.duckdb}")
    return found


def _text(value: object) -> str:
    text = str(value)
    return text.removesuffix(":00") if text.endswith("+00:00") else text


def _sorted(rows: Sequence[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted(rows, key=repr)

"""A read in parts, side by side, is the same read."""

from __future__ import annotations

from source_kit.reading import STEP, Reading, window_of
from source_kit.rows import days, row, table
from source_kit.rule import Rules

rules = Rules()

_PARTS = 4


@rules.rule("parts hold every row, once", "reads the first row of a part twice")
def once(reading: Reading) -> None:
    rows = table([row(number) for number in range(1, 101)])
    whole = reading.ids(reading.place.table(rows))
    assert reading.ids(reading.place.pieces(rows, _PARTS)) == whole == list(range(1, 101))


@rules.rule("rows without a value are in one of them", "leaves out rows without a value")
def without(reading: Reading) -> None:
    whole = reading.read(reading.place.table(days())).query("SELECT id, note FROM t ORDER BY ALL")
    parts = reading.read(reading.place.pieces(days(), _PARTS)).query("SELECT id, note FROM t ORDER BY ALL")
    assert parts == whole


@rules.rule("a read that can be split is split, and says in how many parts", "reads all as one part")
def is_split(reading: Reading) -> None:
    from beam_pipeline.telling.progress import progress

    said: list[int | None] = []
    expect = progress.expect

    def listen(step: str, *, rows: int | None = None, parts: int | None = None) -> None:
        said.append(parts if step == STEP else None)
        expect(step, rows=rows, parts=parts)

    reading.patch.setattr(progress, "expect", listen)
    reading.read(reading.place.pieces(table([row(number) for number in range(1, 101)]), _PARTS))
    assert set(said) == {_PARTS}


@rules.rule("parts of nothing are no row, with the columns", "forgets the columns of empty parts")
def nothing(reading: Reading) -> None:
    whole = reading.read(reading.place.table(days()))
    staged = reading.read(reading.place.pieces(table([]), _PARTS))
    assert staged.query("SELECT count(*) FROM t") == [(0,)]
    assert staged.schema() == whole.schema()


@rules.rule("a window is read in parts, too", "reads all in each part of a window", needs="windows")
def windows(reading: Reading) -> None:
    window = window_of(days(), "day", row(3)["day"], row(6)["day"])
    assert reading.ids(reading.place.pieces(days(), _PARTS), window) == [3, 3, 4, 5]

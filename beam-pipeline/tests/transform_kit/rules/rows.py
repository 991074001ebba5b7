"""Rows: none is lost or made, whatever the batches are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transform_kit.place import Place
from transform_kit.rule import Rules, places, places_where
from transform_kit.subject import Subject, by_row, in_parts, joined, whole

rules = Rules()
rule = rules.rule


@rule("says whether it is row-wise, as the receipt has it", "says that it is row-wise", places)
def _says_so(subject: Subject, case: Place, folder: Path) -> None:
    params, _ = subject.make(case.parameters, list(case.inputs), folder)
    assert params.row_wise == case.row_wise, f"{case.title}: it says {params.row_wise}"


@rule("row-wise: as many rows come out as went in", "loses a row", places_where(lambda each: each.row_wise))
def _none_is_lost(subject: Subject, case: Place, folder: Path) -> None:
    [table] = case.inputs.values()
    found = sum(batch.num_rows for batch in subject.run(case, folder))
    assert found == table.num_rows, f"{case.title}: {table.num_rows} rows went in, {found} came out"


@rule(
    "no rows in give no rows, and all columns",
    ("says nothing of nothing", "makes a row of nothing", "has fewer columns of nothing"),
    places,
)
def _nothing(subject: Subject, case: Place, folder: Path) -> None:
    found = subject.run(case, folder, [whole(table.slice(0, 0)) for table in case.inputs.values()])
    assert found, f"{case.title}: no batch came out, so the columns are not known"
    assert sum(batch.num_rows for batch in found) == case.rows_of_nothing, case.title
    assert {batch.schema for batch in found} == {batch.schema for batch in subject.run(case, folder)}


@rule(
    "the rows do not depend on how they are cut into batches",
    "numbers the rows of a batch",
    places_where(lambda each: each.cut_free),
)
def _cuts(subject: Subject, case: Place, folder: Path) -> None:
    expected = rows_of(subject.run(case, folder))
    for cut in (by_row, in_parts):
        found = rows_of(subject.run(case, folder, [cut(table) for table in case.inputs.values()]))
        assert found == expected, f"{case.title}: cut {cut.__name__}"


def rows_of(batches: list[Any]) -> list[str]:
    """The rows in an order of their own."""
    return sorted(map(repr, joined(batches).to_pylist()))

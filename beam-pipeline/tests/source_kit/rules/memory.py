"""Memory does not follow what is read."""

from __future__ import annotations

from peak_memory import growth
from running import Staged
from source_kit.reading import Reading
from source_kit.rule import Rules

rules = Rules()

_ROWS, _WIDTH = 400, 1_000_000


@rules.rule("memory is bounded in bytes, however many rows there are, and how wide", "holds all rows")
def bounded(reading: Reading) -> None:
    access = reading.place.access(reading.place.server)
    for name, value in access.env.items():
        reading.patch.setenv(name, value)
    plan = reading.plan(reading.place.much(_ROWS, _WIDTH))
    grown = growth(plan, reading.folder, reading.profiles(access), program=reading.measured)
    assert Staged(reading.folder / "staging").query("SELECT count(DISTINCT id) FROM t") == [(_ROWS,)]
    assert grown < _ROWS * _WIDTH / 1_600_000, f"grew by {grown} MB"

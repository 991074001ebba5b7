"""Local times as instants, and back: beside Python's own zoneinfo, and at the edges."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from beam_pipeline.errors import ConfigError
from beam_pipeline.sql.local_time import UnclearTimeError, Zone

moment = datetime.datetime
US, UTC_US = pa.timestamp("us"), pa.timestamp("us", "UTC")


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Iterator[Zone]:
    opened = Zone(request.param)
    yield opened
    opened.close()


def text(array: Any) -> list[str | None]:
    """Instants as UTC, without Python's limits."""
    return [
        None if value is None else str(value)[:26].removesuffix(".000000")
        for value in array.cast(US).cast(pa.string()).to_pylist()
    ]


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Kathmandu",
]


@pytest.mark.parametrize("zone", ZONES, indirect=True)
def test_agrees_with_zoneinfo(zone: Zone) -> None:
    """Hours of 1890 to 2100, and every half hour around the changes of a year."""
    rule, dice = ZoneInfo(zone.name), random.Random(zone.name)
    first = moment(1890, 1, 1)
    times = [first + datetime.timedelta(minutes=30 * dice.randrange(2 * 24 * 365 * 210)) for _ in range(3000)]
    for year in (1955, 1980, 2026, 2077):
        for day in range(365):
            times += [
                moment(year, 1, 1, hour) + datetime.timedelta(days=day, minutes=30) for hour in (0, 1, 2, 3)
            ]
    # What zoneinfo maps to and fro is one clear instant.
    clear = [
        local for local in times
        if len({local.replace(tzinfo=rule, fold=fold).utcoffset() for fold in (0, 1)}) == 1
    ]  # fmt: skip
    assert len(clear) > 0.99 * len(times)
    expected = [local.replace(tzinfo=rule).astimezone(datetime.UTC) for local in clear]
    found = zone.instants(pa.array(clear, US))
    assert found.type == UTC_US
    assert found.to_pylist() == expected
    assert zone.local(found).to_pylist() == clear
    # Every other time is refused, whichever way it is unclear.
    for local in {*times} - {*clear}:
        with pytest.raises(UnclearTimeError):
            zone.instants(pa.array([local], US))


CHANGES = [
    # zone, a time that is twice, its instants; a time that is not, the first instant afterwards
    ("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25 00:30:00", "2026-10-25 01:30:00", "2026-03-29 02:30:00", "2026-03-29 01:00:00"),
    ("America/New_York", "2026-11-01 01:00:00", "2026-11-01 05:00:00", "2026-11-01 06:00:00", "2026-03-08 02:59:59.999999", "2026-03-08 07:00:00"),
    ("Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04 14:45:00", "2026-04-04 15:15:00", "2026-10-04 02:15:00", "2026-10-03 15:30:00"),
    ("Europe/Berlin", "2060-10-31 02:00:00", "2060-10-31 00:00:00", "2060-10-31 01:00:00", "2060-03-28 02:00:00", "2060-03-28 01:00:00"),
    ("Pacific/Apia", "2011-04-02 03:30:00", "2011-04-02 13:30:00", "2011-04-02 14:30:00", "2011-12-30 12:00:00", "2011-12-30 10:00:00"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "twice", "earliest", "latest", "never", "after"), CHANGES, indirect=["zone"]
)
def test_the_hours_of_a_change(
    zone: Zone, twice: str, earliest: str, latest: str, never: str, after: str
) -> None:
    both = pa.array([None, "2026-01-15 12:00:00", twice, None]).cast(US)
    with pytest.raises(UnclearTimeError, match="showed twice") as raised:
        zone.instants(both)
    assert raised.value.value == twice
    assert earliest in raised.value.reason
    assert latest in raised.value.reason
    assert text(zone.instants(both, "earliest"))[2:] == [earliest, None]
    assert text(zone.instants(both, "latest"))[2:] == [latest, None]
    assert text(zone.instants(both, "earliest"))[:2] == text(zone.instants(both, "latest"))[:2]
    gone = pa.array([never, None, "2026-01-15 12:00:00"]).cast(US)
    with pytest.raises(UnclearTimeError, match="no clock showed") as raised:
        zone.instants(gone, "latest")
    assert raised.value.value == never
    assert after in raised.value.reason
    for ambiguous in ("fail", "earliest", "latest"):
        assert text(zone.instants(gone, ambiguous, "shift_forward"))[:2] == [after, None]


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("Europe/Berlin", "1890-06-01 00:00:00", "1890-05-31 23:06:32"),
        ("America/New_York", "1969-12-31 23:59:59.999999", "1970-01-01 04:59:59.999999"),
        ("America/New_York", "1969-07-20 16:17:40", "1969-07-20 20:17:40"),
        ("Asia/Tokyo", "9999-12-31 23:59:59.999999", "9999-12-31 14:59:59.999999"),
        ("Europe/Berlin", "9999-07-01 12:00:00", "9999-07-01 10:00:00"),
        ("America/New_York", "0001-01-01 00:00:00", "0001-01-01 04:56:02"),
        ("UTC", "2026-03-29 02:30:00", "2026-03-29 02:30:00"),
    ],
    indirect=["zone"],
)
def test_the_edges(zone: Zone, local: str, instant: str) -> None:
    found = zone.instants(pa.array([local, None]).cast(US))
    assert text(found) == [instant, None]
    assert zone.local(found).cast(pa.string()).to_pylist()[0].removesuffix(".000000") == local


@pytest.mark.parametrize(
    ("zone", "local"),
    [("America/New_York", "9999-12-31 23:59:59"), ("Asia/Tokyo", "0001-01-01 00:00:00")],
    indirect=["zone"],
)
def test_what_no_other_system_can_hold_is_refused(zone: Zone, local: str) -> None:
    with pytest.raises(UnclearTimeError, match="outside of the years 1 to 9999") as raised:
        zone.instants(pa.array([local]).cast(US))
    assert raised.value.value == local


@pytest.mark.parametrize("zone", ["Asia/Tokyo"], indirect=True)
def test_every_unit_keeps_its_digits(zone: Zone) -> None:
    for unit, value in {"s": 0, "ms": -1, "us": 1_234_567, "ns": -1_234_567_891}.items():
        per_hour = 3600 * {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}[unit]
        found = zone.instants(pa.array([value, None]).cast(pa.timestamp(unit)))
        assert found.type == pa.timestamp(unit, "UTC")
        assert found.cast(pa.int64()).to_pylist() == [value - 9 * per_hour, None]
        assert zone.local(found).cast(pa.int64()).to_pylist() == [value, None]


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_infinity_and_nothing(zone: Zone) -> None:
    endless = pa.array([2**63 - 1, -(2**63 - 1), None]).cast(US)
    assert zone.instants(endless).cast(pa.int64()).to_pylist() == [2**63 - 1, -(2**63 - 1), None]
    assert zone.instants(pa.array([], US)).type == UTC_US
    assert zone.instants(pa.nulls(2, US)).to_pylist() == [None, None]
    # A slice begins elsewhere.
    assert zone.instants(pa.array([moment(2026, 1, 1), moment(2026, 1, 2)], US).slice(1)).to_pylist() == [
        moment(2026, 1, 1, 23, tzinfo=datetime.UTC)
    ]


def test_an_unknown_zone() -> None:
    with pytest.raises(ConfigError, match="`Europe/Berln` is no time zone"):
        Zone("Europe/Berln")

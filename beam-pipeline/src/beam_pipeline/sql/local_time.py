"""Local times of a time zone as instants, and back.

Zones and their rules come with DuckDB (ICU, the IANA database): they are the same on every worker, whatever
is installed there, and go on after 2037, where Arrow's own conversion knows no summer time.
"""

from __future__ import annotations

import datetime
from typing import Any, Literal

import numpy
import pyarrow as pa

from beam_pipeline.errors import ConfigError
from beam_pipeline.sql import duckdb_session
from beam_pipeline.sql.duckdb_session import literal

Ambiguous = Literal["fail", "earliest", "latest"]
Nonexistent = Literal["fail", "shift_forward"]

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_EPOCH = datetime.datetime(1970, 1, 1)
_FIRST = (datetime.datetime(1, 1, 1) - _EPOCH) // datetime.timedelta(microseconds=1)
_LAST = (datetime.datetime(9999, 12, 31, 23, 59, 59, 999_999) - _EPOCH) // datetime.timedelta(microseconds=1)
# DuckDB's infinity; minus it is minus infinity.
_INFINITY = 2**63 - 1
# How many of one second, and how many nanoseconds of one.
_PER_SECOND = {"s": 1, "ms": 1000, "us": _SECOND, "ns": 1000 * _SECOND}

# The day before and the day after, no change of the zone is near: one of the two offsets is in force, or
# both are, or neither. What ICU itself finds is a third try, for two changes within these days.
_CANDIDATES = """
    WITH offsets AS (
      SELECT us, local_us(us - {day}) - (us - {day}) AS before, local_us(us + {day}) - (us + {day}) AS after
      FROM given
    ), candidates AS (
      SELECT us, us - before AS one, us - after AS two,
        epoch_us(timezone({zone}, make_timestamp(us))) AS three
      FROM offsets
    )
    SELECT one, two, three, local_us(one) = us AS one_is, local_us(two) = us AS two_is,
      local_us(three) = us AS three_is
    FROM candidates
"""


class UnclearTimeError(Exception):
    """Raised for a value that has no counterpart, or more than one.

    Attributes:
        value: The value as text.
        reason: What is wrong with it: `which …`.
        remedy: The parameter that would decide, if one would: `ambiguous: earliest` …
    """

    def __init__(self, value: str, reason: str, remedy: str | None = None) -> None:
        super().__init__(value, reason, remedy)
        self.value = value
        self.reason = reason
        self.remedy = remedy


class Zone:
    """One time zone; it holds a session of DuckDB until it is closed.

    Args:
        name: Its name in the IANA database, such as `Europe/Berlin`.

    Raises:
        ConfigError: There is no such zone.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        duckdb_session.open_session(threads=1, timezone=name).close()
        self._connection = duckdb_session.open_session(threads=1)
        self._connection.execute(
            f"CREATE MACRO local_us(us) AS epoch_us(timezone({literal(name)}, make_timestamptz(us)))"
        )

    def close(self) -> None:
        """Closes the session."""
        self._connection.close()

    def instants(self, array: Any, ambiguous: Ambiguous = "fail", nonexistent: Nonexistent = "fail") -> Any:
        """The instants at which the clocks of the zone show the times of an array; NULL stays NULL.

        Args:
            array: Timestamps without a zone.
            ambiguous: Which instant of a time that clocks showed twice, when they were put back.
            nonexistent: For a time that no clock showed, when they were put forward: shift_forward is the
                first instant afterwards.

        Returns:
            Timestamps in UTC, of the same unit.

        Raises:
            UnclearTimeError: A time is ambiguous or does not exist, or is outside of the years 1 to 9999.
        """
        return self._converted(array, "UTC", lambda us: self._instants_us(us, ambiguous, nonexistent))

    def local(self, array: Any) -> Any:
        """What the clocks of the zone show at the instants of an array; NULL stays NULL.

        Args:
            array: Timestamps with a zone.

        Returns:
            Timestamps without one, of the same unit.

        Raises:
            UnclearTimeError: One is outside of the years 1 to 9999.
        """
        return self._converted(array, None, self._local_us)

    def _converted(self, array: Any, tz: str | None, convert: Any) -> Any:
        unit = array.type.unit
        per_second = _PER_SECOND[unit]
        target = pa.timestamp(unit, tz)
        held = array.drop_null().cast(pa.int64()).to_numpy(zero_copy_only=False)
        finite = numpy.abs(held) != _INFINITY if unit == "us" else numpy.full(len(held), True)
        values = held[finite]
        _check_range(values, per_second)
        # Of nanoseconds what is below a microsecond is added again.
        us = values * (_SECOND // per_second) if per_second <= _SECOND else values // 1000
        rest = values - us * 1000 if per_second > _SECOND else 0
        found = convert(us)
        _check_result(us, found)
        converted = found // (_SECOND // per_second) if per_second <= _SECOND else found * 1000 + rest
        held = held.copy()
        held[finite] = converted
        result = numpy.zeros(len(array), numpy.int64)
        valid = array.is_valid().to_numpy(zero_copy_only=False)
        result[valid] = held
        return pa.array(result, pa.int64(), mask=~valid).cast(target)

    def _local_us(self, us: Any) -> Any:
        return self._query("SELECT local_us(us) AS v FROM given", us)["v"]

    def _instants_us(self, us: Any, ambiguous: Ambiguous, nonexistent: Nonexistent) -> Any:
        sql = _CANDIDATES.format(day=_DAY, zone=literal(self.name))
        found = self._query(sql, us)
        names = ("one", "two", "three")
        right = [numpy.asarray(found[f"{name}_is"], bool) for name in names]
        earliest = numpy.full(len(us), _INFINITY)
        latest = numpy.full(len(us), -_INFINITY)
        for name, is_right in zip(names, right, strict=True):
            earliest = numpy.where(is_right, numpy.minimum(earliest, found[name]), earliest)
            latest = numpy.where(is_right, numpy.maximum(latest, found[name]), latest)
        gap = ~(right[0] | right[1] | right[2])
        if gap.any():
            low, high = numpy.minimum(found["one"], found["two"]), numpy.maximum(found["one"], found["two"])
            after = self._first_after(low[gap], high[gap])
            if nonexistent == "fail":
                raise UnclearTimeError(
                    _text(us[gap][0]),
                    f"which no clock showed in {self.name}: there they were put forward at "
                    f"{_text(after[0])} UTC, to {_text(self._local_us(after[:1])[0])}",
                    "nonexistent: shift_forward",
                )
            earliest[gap] = latest[gap] = after
        twice = earliest != latest
        if ambiguous == "fail" and twice.any():
            raise UnclearTimeError(
                _text(us[twice][0]),
                f"which the clocks showed twice in {self.name}: at {_text(earliest[twice][0])} and at "
                f"{_text(latest[twice][0])} UTC",
                "ambiguous: earliest` or `ambiguous: latest",
            )
        return latest if ambiguous == "latest" else earliest

    def _first_after(self, low: Any, high: Any) -> Any:
        """The second, between the instants of each pair, from which on another offset is in force."""
        low, high = low // _SECOND, -(-high // _SECOND)
        before = self._offset(low)
        while (high - low > 1).any():
            middle = (low + high) // 2
            changed = self._offset(middle) != before
            low, high = numpy.where(changed, low, middle), numpy.where(changed, middle, high)
        return high * _SECOND

    def _offset(self, seconds: Any) -> Any:
        return self._local_us(seconds * _SECOND) - seconds * _SECOND

    def _query(self, sql: str, us: Any) -> Any:
        self._connection.register("given", pa.table({"us": pa.array(us, pa.int64())}))
        try:
            return self._connection.execute(sql).fetchnumpy()
        finally:
            self._connection.unregister("given")


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    try:
        duckdb_session.open_session(threads=1, timezone=name).close()
    except ConfigError:
        return False
    return True


def _check_range(values: Any, per_second: int) -> None:
    scaled = [limit * per_second // _SECOND for limit in (_FIRST, _LAST)]
    outside = (values < scaled[0]) | (values > scaled[1])
    if outside.any():
        raise UnclearTimeError(str(values[outside][0]), "which is outside of the years 1 to 9999")


def _check_result(us: Any, found: Any) -> None:
    outside = (found < _FIRST) | (found > _LAST)
    if outside.any():
        raise UnclearTimeError(_text(us[outside][0]), "whose counterpart is outside of the years 1 to 9999")


def _text(us: Any) -> str:
    return str(_EPOCH + datetime.timedelta(microseconds=int(us)))

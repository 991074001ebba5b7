"""Places of `timezone`."""

import datetime

import pyarrow as pa

from transform_kit.place import Denial, Member, Place

_moment = datetime.datetime
_HOURS = {
    "rows": pa.table(
        {
            "id": [1, 2],
            "v": pa.array([_moment(2026, 10, 25, 2, 30), _moment(2026, 3, 29, 2, 30)], pa.timestamp("us")),
        }
    )
}
_LAST = {"rows": pa.table({"v": pa.array([_moment(9999, 12, 31, 23, 59)], pa.timestamp("us"))})}
_BERLIN = {"columns": {"v": {"from": "Europe/Berlin"}}}
_PATH = "transforms[0].parameters.columns"

member = Member(
    places=[
        Place("local times to instants", {"columns": {"local": {}}}, row_wise=True, timezone="Europe/Berlin"),
        Place("instants to local times", {"columns": {"at": {"to": "Asia/Tokyo"}}}, row_wise=True),
        Place(
            "local times of one zone to another's",
            {"columns": {"local": {"from": "America/New_York", "to": "Asia/Tokyo"}}},
            row_wise=True,
        ),
        Place(
            "decided by rules",
            {**_BERLIN, "ambiguous": "latest", "nonexistent": "shift_forward"},
            _HOURS,
            row_wise=True,
        ),
    ],
    passing={"beside a change": {"columns": {"when": {"from": "Asia/Tokyo"}}}},
    denials=[
        Denial(
            "a local time that the clocks showed twice",
            {**_BERLIN, "nonexistent": "shift_forward"},
            "DataError",
            "column `v` holds `2026-10-25 02:30:00`",
            r"showed twice in Europe/Berlin: at 2026-10-25 00:30:00 and at 2026-10-25 01:30:00 UTC; decide with "
            "`ambiguous: earliest` or `ambiguous: latest`",
            _HOURS,
        ),
        Denial(
            "a local time that no clock showed",
            {**_BERLIN, "ambiguous": "latest"},
            "DataError",
            "column `v` holds `2026-03-29 02:30:00`",
            r"no clock showed in Europe/Berlin: there they were put forward at 2026-03-29 01:00:00 UTC, to "
            r"2026-03-29 03:00:00; decide with `nonexistent: shift_forward`",
            _HOURS,
        ),
        Denial(
            "an instant after the year 9999",
            {"columns": {"v": {"from": "America/New_York"}}},
            "DataError",
            "column `v` holds `9999-12-31 23:59:00`",
            "outside of the years 1 to 9999",
            _LAST,
        ),
        Denial(
            "a column that is not there",
            {"columns": {"locl": {}}},
            "ConfigError",
            f"{_PATH}.locl",
            r"did you mean `local`\? \(id, name",
        ),
        Denial(
            "a column that holds no timestamps",
            {"columns": {"day": {}}},
            "ConfigError",
            f"{_PATH}.day",
            "is date, not a timestamp",
        ),
        Denial(
            "instants without `to`",
            {"columns": {"at": {}}},
            "ConfigError",
            f"{_PATH}.at",
            "with `to` alone they become local times",
        ),
        Denial(
            "instants with `from`",
            {"columns": {"at": {"from": "UTC", "to": "UTC"}}},
            "ConfigError",
            f"{_PATH}.at",
            "it holds instants already; with `to` alone",
        ),
        Denial(
            "`to` without `from` of a local time",
            {"columns": {"local": {"to": "UTC"}}},
            "ConfigError",
            f"{_PATH}.local",
            "say with `from` of which zone",
        ),
        Denial(
            "a zone that does not exist",
            {"columns": {"local": {"from": "Asia/Tokio"}}},
            "ConfigError",
            f"{_PATH}.local.from",
            "`Asia/Tokio` is no time zone; use a name such as",
        ),
    ],
    cancelled={"a change": {"columns": {"local": {}}}},
)

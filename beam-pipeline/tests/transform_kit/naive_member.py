"""Places of the naive transform (tests/modules/transform/naive), which is wrong in the way it is told."""

from transform_kit.place import Denial, Member, Place

member = Member(
    places=[
        Place("all rows", {}, row_wise=True),
        Place("some rows", {"filter": True}, by_batch=True),
    ],
    passing={"all columns": {}},
    denials=[
        Denial(
            "a forbidden column",
            {"forbid": "id"},
            "ConfigError",
            "transforms[0].parameters.forbid",
            "leave it out",
        )
    ],
    cancelled={"all rows": {}},
    refuses={"time64[ns]": r"is time64\[ns\]: cast it"},
)

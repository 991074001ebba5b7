"""Parameters of the `timezone` transform."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from beam_pipeline.modules.params import Capabilities, ModuleParams


def _known_zone(name: str) -> str:
    from beam_pipeline.sql.local_time import is_zone

    if not is_zone(name):
        raise ValueError(f"`{name}` is no time zone; use a name such as `UTC` or `Europe/Berlin`")
    return name


_ZoneName = Annotated[str, Field(min_length=1), AfterValidator(_known_zone)]


class Change(BaseModel):
    """What becomes of one column."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    from_: _ZoneName | None = Field(
        None,
        alias="from",
        description=(
            "Time zone of the local times that the column holds (`timestamp`); they become instants "
            "(`timestamptz`), or with `to` local times of that zone."
        ),
    )
    to: _ZoneName | None = Field(
        None,
        description=(
            "Time zone whose local times (`timestamp`) the instants of the column (`timestamptz`) become."
        ),
    )


class TimezoneParams(ModuleParams):
    """Turns local times of a time zone into instants, and instants into local times."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=1, row_wise=True)

    columns: dict[str, Change] = Field(
        min_length=1,
        description="What becomes of each column; `{}` is `from` with the pipeline's `timezone`.",
    )
    ambiguous: Literal["fail", "earliest", "latest"] = Field(
        "fail",
        description=(
            "A local time that clocks showed twice, when they were put back: which of the two instants."
        ),
    )
    nonexistent: Literal["fail", "shift_forward"] = Field(
        "fail",
        description=(
            "A local time that no clock showed, when they were put forward; shift_forward: the first "
            "instant afterwards."
        ),
    )

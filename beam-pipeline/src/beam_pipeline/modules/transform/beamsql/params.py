"""Parameters of the `beamsql` transform."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from beam_pipeline.modules.params import Capabilities, ModuleParams


class BeamSqlParams(ModuleParams):
    """Runs one SQL query (Beam SQL's dialect) over its inputs."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=None)
    sql_parameters: ClassVar[tuple[str, ...]] = ("sql",)

    sql: str = Field(min_length=1, description="One SELECT, or the path of a .sql file.")
    inputs_alias: list[str] | None = Field(
        None,
        min_length=1,
        description=(
            "Names of the inputs in the SQL, in the order of `inputs`; an input that is listed twice "
            "has two names. Without it each input has its step's name."
        ),
    )
    memory_limit: str = Field(
        "1GB",
        pattern=r"^[1-9][0-9]*(\.[0-9]+)? ?([KMGT]i?B)$",
        description=(
            "What the step may hold in memory on one machine, in equal parts for what runs there at once; "
            "the rest is kept on disk."
        ),
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Threads of one query; by default the processors, divided by what runs at once.",
    )

    @property
    def scope(self) -> Literal["all", "batch", "key"]:
        """The query sees its whole inputs."""
        return "all"

    @property
    def partition_by(self) -> list[str] | dict[str, list[str]] | None:
        """There are no parts."""
        return None

    @property
    def partitions(self) -> int | None:
        """There are no parts."""
        return None

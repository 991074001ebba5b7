"""Parameters of the `sql` transform."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from beam_pipeline.modules.params import Capabilities, ModuleParams

_SCOPE_KEY: JsonDict = {"required": ["scope"], "properties": {"scope": {"const": "key"}}}


class SqlParams(ModuleParams):
    """Runs one SQL query (DuckDB's dialect) over its inputs."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {
                    "description": "`scope: key` needs `partition_by`",
                    "if": _SCOPE_KEY,
                    "then": {"required": ["partition_by"]},
                },
                {
                    "description": "`partition_by` goes with `scope: key` only",
                    "if": {"required": ["partition_by"]},
                    "then": _SCOPE_KEY,
                },
                {
                    "description": "`partitions` goes with `scope: key` only",
                    "if": {"required": ["partitions"]},
                    "then": _SCOPE_KEY,
                },
            ]
        }
    )
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
    scope: Literal["all", "batch", "key"] = Field(
        "all",
        description=(
            "all: over whole inputs. batch: over each batch of rows by itself, for SQL that looks at "
            "one row at a time. key: over the rows of equal `partition_by` columns, side by side."
        ),
    )
    partition_by: list[str] | dict[str, list[str]] | None = Field(
        None,
        min_length=1,
        description=(
            "Columns that bring rows together, with scope key: one list for all inputs, or a list for "
            "each name of an input."
        ),
    )
    partitions: int | None = Field(
        None, ge=1, le=1000, description="How many parts the rows are dealt into, with scope key; 16."
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

    @model_validator(mode="after")
    def _scope_has_its_keys(self) -> Self:
        if self.scope == "key" and self.partition_by is None:
            raise ValueError("scope key also needs `partition_by`")
        if self.scope != "key":
            for name in ("partition_by", "partitions"):
                if getattr(self, name) is not None:
                    raise ValueError(f"`{name}` needs `scope: key`; the scope is {self.scope}")
        return self

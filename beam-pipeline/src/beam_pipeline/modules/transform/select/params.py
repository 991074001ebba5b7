"""Parameters of the `select` transform."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from beam_pipeline.modules.params import Capabilities, ModuleParams


def _known_types(cast: dict[str, str]) -> dict[str, str]:
    from beam_pipeline.sql.sql_types import arrow_type

    for name, kind in cast.items():
        try:
            arrow_type(kind)
        except ValueError as error:
            raise ValueError(f"column `{name}`: {error}") from None
    return cast


class SelectParams(ModuleParams):
    """Chooses, renames, casts, adds and computes columns, row by row."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {
                    "description": "give `columns` or `drop`, not both",
                    "not": {"required": ["columns", "drop"]},
                }
            ]
        }
    )
    capabilities: ClassVar[Capabilities] = Capabilities(inputs=1, row_wise=True)

    columns: list[str] | None = Field(
        None, min_length=1, description="The columns to keep, in this order; without it all."
    )
    drop: list[str] | None = Field(None, min_length=1, description="The columns to leave out.")
    rename: dict[str, str] = Field({}, description="New names by old name.")
    cast: Annotated[dict[str, str], AfterValidator(_known_types)] = Field(
        {},
        description=(
            "SQL types by column, such as `decimal(12,2)`; a value that the type cannot hold exactly is "
            "an error."
        ),
    )
    constants: dict[str, str | int | float | bool] = Field(
        {}, description="Columns to add that hold one value in every row."
    )
    computed: dict[str, str] = Field(
        {},
        description=(
            "Columns to add, each an SQL expression (DuckDB's dialect) over the columns of its row."
        ),
    )

    @model_validator(mode="after")
    def _names_are_clear(self) -> Self:
        if self.columns is not None and self.drop is not None:
            raise ValueError("give `columns` or `drop`, not both")
        for name, expression in self.computed.items():
            if not expression.strip():
                raise ValueError(f"`computed`: the expression of `{name}` is empty")
        if self.columns is not None and len(set(self.columns)) < len(self.columns):
            raise ValueError("`columns` names a column twice; `computed` can repeat one")
        return self

"""Parameters of the `bigquery` source."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from beam_pipeline.modules.params import Capabilities, ModuleParams

# `dataset.table`, with a project before it: `project.` or `project:`; a project may be `example.com:name`.
TABLE = r"^(?:[^`$*@\s]+[.:])?[^`$*@\s.:]+\.[^`$*@.:]+$"


class BigqueryParams(ModuleParams):
    """Reads the rows of a query or a table from BigQuery."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["query"]}, {"required": ["table"]}]})
    capabilities: ClassVar[Capabilities] = Capabilities(inputs=0)
    sql_parameters: ClassVar[tuple[str, ...]] = ("query",)

    query: str | None = Field(
        None,
        min_length=1,
        description="SQL text (GoogleSQL), or the path of a .sql file, here or in Cloud Storage (gs://).",
    )
    table: str | None = Field(
        None,
        pattern=TABLE,
        description="A table, instead of a query: `project:dataset.table` or `project.dataset.table`.",
    )
    project: str = Field(min_length=1, description="Project that the query runs in, and that pays for it.")
    location: str | None = Field(
        None, min_length=1, description="Where the data is, such as `EU`; by default BigQuery finds out."
    )

    @model_validator(mode="after")
    def _one_thing_to_read(self) -> Self:
        if (self.query is None) == (self.table is None):
            raise ValueError("give one of `query` and `table`")
        return self

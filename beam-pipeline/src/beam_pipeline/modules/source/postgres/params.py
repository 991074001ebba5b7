"""Parameters of the `postgres` source."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from beam_pipeline.connect.connections import POSTGRES_TLS, DatabaseParams
from beam_pipeline.modules.params import Capabilities


class Partition(BaseModel):
    """How a read is split into ranges that are read side by side."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    column: str | None = Field(
        None,
        description=(
            "Integer, date or timestamp column of the result to split by; without it the table's "
            "own storage order is used."
        ),
    )
    parts: int | None = Field(None, ge=1, le=1000, description="Number of ranges.")


class PostgresParams(DatabaseParams):
    """Reads the rows of a query or a table from PostgreSQL."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["query"]}, {"required": ["table"]}]})
    capabilities: ClassVar[Capabilities] = Capabilities(inputs=0)
    sql_parameters: ClassVar[tuple[str, ...]] = ("query",)
    connection_attributes: ClassVar[tuple[str, ...]] = (*DatabaseParams.connection_attributes, *POSTGRES_TLS)

    sslmode: str | None = Field(
        None,
        description="TLS: disable, allow, prefer (default), require, verify-ca, verify-full; with `host`.",
    )
    sslrootcert: str | None = Field(
        None, description="Certificates to trust: a path, `system`, or a reference to their text."
    )
    sslcert: str | None = Field(
        None, description="The client's certificate: a path, or a reference to its text."
    )
    sslkey: str | None = Field(
        None, pattern="^[^-]", description="The key of `sslcert`: a path, or a reference to its text."
    )
    query: str | None = Field(
        None,
        min_length=1,
        description=(
            "SQL text, or the path of a .sql file; several queries of the same columns, separated "
            "by --sep--, are read side by side."
        ),
    )
    table: str | None = Field(
        None, min_length=1, description="A table, instead of a query: `orders` or `sales.orders`."
    )
    partition: Partition | None = Field(
        None, description="Reads ranges side by side; a plain large table is split without it, too."
    )
    consistency: Literal["snapshot", "per_range"] | None = Field(
        None,
        description=(
            "snapshot: all rows as of one moment (the default on the local runner). per_range: "
            "each range as of its own moment."
        ),
    )
    as_text: list[str] = Field([], description="Columns to read as text, in the server's own notation.")

    @model_validator(mode="after")
    def _one_thing_to_read(self) -> Self:
        if (self.query is None) == (self.table is None):
            raise ValueError("give one of `query` and `table`")
        if self.partition is not None and self.partition.column is None and self.table is None:
            raise ValueError("`partition` without `column` needs `table` instead of `query`")
        return self

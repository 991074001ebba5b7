"""Parameters of the `mysql` source."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from beam_pipeline.connect.connections import MYSQL_TLS, DatabaseParams
from beam_pipeline.modules.params import Capabilities


class Partition(BaseModel):
    """How a read is split into ranges that are read side by side."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    column: str = Field(description="Integer, date, datetime or timestamp column of the result to split by.")
    parts: int | None = Field(None, ge=1, le=1000, description="Number of ranges.")


class MysqlParams(DatabaseParams):
    """Reads the rows of a query or a table from MySQL or MariaDB."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["query"]}, {"required": ["table"]}]})
    capabilities: ClassVar[Capabilities] = Capabilities(inputs=0)
    sql_parameters: ClassVar[tuple[str, ...]] = ("query",)
    connection_attributes: ClassVar[tuple[str, ...]] = (*DatabaseParams.connection_attributes, *MYSQL_TLS)

    ssl_mode: str | None = Field(
        None,
        description="TLS: DISABLED, PREFERRED (default), REQUIRED, VERIFY_CA, VERIFY_IDENTITY; with `host`.",
    )
    ssl_ca: str | None = Field(
        None, description="Certificates to trust: a path, or a reference to their text."
    )
    ssl_cert: str | None = Field(
        None, description="The client's certificate: a path, or a reference to its text."
    )
    ssl_key: str | None = Field(
        None, pattern="^[^-]", description="The key of `ssl_cert`: a path, or a reference to its text."
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
    partition: Partition | None = Field(None, description="Reads ranges of a column side by side.")
    consistency: Literal["snapshot", "per_range"] | None = Field(
        None,
        description=(
            "snapshot: all rows as of one moment, in one stream. per_range: each range as of its own "
            "moment (the default where there are several)."
        ),
    )
    as_text: list[str] = Field([], description="Columns to read as text, in the server's own notation.")

    @model_validator(mode="after")
    def _one_thing_to_read(self) -> Self:
        if (self.query is None) == (self.table is None):
            raise ValueError("give one of `query` and `table`")
        return self

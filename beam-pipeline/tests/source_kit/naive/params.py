"""Parameters of the naive source, and the ways in which it can be wrong."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from beam_pipeline.connect.connections import DatabaseParams
from beam_pipeline.modules.params import Capabilities

# Each breaks one promise of a source.
Fault = Literal[
    "rounds decimals",
    "reads types otherwise in windows",
    "documents one more",
    "leaves out rows that are there twice",
    "forgets the columns of nothing",
    "reads others each time",
    "tells other columns before",
    "takes the high end, too",
    "takes the low end always",
    "leaves out the last row of a window",
    "begins with 1",
    "takes rows without a value",
    "compares whole seconds",
    "forgets the columns of an empty window",
    "counts no missing values",
    "takes any column",
    "reads numbers for days",
    "reads the first row of a part twice",
    "leaves out rows without a value",
    "reads all as one part",
    "forgets the columns of empty parts",
    "reads all in each part of a window",
    "takes a lost connection for the end",
    "takes no answer for a mistake",
    "tells its password",
    "reads nothing of what is not there",
    "leaves its session",
    "holds all rows",
]


class Partition(BaseModel):
    """A split by the values of a column."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    column: str = Field(description="Column of whole numbers.")
    parts: int = Field(description="Number of parts.")


class NaiveParams(DatabaseParams):
    """Reads a table of a server that is a thread of the test."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=0)

    table: str = Field(description="Name of the table.")
    partition: Partition | None = Field(None, description="How it is split.")
    fault: Fault | None = Field(None, description="What is wrong with the source.")

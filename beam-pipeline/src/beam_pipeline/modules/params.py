"""The base of every module's parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True)
class Capabilities:
    """What shared code may ask of a module, instead of knowing its name.

    Attributes:
        inputs: 0 for a source, 1 for a sink and for a transform of exactly one input, None for any number.
        row_wise: Every input row becomes one output row or one rejected row.
        idempotence: Of a sink in the job, which must say it: what a row that is written again does.
            `at-least-once`, `at-most-once`, `exactly-once`, or `idempotent by …`, such as an id.
    """

    inputs: int | None
    row_wise: bool = False
    idempotence: str | None = None


class ModuleParams(BaseModel):
    """Parameters of a module: frozen, strict, and without unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    capabilities: ClassVar[Capabilities]
    # Parameters that hold SQL text, or the path of a .sql file.
    sql_parameters: ClassVar[tuple[str, ...]] = ()
    # Parameters that hold the path of files to read: a job elsewhere gets copies of them.
    path_parameters: ClassVar[tuple[str, ...]] = ()

    @property
    def row_wise(self) -> bool:
        """Whether, with these parameters, every input row is one output row or one rejected row."""
        return self.capabilities.row_wise

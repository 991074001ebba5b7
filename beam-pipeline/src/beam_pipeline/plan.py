"""The plan: what the orchestrator wants done (docs/contracts.md, section 2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from beam_pipeline import files
from beam_pipeline.errors import ConfigError


class _Part(BaseModel):
    # What the orchestrator adds for itself (a sink's mode and parameters, a description) is not ours.
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class PlanIncremental(_Part):
    """How a source is read in windows, of which only the column matters here."""

    column: str = Field(min_length=1)


class PlanSource(_Part):
    """One source."""

    name: str = Field(min_length=1)
    module: str
    parameters: dict[str, Any] = {}
    incremental: PlanIncremental | None = None


class PlanTransform(_Part):
    """One transform; `inputs` names steps, in order, and may name one twice."""

    name: str = Field(min_length=1)
    module: str
    inputs: list[str] = Field(min_length=1)
    parameters: dict[str, Any] = {}


class PlanSink(_Part):
    """One sink, of which only the input matters here: its rows are staged under its name."""

    name: str = Field(min_length=1)
    input: str


class Plan(_Part):
    """The whole plan."""

    version: Literal[1]
    name: str
    timezone: str = "UTC"
    sources: list[PlanSource] = Field(min_length=1)
    transforms: list[PlanTransform] = []
    sinks: list[PlanSink] = Field(min_length=1)


@dataclass(frozen=True)
class PinnedPlan:
    """A plan and the hash of the bytes it was read from."""

    plan: Plan
    sha256: str


def read(uri: str) -> PinnedPlan:
    """Reads and checks a plan.

    Raises:
        ConfigError: The file is missing or is not a plan.
    """
    content = files.read_bytes(uri)
    try:
        plan = Plan.model_validate_json(content)
    except ValidationError as error:
        problems = (
            f"{'.'.join(str(part) for part in found['loc']) or 'plan'}: {found['msg']}"
            for found in error.errors()
        )
        raise ConfigError(f"{uri} is not a plan: " + "; ".join(problems)) from None
    return PinnedPlan(plan, hashlib.sha256(content).hexdigest())

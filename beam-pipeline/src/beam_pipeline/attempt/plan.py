"""The plan: what the orchestrator wants done (docs/contracts.md, section 2)."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from beam_pipeline.errors import ConfigError
from beam_pipeline.storage import files

# The format of plans that is written now (src/store/format-version.ts).
_FORMAT = 1


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


class PlanJobSink(_Part):
    """One sink that writes inside the job, by a module of its own."""

    name: str = Field(min_length=1)
    module: str
    input: str
    parameters: dict[str, Any] = {}


class Plan(_Part):
    """The whole plan; it has a sink of either kind."""

    version: Literal[1]
    name: str
    timezone: str = "UTC"
    sources: list[PlanSource] = Field(min_length=1)
    transforms: list[PlanTransform] = []
    sinks: list[PlanSink]
    job_sinks: list[PlanJobSink] = []

    @model_validator(mode="after")
    def _has_a_sink(self) -> Self:
        if not self.sinks and not self.job_sinks:
            raise ValueError("has no sink")
        return self


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
    _refuse_newer(uri, content)
    try:
        plan = Plan.model_validate_json(content)
    except ValidationError as error:
        problems = (
            f"{'.'.join(str(part) for part in found['loc']) or 'plan'}: {found['msg']}"
            for found in error.errors()
        )
        raise ConfigError(f"{uri} is not a plan: " + "; ".join(problems)) from None
    return PinnedPlan(plan, hashlib.sha256(content).hexdigest())


def _refuse_newer(uri: str, content: bytes) -> None:
    with suppress(ValueError):
        document = json.loads(content)
        version = document.get("version") if isinstance(document, dict) else None
        if isinstance(version, int) and version > _FORMAT:
            raise ConfigError(
                f"{uri} has format {version}: a newer Beamline wrote it, and this one reads formats up to "
                f"{_FORMAT}; update the image of the workers, or this installation"
            )


def in_order(plan: Plan) -> list[tuple[int, PlanTransform]]:
    """The transforms, each after its inputs, with their places in the plan.

    Raises:
        ConfigError: They depend on one another in a circle.
    """
    waiting = list(enumerate(plan.transforms))
    known = {source.name for source in plan.sources}
    every = known | {transform.name for transform in plan.transforms}
    ordered: list[tuple[int, PlanTransform]] = []
    while waiting:
        ready = [
            (index, step) for index, step in waiting
            if all(name in known or name not in every for name in step.inputs)
        ]  # fmt: skip
        if not ready:
            names = ", ".join(step.name for _, step in waiting)
            raise ConfigError(f"transforms  these depend on one another in a circle: {names}")
        ordered += ready
        known |= {step.name for _, step in ready}
        waiting = [entry for entry in waiting if entry not in ready]
    return ordered

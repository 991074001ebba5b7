"""Turns whatever ended an attempt into the `failure` of a `failed` event."""

from __future__ import annotations

import re
import traceback
from typing import Any

from beam_pipeline import errors, secrets

# Beam ends a worker's message with `[while running '<step>/<transform>']`; ours begin with (beamline).
_STEP = re.compile(r"\[while running '(?!\(beamline\))([^'/]+)")
_TRACEBACK_CHARACTERS = 4000


def describe(error: BaseException) -> dict[str, Any]:
    """Describes a failure, classified and without secrets."""
    text = "".join(traceback.format_exception(error))
    known = _known(error, text)
    failure: dict[str, Any] = {
        "type": known.type,
        "message": _without_step(known.message),
        "retryable": errors.FAILURE_TYPES[known.type],
    }
    running = _STEP.findall(text)
    step = running[-1] if running else known.step
    if step:
        failure["step"] = step
    if known.cause:
        failure["cause"] = known.cause
    if known.position:
        failure["position"] = known.position
    failure["traceback"] = text[-_TRACEBACK_CHARACTERS:]
    return {key: secrets.redact(value) if isinstance(value, str) else value for key, value in failure.items()}


def _known(error: BaseException, text: str) -> errors.BeamlineError:
    if isinstance(error, errors.BeamlineError):
        return error
    found = errors.recall(text)
    if found is not None:
        return found
    if isinstance(error, OSError):
        return errors.from_os_error(error, error.filename or "a file")
    lines = [line for line in text.strip().splitlines() if line.strip()]
    cause = _without_step(lines[-1].strip()) if lines else type(error).__name__
    return errors.InternalError(f"the pipeline failed unexpectedly: {cause}", cause=cause)


def _without_step(message: str) -> str:
    return re.sub(r" ?\[while running '[^']*'\]", "", message)

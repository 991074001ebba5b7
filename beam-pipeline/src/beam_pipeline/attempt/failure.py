"""Turns whatever ended an attempt into the `failure` of a `failed` event."""

from __future__ import annotations

import re
import traceback
from typing import Any

from beam_pipeline import errors
from beam_pipeline.connect import secrets

# Beam ends a worker's message with `[while running '<step>/<transform>']`; ours begin with (beamline).
_STEP = re.compile(r"\[while running '(?!\(beamline\))([^'/]+)")
# What is kept of each text, in characters; redacted first: half a secret is not found any more.
_MESSAGE_CHARACTERS = 8000
_CAUSE_CHARACTERS = 4000
_TRACEBACK_CHARACTERS = 4000

# What the same code does again on the same input, so that another attempt does not help. Whatever else is
# unexpected may be passing: a system call, a timeout, a lack of memory, an error of a library's server.
_NEVER_PASS = frozenset(
    kind.__name__
    for kind in (
        ArithmeticError,
        AssertionError,
        AttributeError,
        FloatingPointError,
        ImportError,
        IndexError,
        KeyError,
        LookupError,
        ModuleNotFoundError,
        NameError,
        NotImplementedError,
        OverflowError,
        RecursionError,
        SyntaxError,
        TypeError,
        UnboundLocalError,
        UnicodeDecodeError,
        UnicodeEncodeError,
        UnicodeError,
        ValueError,
        ZeroDivisionError,
    )
) | {
    "ArrowIndexError",
    "ArrowInvalid",
    "ArrowKeyError",
    "ArrowNotImplementedError",
    "ArrowTypeError",
    "JSONDecodeError",
    "ValidationError",
}


def describe(error: BaseException) -> dict[str, Any]:
    """Describes a failure, classified and without secrets."""
    text = "".join(traceback.format_exception(error))
    known = _known(error, text)
    failure: dict[str, Any] = {
        "type": known.type,
        "message": _bounded(_without_step(known.message), _MESSAGE_CHARACTERS),
        "retryable": errors.FAILURE_TYPES[known.type] and not isinstance(known, errors.Defect),
    }
    running = _STEP.findall(text)
    step = running[-1] if running else known.step
    if step:
        failure["step"] = _bounded(step, _CAUSE_CHARACTERS)
    if known.cause:
        failure["cause"] = _bounded(known.cause, _CAUSE_CHARACTERS)
    if known.position:
        failure["position"] = known.position
    failure["traceback"] = secrets.redact(text)[-_TRACEBACK_CHARACTERS:]
    return failure


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
    kind = errors.Defect if _repeats(cause) else errors.InternalError
    return kind(f"the pipeline failed unexpectedly: {cause}", cause=cause)


def _repeats(cause: str) -> bool:
    """Whether another attempt meets it again, by the last line of its traceback."""
    name = cause.split(":", 1)[0].rpartition(".")[2]
    # A connection or a channel that was lost while another thread used it.
    return name in _NEVER_PASS and "closed" not in cause


def _bounded(text: str, characters: int) -> str:
    """Without secrets; of a long text the beginning and the end."""
    text = secrets.redact(text)
    if len(text) <= characters:
        return text
    head = characters // 3
    return f"{text[:head]} … {text[len(text) - (characters - head - 3) :]}"


def _without_step(message: str) -> str:
    return re.sub(r" ?\[while running '[^']*'\]", "", message)

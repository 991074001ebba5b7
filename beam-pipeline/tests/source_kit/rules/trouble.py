"""What goes wrong is told by who must act; nothing that goes wrong looks like success."""

from __future__ import annotations

import json
import time

from source_kit.reading import STEP, Reading
from source_kit.rule import Rules

rules = Rules()

SECRET = "canary-pa55word/%&"
_ROWS, _WIDTH = 20_000, 1000
_CUT = _ROWS * _WIDTH // 3
_SOME = 1 << 20
_SECONDS = 5.0


@rules.rule(
    "a connection that is lost in the middle fails, and another attempt may help",
    "takes a lost connection for the end",
)
def lost(reading: Reading) -> None:
    reading.place.impatient(reading.patch)
    front = reading.front()
    parameters = reading.place.much(_ROWS, _WIDTH)
    front.cut_after(_CUT)
    failed = reading.fails(parameters, access=reading.through(front))
    assert (failed.type, failed.retryable) == ("ConnectionLost", True), failed.message


@rules.rule("so does one that is not to be had", "takes no answer for a mistake")
def no_answer(reading: Reading) -> None:
    reading.place.impatient(reading.patch)
    parameters = reading.place.much(10, 10)
    front = reading.front()
    front.close()
    failed = reading.fails(parameters, access=reading.through(front))
    assert (failed.type, failed.retryable) == ("ConnectionLost", True), failed.message


@rules.rule(
    "a wrong password is a mistake that no other attempt mends, and is shown nowhere",
    "tells its password",
    needs="password",
)
def password(reading: Reading) -> None:
    access = reading.through(reading.front(), SECRET)
    child = reading.child()
    parameters = reading.place.much(10, 10)
    failure = child.fail(reading.plan(parameters), reading.profiles(access), env=dict(access.env))
    assert (failure["type"], failure["retryable"]) == ("AuthenticationError", False)
    assert failure["step"] == STEP
    assert SECRET not in json.dumps(child.events) + child.stderr


@rules.rule(
    "what is not there is named, and no other attempt mends that", "reads nothing of what is not there"
)
def missing(reading: Reading) -> None:
    parameters, name = reading.place.missing()
    failed = reading.fails(parameters)
    assert not failed.retryable
    assert name in failed.message


@rules.rule(
    "a read that is ended is over within 5 s, and leaves no session on the server", "leaves its session"
)
def ended(reading: Reading) -> None:
    front = reading.front()
    parameters = reading.place.much(_ROWS, _WIDTH)
    assert _are_over(reading), f"what was read before has left {reading.place.sessions()} sessions"
    front.slow(_ROWS * _WIDTH // 20)
    access = reading.through(front)
    child = reading.child()
    process = child.start(reading.plan(parameters), reading.profiles(access), env=dict(access.env))
    assert child.end_when(process, lambda _: front.passed > _SOME) < _SECONDS
    assert (child.code, child.staging.exists()) == (143, False), (child.events[-1], child.stderr)
    assert _are_over(reading), f"{reading.place.sessions()} sessions are left"


def _are_over(reading: Reading) -> bool:
    """Whether nobody reads any more, in time."""
    end = time.monotonic() + _SECONDS
    while _reads(reading) and time.monotonic() < end:
        time.sleep(0.05)
    return not _reads(reading)


def _reads(reading: Reading) -> bool:
    """Whether somebody reads through the front."""
    sessions = reading.place.sessions()
    return reading.connections > 0 if sessions is None else sessions > 0

"""Failures, named by who must act.

The list equals `src/shared/failure-types.ts`; a test compares them. A message is for a person: it says what
was wrong, where, what is allowed and what to do next, and carries no secret.
"""

from __future__ import annotations

import errno
import re
from collections import deque
from typing import ClassVar

# Every failure type of a run, and whether another attempt can help.
FAILURE_TYPES: dict[str, bool] = {
    "ConfigError": False,
    "ResourceError": False,
    "SqlError": False,
    "DataError": False,
    "AuthenticationError": False,
    "PermissionDenied": False,
    "StorageFull": False,
    "ConnectionLost": True,
    "BeamCrashed": True,
    "BeamStalled": True,
    "PublisherCrashed": True,
    "WorkerShutdown": True,
    "DataflowUnavailable": True,
    "LaunchRefused": False,
    "LaunchConflict": False,
    "JobFailed": False,
    "JobLost": False,
    "ObjectStoreRefused": False,
    "AuditFailed": False,
    "StagingDamaged": False,
    "DestinationBusy": False,
    "VersionTaken": False,
    "WindowCommitted": False,
    "NewerCommitted": False,
    "StoreUnavailable": False,
    "RunEnded": False,
    "InternalError": True,
}

# The last line of a traceback; a runner may quote it, and then its line breaks are escaped.
_OF_A_TRACEBACK = re.compile(r"beam_pipeline\.errors\.(\w+): (.+)")

# Beam's portable runners hand back the text of a worker's exception, not the exception. The last
# few are kept so that `recall` finds the one that a text is about.
_raised: deque[BeamlineError] = deque(maxlen=64)


class BeamlineError(Exception):
    """A failure with a type of the closed list.

    Args:
        message: What a person reads.
        position: Line and column (from 1) in the SQL text at fault.
        cause: The error beneath, in one line.
    """

    type: ClassVar[str] = "InternalError"

    # The step of the plan that was being built; Beam names it where the pipeline runs already.
    step: str | None = None

    def __init__(
        self, message: str, position: dict[str, int] | None = None, cause: str | None = None
    ) -> None:
        # Positional, all three: Beam remakes an exception from its `args`, with the step appended
        # to the first.
        super().__init__(message, position, cause)
        self.message = message
        self.position = position
        self.cause = cause
        _raised.append(self)

    def __str__(self) -> str:
        return self.message


class ConfigError(BeamlineError):
    """Raised when the config or an argument is wrong."""

    type = "ConfigError"


class ResourceError(ConfigError):
    """Raised when what the config refers to is not there or not as it must be: a file, a table, a profile."""

    type = "ResourceError"


class UnresolvedReference(ResourceError):
    """Raised where a secret that a reference names is not to be had here: elsewhere it may be."""


class SqlError(BeamlineError):
    """Raised when an SQL text is wrong."""

    type = "SqlError"


class DataError(BeamlineError):
    """Raised when data cannot be represented exactly, or a file is malformed."""

    type = "DataError"


class AuthenticationError(BeamlineError):
    """Raised when a server refused the user or the password, or the database does not exist."""

    type = "AuthenticationError"


class PermissionDenied(BeamlineError):
    """Raised when a table, file or folder may not be read or written."""

    type = "PermissionDenied"


class StorageFull(BeamlineError):
    """Raised when no space is left where data is staged."""

    type = "StorageFull"


class ConnectionLost(BeamlineError):
    """Raised when a server cannot be reached or the connection broke: another attempt may work."""

    type = "ConnectionLost"


class RunEnded(BeamlineError):
    """Raised when the run has ended already: there is nothing to do."""

    type = "RunEnded"


class InternalError(BeamlineError):
    """Raised when Beamline itself is at fault."""

    type = "InternalError"


class Defect(InternalError):
    """Raised where Beamline is at fault in a way that another attempt repeats."""


def recall(text: str) -> BeamlineError | None:
    """Finds the error that a runner's failure text is about."""
    for error in reversed(_raised):
        if error.message in text:
            return error
    # Raised in another process, of which only the traceback came back.
    found = _OF_A_TRACEBACK.findall(text)
    kinds = {kind.__name__: kind for kind in _kinds(BeamlineError)}
    if found and found[-1][0] in kinds:
        return kinds[found[-1][0]](found[-1][1].replace("\\n", "\n").strip())
    return None


def _kinds(kind: type[BeamlineError]) -> list[type[BeamlineError]]:
    below = kind.__subclasses__()
    return below + [lower for one in below for lower in _kinds(one)]


def from_os_error(error: OSError, place: str) -> BeamlineError:
    """Names an operating system's error by who must act.

    Args:
        error: What was raised while `place` was read or written.
        place: The path or URI.
    """
    cause = f"{type(error).__name__}: {error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(f"{place}: no space is left on the device; free some, then run again", cause=cause)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PermissionDenied(
            f"{place}: this process may not read or write it; check the owner and the mode",
            cause=cause,
        )
    if isinstance(error, FileNotFoundError):
        return ResourceError(f"{place}: there is no such file or folder", cause=cause)
    return InternalError(f"{place}: {error}", cause=cause)

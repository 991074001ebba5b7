"""Names what BigQuery and its clients raise by who must act.

The reasons are those of BigQuery's documentation, "Error messages".
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from beam_pipeline import errors
from beam_pipeline.connect import secrets
from beam_pipeline.modules.source.bigquery.connection.statement import Statement
from beam_pipeline.sql import sql_text

_BY_REASON: dict[str, type[errors.BeamlineError]] = {
    "accessDenied": errors.PermissionDenied,
    "authError": errors.PermissionDenied,
    "backendError": errors.ConnectionLost,
    "billingNotEnabled": errors.PermissionDenied,
    "billingTierLimitExceeded": errors.ConfigError,
    "blocked": errors.PermissionDenied,
    "bytesBilledLimitExceeded": errors.ConfigError,
    "internalError": errors.ConnectionLost,
    "invalid": errors.ConfigError,
    "invalidQuery": errors.SqlError,
    "jobBackendError": errors.ConnectionLost,
    "jobInternalError": errors.ConnectionLost,
    "jobRateLimitExceeded": errors.ConnectionLost,
    "notFound": errors.ResourceError,
    "notImplemented": errors.ConfigError,
    "policyViolation": errors.PermissionDenied,
    "quotaExceeded": errors.ConnectionLost,
    "rateLimitExceeded": errors.ConnectionLost,
    "resourceInUse": errors.ConnectionLost,
    "resourcesExceeded": errors.ConfigError,
    "responseTooLarge": errors.ConfigError,
    "stopped": errors.ConfigError,
    "tableUnavailable": errors.ConnectionLost,
    "timeout": errors.ConnectionLost,
}
_BY_STATUS: dict[int, type[errors.BeamlineError]] = {
    401: errors.PermissionDenied,
    403: errors.PermissionDenied,
    404: errors.ResourceError,
    408: errors.ConnectionLost,
    429: errors.ConnectionLost,
}
_ADVICE = {
    "PermissionDenied": (
        "; it needs BigQuery Job User on the project, and BigQuery Data Viewer on the data "
        "(roles/bigquery.jobUser, roles/bigquery.dataViewer)"
    ),
    "ConnectionLost": "; another attempt may work",
}
_PLACE = re.compile(r" at \[(\d+):(\d+)\]")
_TAB = 8


@contextlib.contextmanager
def named(project: str, statement: Statement | None = None, *, ran: bool = False) -> Iterator[None]:
    """Raises the errors of the block as ours.

    Args:
        project: Whose BigQuery the block talks to.
        statement: What the block runs, to show the place of an error in it.
        ran: BigQuery has found the statement right already, so that only data can be at fault.
    """
    import requests
    from google.api_core import exceptions
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    try:
        yield
    except DefaultCredentialsError as error:
        raise errors.PermissionDenied(
            f"BigQuery (project {project}): this process has no Google credentials; run `gcloud auth "
            "application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
            cause=_line(error),
        ) from error
    except exceptions.GoogleAPICallError as error:
        raise _classify(error, project, statement, ran) from error
    except (exceptions.RetryError, requests.RequestException, GoogleAuthError, ConnectionError) as error:
        raise errors.ConnectionLost(
            f"BigQuery (project {project}) cannot be reached; another attempt may work", cause=_line(error)
        ) from error


def reason_of(error: Any) -> str:
    """BigQuery's own reason of a `GoogleAPICallError`; empty where there is none."""
    first = error.errors[0] if error.errors else None
    return str(first.get("reason") or "") if isinstance(first, dict) else ""


def is_passing(reason: str) -> bool:
    """Whether the same job, under another id, may succeed."""
    return _BY_REASON.get(reason) is errors.ConnectionLost


def _classify(error: Any, project: str, statement: Statement | None, ran: bool) -> errors.BeamlineError:
    reason, text = reason_of(error), _message(error)
    kind = _BY_REASON.get(reason)
    if kind is None:
        status = int(error.code or 500)
        kind = errors.ConnectionLost if status >= 500 else _BY_STATUS.get(status, errors.InternalError)
    if kind is errors.SqlError:
        return _sql_error(text, statement, ran)
    advice = _ADVICE.get(kind.__name__, "")
    return kind(f"BigQuery (project {project}): {text.rstrip('.')}{advice}", cause=reason or _line(error))


def _sql_error(text: str, statement: Statement | None, ran: bool) -> errors.BeamlineError:
    kind = errors.DataError if ran else errors.SqlError
    found = _PLACE.search(text)
    if found is None or statement is None or not statement.query:
        return kind(text)
    line = int(found[1]) - statement.lines_before
    lines = statement.query.split("\n")
    if not 1 <= line <= len(lines):
        return kind(_PLACE.sub("", text))
    before = sum(len(one) + 1 for one in lines[: line - 1])
    offset = before + _characters(lines[line - 1], int(found[2]))
    return kind(*sql_text.placed(_PLACE.sub("", text), statement.query, offset))


def wants_filter(error: errors.SqlError) -> bool:
    """Whether a table wants every query to name a partition: `require_partition_filter`."""
    return "without a filter over column" in error.message


def _characters(line: str, column: int) -> int:
    """How many characters stand before a column; GoogleSQL's parser counts a tab up to the next eighth."""
    at = 1
    for index, character in enumerate(line):
        if at >= column:
            return index
        at += _TAB - (at - 1) % _TAB if character == "\t" else 1
    return len(line)


def _message(error: Any) -> str:
    first = error.errors[0] if error.errors else None
    told = first.get("message") if isinstance(first, dict) else None
    return str(told or error.message).strip().split("\n")[0]


def _line(error: BaseException) -> str:
    # Redacted before it is cut: half a secret is not found any more.
    return secrets.redact(f"{type(error).__name__}: {error}").splitlines()[0][:500]

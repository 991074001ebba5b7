"""Errors as BigQuery says them: a reason, a message, and the HTTP status that belongs to the reason."""

from __future__ import annotations

from typing import Any

# https://cloud.google.com/bigquery/docs/error-messages
_STATUS = {
    "accessDenied": 403,
    "backendError": 503,
    "conditionNotMet": 412,
    "duplicate": 409,
    "internalError": 500,
    "invalid": 400,
    "invalidQuery": 400,
    "notFound": 404,
    "notImplemented": 501,
    "resourceInUse": 400,
    "stopped": 200,
}
# google.rpc.Code of each HTTP status, which the field `status` of an error holds.
_CODE = {
    200: "CANCELLED",
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


class BigQueryError(Exception):
    """Raised for what BigQuery would refuse, or for what this emulator does not do (`notImplemented`)."""

    def __init__(self, reason: str, message: str, location: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.location = location

    @property
    def status(self) -> int:
        """The HTTP status of a call that fails with this."""
        return _STATUS[self.reason]

    def proto(self) -> dict[str, Any]:
        """An ErrorProto, as a job's `status.errorResult` holds it."""
        found = {"reason": self.reason, "message": self.message}
        if self.location is not None:
            found["location"] = self.location
        return found

    def document(self) -> dict[str, Any]:
        """The body of an HTTP error."""
        entry = {"domain": "global", **self.proto()}
        code = _CODE[self.status]
        return {"error": {"code": self.status, "message": self.message, "errors": [entry], "status": code}}

    @classmethod
    def of_proto(cls, proto: dict[str, Any]) -> BigQueryError:
        """The error that a failed job holds."""
        return cls(proto["reason"], proto["message"], proto.get("location"))


def invalid(message: str) -> BigQueryError:
    """A request that BigQuery refuses."""
    return BigQueryError("invalid", message)


def invalid_query(message: str) -> BigQueryError:
    """A query that BigQuery refuses."""
    return BigQueryError("invalidQuery", message, "query")


def not_found(kind: str, name: str) -> BigQueryError:
    """Something that is not there, such as a `Table`."""
    return BigQueryError("notFound", f"Not found: {kind} {name}")


def duplicate(kind: str, name: str) -> BigQueryError:
    """Something that is there already."""
    return BigQueryError("duplicate", f"Already Exists: {kind} {name}")


def not_emulated(what: str) -> BigQueryError:
    """Something that BigQuery does and this emulator does not."""
    return BigQueryError("notImplemented", f"The BigQuery emulator does not do this: {what}")

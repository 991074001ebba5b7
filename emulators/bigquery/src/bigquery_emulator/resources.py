"""Changes of resources: patches, and changes on the condition of an etag."""

from __future__ import annotations

from bigquery_emulator.call import Call
from bigquery_emulator.catalog import Resource, etag_of
from bigquery_emulator.errors import BigQueryError


def check_match(call: Call, resource: Resource) -> None:
    """Refuses a change of a resource that is no longer as the client read it.

    Raises:
        BigQueryError: If-Match names another etag.
    """
    wanted = call.headers.get("If-Match")
    if wanted is not None and wanted.strip('"') not in ("*", etag_of(resource)):
        raise BigQueryError("conditionNotMet", "Precondition check failed.")


def merged(resource: Resource, given: Resource) -> Resource:
    """A resource with what a patch gives; null removes, labels are merged."""
    found = {**resource}
    for key, value in given.items():
        if value is None:
            found.pop(key, None)
        elif key == "labels":
            labels = {**(found.get("labels") or {}), **value}
            found["labels"] = {name: text for name, text in labels.items() if text is not None}
        else:
            found[key] = value
    return found

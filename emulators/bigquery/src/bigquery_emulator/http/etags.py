"""Changes on the condition of an etag."""

from __future__ import annotations

from bigquery_emulator.errors import BigQueryError
from bigquery_emulator.http.call import Call
from bigquery_emulator.tables.catalog import Resource, etag_of


def check_match(call: Call, resource: Resource) -> None:
    """Refuses a change of a resource that is no longer as the client read it.

    Raises:
        BigQueryError: If-Match names another etag.
    """
    wanted = call.headers.get("If-Match")
    if wanted is not None and wanted.strip('"') not in ("*", etag_of(resource)):
        raise BigQueryError("conditionNotMet", "Precondition check failed.")

"""The record of a job that a client asks for."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from bigquery_emulator.errors import invalid
from bigquery_emulator.sql.meanings import USER
from bigquery_emulator.tables.catalog import now_ms

Resource = dict[str, Any]

# https://cloud.google.com/bigquery/docs/reference/rest/v2/JobReference
_JOB_ID = re.compile(r"[\w-]{1,1024}", re.ASCII)


def new_job(project: str, document: Resource) -> Resource:
    """The job that a client's document asks for."""
    given = document.get("jobReference") or {}
    configuration = json.loads(json.dumps(document.get("configuration") or {}))
    reference = {
        "projectId": project,
        "jobId": str(given.get("jobId") or f"job_{uuid.uuid4().hex}"),
        "location": str(given.get("location") or "US"),
    }
    if not _JOB_ID.fullmatch(reference["jobId"]):
        raise invalid(f'Invalid job ID "{reference["jobId"]}": letters, digits, - and _ are allowed.')
    kind = next((each for each in ("query", "load", "copy", "extract") if configuration.get(each)), "unknown")
    configuration["jobType"] = kind.upper()
    moment = str(now_ms())
    return {
        "kind": "bigquery#job",
        "jobReference": reference,
        "configuration": configuration,
        "status": {"state": "RUNNING"},
        "statistics": {"creationTime": moment, "startTime": moment},
        "user_email": USER,
    }

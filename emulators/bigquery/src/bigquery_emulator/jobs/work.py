"""What a job does, whatever its kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from bigquery_emulator.jobs.copy_job import CopyJob
from bigquery_emulator.jobs.extract_job import ExtractJob
from bigquery_emulator.jobs.load_job import LoadJob
from bigquery_emulator.jobs.query_job import QueryJob
from bigquery_emulator.tables.database import Database

Resource = dict[str, Any]


class Work(Protocol):
    """What a job does. Each step is one transaction; the last one also writes the job's record."""

    steps: list[Any]

    def prepare(self, database: Database) -> None:
        """What is done before the database is locked."""

    def close(self) -> None:
        """Lets go of what `prepare` took."""


def work_of(job: Resource, body: Path) -> Work:
    """What a job does.

    Raises:
        BigQueryError: Its configuration is invalid.
    """
    project = job["jobReference"]["projectId"]
    match job["configuration"]["jobType"]:
        case "QUERY":
            return QueryJob(project, job)
        case "LOAD":
            return LoadJob(project, job, body if body.exists() and body.is_file() else None)
        case "COPY":
            return CopyJob(project, job)
        case _:
            return ExtractJob(project, job)

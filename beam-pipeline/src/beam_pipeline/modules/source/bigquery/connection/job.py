"""Runs a query once: BigQuery itself keeps two jobs of one id apart."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from beam_pipeline.errors import ConfigError, ConnectionLost
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.source.bigquery.connection import failures
from beam_pipeline.modules.source.bigquery.connection.statement import Statement
from beam_pipeline.storage import bigquery

# A job that failed for a passing reason is tried under the next id: no id is usable twice.
_TRIES = 3
_PAUSE_SECONDS = 2
# The answer to a job that is there already names its place: `Already Exists: Job project:EU.id`.
_LOCATION = re.compile(r"Job [^\s]+:([\w-]+)\.[\w-]+")


@dataclass(frozen=True)
class Described:
    """What BigQuery says of a statement without running it."""

    schema: list[Any]
    location: str | None
    bytes_to_read: int


@dataclass(frozen=True)
class Result:
    """The result of a query: a table that nobody changes, kept for 24 hours."""

    table: Any
    schema: list[Any]
    rows: int


def describe(client: Any, statement: Statement, where: str) -> Described:
    """Asks for the columns of a statement; BigQuery checks it and bills nothing.

    Raises:
        SqlError: The statement is wrong; the message shows where.
        ConfigError: It is no query, or something that it names does not exist.
    """
    with failures.named(client.project, statement):
        job = client.query(
            statement.sql,
            _config(statement, dry_run=True),
            retry=bigquery.retry(),
            timeout=bigquery.CALL_SECONDS,
            job_retry=None,
        )
    if job.statement_type != "SELECT":
        kind = (job.statement_type or "unknown statement").replace("_", " ")
        raise ConfigError(f"{where}  is a statement of type {kind}; a source's query must be a SELECT")
    return Described(list(job.schema or []), job.location, int(job.total_bytes_processed or 0))


def run(client: Any, statement: Statement, context: StepContext, location: str | None) -> Result:
    """Runs a statement that is known to be right: the second time, it takes over the first one's job.

    Raises:
        BeamlineError: Classified.
    """
    name = _job_id(statement, context)
    labels = {"beamline-run": context.run_key, "beamline-attempt": context.attempt}
    config = _config(statement, labels=labels)
    for number in range(1, _TRIES + 1):
        with failures.named(client.project, statement, ran=True):
            job = _insert_or_adopt(client, statement, config, f"{name}-{number}", location)
            try:
                rows = job.result(retry=bigquery.retry(), job_retry=None, max_results=0)
            except Exception as error:
                if not _may_pass(job, error) or number == _TRIES:
                    raise
                time.sleep(_PAUSE_SECONDS * number)
                continue
            return Result(job.destination, list(rows.schema), int(rows.total_rows or 0))
    raise ConnectionLost(f"BigQuery (project {client.project}): the query failed {_TRIES} times")


def ask(client: Any, statement: Statement, seconds: float | None = None) -> Any:
    """Runs a statement of one row and one column.

    Args:
        client: Where.
        statement: What.
        seconds: The most that it may take.

    Raises:
        ConnectionLost: It took longer.
        BeamlineError: Classified.
    """
    from concurrent.futures import TimeoutError as TookTooLong

    config = _config(statement)
    if seconds is not None:
        # BigQuery itself ends it, also where this process is gone.
        config.job_timeout_ms = int(seconds * 1000)
    with failures.named(client.project, statement):
        try:
            asked = client.query(statement.sql, config, retry=bigquery.retry(), timeout=bigquery.CALL_SECONDS)
            row = next(iter(asked.result(retry=bigquery.retry(), timeout=seconds)))
        except TookTooLong:
            raise ConnectionLost(
                f"BigQuery (project {client.project}) took longer than {seconds} s"
            ) from None
    return row[0]


def _job_id(statement: Statement, context: StepContext) -> str:
    told = json.dumps([context.pipeline, context.step, statement.sql, statement.parameters])
    return f"beamline-{context.run_key}-{context.attempt}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def _insert_or_adopt(
    client: Any, statement: Statement, config: Any, job_id: str, location: str | None
) -> Any:
    from google.api_core import exceptions

    try:
        return client.query(
            statement.sql,
            config,
            job_id=job_id,
            location=location,
            retry=bigquery.retry(),
            timeout=bigquery.CALL_SECONDS,
            job_retry=None,
        )
    except exceptions.Conflict as error:
        found = _LOCATION.search(str(error))
        return client.get_job(
            job_id,
            location=found[1] if found else location,
            retry=bigquery.retry(),
            timeout=bigquery.CALL_SECONDS,
        )


def _may_pass(job: Any, error: Exception) -> bool:
    """Whether the job itself failed, for a reason that may be gone: a call that failed says nothing of it."""
    from google.api_core import exceptions

    return (
        isinstance(error, exceptions.GoogleAPICallError)
        and job.error_result is not None
        and failures.is_passing(failures.reason_of(error))
    )


def _config(statement: Statement, *, dry_run: bool = False, labels: dict[str, str] | None = None) -> Any:
    from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

    return QueryJobConfig(
        dry_run=dry_run,
        use_legacy_sql=False,
        labels=labels or {},
        query_parameters=[ScalarQueryParameter(*parameter) for parameter in statement.parameters],
    )

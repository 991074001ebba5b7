"""The resource `jobs`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bigquery_emulator.errors import BigQueryError
from bigquery_emulator.http.call import Answer, Call
from bigquery_emulator.http.paging import page_of, page_start, page_token
from bigquery_emulator.http.table_routes import format_options
from bigquery_emulator.jobs.job_runner import JobRunner
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.catalog import Resource
from bigquery_emulator.tables.cells import read_page, timestamp_format
from bigquery_emulator.tables.database import Database
from bigquery_emulator.tables.names import TableId

_PAGE = 10_000
# Of jobs.query, beside the options of a query job: https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query
_OF_REQUEST = (
    "kind", "maxResults", "timeoutMs", "dryRun", "location", "formatOptions", "labels", "requestId",
    "jobCreationMode",
)  # fmt: skip


class JobRoutes:
    """Answers the calls about jobs."""

    def __init__(self, database: Database, runner: JobRunner, answer_after_s: float) -> None:
        self._database = database
        self._answer_after_s = answer_after_s
        self._runner = runner

    def insert(self, call: Call, project: str) -> Answer:
        """jobs.insert."""
        return Answer.of_json(
            shown(self._runner.submit(project, call.document(), None, self._answer_after_s))
        )

    def get(self, call: Call, project: str, job: str) -> Answer:
        """jobs.get."""
        return Answer.of_json(shown(self._runner.find(project, job)))

    def cancel(self, call: Call, project: str, job: str) -> Answer:
        """jobs.cancel."""
        found = shown(self._runner.cancel(project, job))
        return Answer.of_json({"kind": "bigquery#jobCancelResponse", "job": found})

    def list(self, call: Call, project: str) -> Answer:
        """jobs.list: the newest first."""
        query = call.query
        running = self._runner.running(project)
        with self._database.read() as cursor:
            ended = catalog.list_jobs(cursor, project, query.get("parentJobId"))
        found = [] if query.get("parentJobId") else running
        known = {job["jobReference"]["jobId"] for job in running}
        found += [job for job in ended if job["jobReference"]["jobId"] not in known]
        wanted = query.get("stateFilter", "").upper()
        lowest, highest = int(query.get("minCreationTime") or 0), int(query.get("maxCreationTime") or 1 << 62)
        found = [
            _listed(job)
            for job in found
            if wanted in ("", job["status"]["state"])
            and lowest <= int(job["statistics"]["creationTime"]) <= highest
        ]
        page, token = page_of(found, query)
        answer: dict[str, Any] = {"kind": "bigquery#jobList", "jobs": page}
        if token:
            answer["nextPageToken"] = token
        return Answer.of_json(answer)

    def query(self, call: Call, project: str) -> Answer:
        """jobs.query."""
        document = call.document()
        options = {key: value for key, value in document.items() if key not in _OF_REQUEST}
        options.setdefault("useLegacySql", True)
        configuration = {"query": options, "labels": document.get("labels"), "dryRun": document.get("dryRun")}
        reference = {"location": document.get("location")}
        timeout = float(document.get("timeoutMs") or 10_000) / 1000
        asked = document.get("requestId")
        if asked:  # asked again, it is answered with the same job
            digest = hashlib.sha256(f"{project}:{asked}".encode()).hexdigest()
            reference["jobId"] = f"job_{digest[:32]}"
        try:
            job = self._runner.submit(
                project, {"configuration": configuration, "jobReference": reference}, None, timeout
            )
        except BigQueryError as error:
            if not asked or error.reason != "duplicate":
                raise
            job = self._runner.wait(project, str(reference["jobId"]), timeout)
        if document.get("dryRun"):
            statistics = job["statistics"]["query"]
            answer = {"kind": "bigquery#queryResponse", "jobComplete": True, "totalRows": "0",
                      "jobReference": job["jobReference"], "totalBytesProcessed": "0", "cacheHit": False,
                      **({"schema": statistics["schema"]} if "schema" in statistics else {})}  # fmt: skip
            return Answer.of_json(answer)
        given = document.get("formatOptions") or {}
        limit = document.get("maxResults")
        return Answer.of_json(
            {
                **self._results(job, 0, None if limit is None else int(limit), given),
                "kind": "bigquery#queryResponse",
            }
        )

    def results(self, call: Call, project: str, job: str) -> Answer:
        """jobs.getQueryResults."""
        query = call.query
        timeout = float(query.get("timeoutMs") or 10_000) / 1000
        found = self._runner.wait(project, job, timeout)
        limit = query.get("maxResults")
        answer = self._results(
            found, page_start(query), None if limit is None else int(limit), format_options(query)
        )
        return Answer.of_json(answer)

    def _results(self, job: Resource, start: int, limit: int | None, options: dict[str, Any]) -> Resource:
        answer: Resource = {
            "kind": "bigquery#getQueryResultsResponse",
            "jobReference": job["jobReference"],
            "jobComplete": job["status"]["state"] == "DONE",
        }
        if not answer["jobComplete"]:
            return answer
        if "errorResult" in job["status"]:
            raise BigQueryError.of_proto(job["status"]["errorResult"])
        if job["configuration"]["jobType"] != "QUERY":
            raise BigQueryError("invalid", "Cannot get query results of a job that is no query")
        statistics = job["statistics"].get("query") or {}
        answer.update(totalBytesProcessed="0", cacheHit=False, totalRows="0")
        answer["etag"] = catalog.etag_of(job)
        for name in ("numDmlAffectedRows", "dmlStats"):
            if name in statistics:
                answer[name] = statistics[name]
        fields = (statistics.get("schema") or {}).get("fields")
        reference = job.get("_destination")
        if fields is None or reference is None:
            answer["schema"] = {"fields": []} if fields is None else {"fields": fields}
            return answer
        answer["schema"] = {"fields": fields}
        table = TableId.of(reference, job["jobReference"]["projectId"])
        length = _PAGE if limit is None else limit
        with self._database.read() as cursor:
            catalog.get_table(cursor, table)
            row = cursor.execute(f"SELECT count(*) FROM {table.sql}").fetchone()
            total = int(row[0]) if row else 0
            rows = read_page(cursor, table.sql, fields, start, length, timestamp_format(options))
        answer["totalRows"] = str(total)
        if length:
            answer["rows"] = rows
        if start + len(rows) < total:
            answer["pageToken"] = page_token(start + len(rows))
        return answer


def shown(job: Resource) -> Resource:
    """A job as clients see it."""
    found = {key: value for key, value in job.items() if not key.startswith("_")}
    reference = found["jobReference"]
    found["id"] = f"{reference['projectId']}:{reference['location']}.{reference.get('jobId', '')}"
    found["etag"] = catalog.etag_of(json.loads(json.dumps(found)))
    return found


def _listed(job: Resource) -> Resource:
    found = shown(job)
    found["state"] = found["status"]["state"]
    if "errorResult" in found["status"]:
        found["errorResult"] = found["status"]["errorResult"]
    return found

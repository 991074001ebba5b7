"""Answers the calls of the REST API.

What is answered here and by which public source is in emulators/bigquery/README.md.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable
from urllib.parse import unquote

import duckdb

from bigquery_emulator.errors import BigQueryError, not_emulated
from bigquery_emulator.http import discovery
from bigquery_emulator.http.call import Answer, Call
from bigquery_emulator.http.dataset_routes import DatasetRoutes
from bigquery_emulator.http.job_routes import JobRoutes
from bigquery_emulator.http.table_routes import TableRoutes
from bigquery_emulator.http.uploads import Uploads
from bigquery_emulator.jobs.job_runner import JobRunner
from bigquery_emulator.tables.database import Database

Handler = Callable[..., Answer]

_DISCOVERY = ("/$discovery/rest", "/discovery/v1/apis/bigquery/v2/rest")
# Node's client leaves the API's path out where BIGQUERY_EMULATOR_HOST is set.
_BASE = re.compile(r"^(/upload|/resumable/upload)?(/bigquery/v2)?")


class Service:
    """BigQuery over one database."""

    def __init__(self, database: Database, runner: JobRunner, answer_after_s: float) -> None:
        """Answers over what `runner` runs; jobs.insert waits so long for the end of its job."""
        datasets = DatasetRoutes(database)
        tables = TableRoutes(database)
        jobs = JobRoutes(database, runner, answer_after_s)
        uploads = Uploads(database.folder, runner, answer_after_s)
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []
        for method, path, handler in (
            ("GET", "/projects/*/datasets", datasets.list),
            ("POST", "/projects/*/datasets", datasets.insert),
            ("GET", "/projects/*/datasets/*", datasets.get),
            ("PUT", "/projects/*/datasets/*", datasets.update),
            ("PATCH", "/projects/*/datasets/*", datasets.patch),
            ("DELETE", "/projects/*/datasets/*", datasets.delete),
            ("GET", "/projects/*/datasets/*/tables", tables.list),
            ("POST", "/projects/*/datasets/*/tables", tables.insert),
            ("GET", "/projects/*/datasets/*/tables/*", tables.get),
            ("PUT", "/projects/*/datasets/*/tables/*", tables.update),
            ("PATCH", "/projects/*/datasets/*/tables/*", tables.patch),
            ("DELETE", "/projects/*/datasets/*/tables/*", tables.delete),
            ("GET", "/projects/*/datasets/*/tables/*/data", tables.data),
            ("POST", "/projects/*/datasets/*/tables/*/insertAll", tables.insert_all),
            ("GET", "/projects/*/jobs", jobs.list),
            ("POST", "/projects/*/jobs", jobs.insert),
            ("GET", "/projects/*/jobs/*", jobs.get),
            ("POST", "/projects/*/jobs/*/cancel", jobs.cancel),
            ("POST", "/projects/*/queries", jobs.query),
            ("GET", "/projects/*/queries/*", jobs.results),
            ("POST", "upload:/projects/*/jobs", uploads.begin),
            ("PUT", "upload:/projects/*/jobs", uploads.resume),
        ):
            pattern = re.escape(path).replace(r"\*", "([^/]+)")
            self._routes.append((method, re.compile(pattern), handler))

    def answer(self, call: Call) -> Answer:
        """Answers one call."""
        try:
            return self._routed(call)
        except BigQueryError as error:
            return Answer.of_json(error.document(), error.status)
        except duckdb.Error as error:
            told = BigQueryError("internalError", str(error).splitlines()[0])
            return Answer.of_json(told.document(), told.status)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            told = BigQueryError("internalError", f"{type(error).__name__}: {error}")
            return Answer.of_json(told.document(), told.status)

    def _routed(self, call: Call) -> Answer:
        if call.method == "GET" and call.path in _DISCOVERY:
            return Answer.of_json(discovery.document(f"http://{call.headers.get('Host', '')}"))
        base = _BASE.match(call.path)
        assert base is not None
        path = ("upload:" if base[1] else "") + call.path[base.end() :]
        method = call.headers.get("X-HTTP-Method-Override") or call.method
        for wanted, pattern, handler in self._routes:
            found = pattern.fullmatch(path) if wanted == method else None
            if found:
                return handler(call, *(unquote(part) for part in found.groups()))
        raise not_emulated(f"{method} {call.path}")

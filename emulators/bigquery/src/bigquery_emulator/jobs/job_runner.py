"""Runs jobs: accepted once for each id, and committed together with their own record."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from bigquery_emulator.errors import BigQueryError, duplicate
from bigquery_emulator.jobs.job_config import kind_of
from bigquery_emulator.jobs.new_job import new_job
from bigquery_emulator.jobs.query_job import QueryJob
from bigquery_emulator.jobs.work import Work, work_of
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor, Database

Resource = dict[str, Any]


@dataclass
class _Active:
    job: Resource
    ended: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    cursor: Cursor | None = None


class JobRunner:
    """Accepts jobs and runs each in a thread.

    An accepted job is written into the folder `accepted` before it runs, and removed after its record
    was committed. When the process is killed in between, `resume` runs it again: nothing of it was
    committed, or its record says which steps were.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._folder = database.folder / "accepted"
        self._folder.mkdir(exist_ok=True)
        self._lock = threading.Lock()
        self._active: dict[tuple[str, str], _Active] = {}

    def submit(self, project: str, document: Resource, body: Path | None, wait_s: float) -> Resource:
        """Accepts a job, and answers with it when it has ended or `wait_s` seconds have passed.

        Args:
            project: Where it runs.
            document: The Job that the client sent.
            body: A file with the content of an upload; the runner removes it.
            wait_s: How long to wait.

        Raises:
            BigQueryError: The job is invalid, or its id is taken.
        """
        job = new_job(project, document)
        kind_of(job["configuration"])
        if job["configuration"].get("dryRun"):
            return self._dry_run(project, job)
        key = (project, job["jobReference"]["jobId"])
        active = _Active(job)
        with self._lock, self._database.read() as cursor:
            if key in self._active or catalog.find_job(cursor, *key) is not None:
                raise duplicate("Job", f"{project}:{job['jobReference']['location']}.{key[1]}")
            note = self._note(job, body)
            self._active[key] = active
        self._start(active, note)
        active.ended.wait(wait_s)
        return self.find(*key)

    def find(self, project: str, job_id: str) -> Resource:
        """A job as it is now.

        Raises:
            BigQueryError: There is none.
        """
        with self._lock:
            active = self._active.get((project, job_id))
            if active is not None and not active.ended.is_set():
                return dict(active.job)
        with self._database.read() as cursor:
            found = catalog.find_job(cursor, project, job_id)
        if found is None:
            raise BigQueryError("notFound", f"Not found: Job {project}:{job_id}")
        return found

    def wait(self, project: str, job_id: str, seconds: float) -> Resource:
        """A job when it has ended, or as it is after so many seconds."""
        with self._lock:
            active = self._active.get((project, job_id))
        if active is not None:
            active.ended.wait(seconds)
        return self.find(project, job_id)

    def running(self, project: str) -> list[Resource]:
        """The jobs of a project that have not ended, the newest first."""
        with self._lock:
            found = [dict(each.job) for (of, _), each in self._active.items() if of == project]
        return sorted(found, key=lambda job: -int(job["statistics"]["creationTime"]))

    def cancel(self, project: str, job_id: str) -> Resource:
        """Asks a job to stop; one that has ended stays as it is."""
        with self._lock:
            active = self._active.get((project, job_id))
            if active is not None:
                active.cancelled = True
                if active.cursor is not None:
                    with contextlib.suppress(duckdb.Error):  # it may have ended meanwhile
                        active.cursor.interrupt()
        return self.wait(project, job_id, 1)

    def resume(self) -> None:
        """Runs the jobs that were accepted and had not ended when the process was killed."""
        for note in sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime):
            job = json.loads(note.read_text())
            reference = job["jobReference"]
            with self._database.read() as cursor:
                found = catalog.find_job(cursor, reference["projectId"], reference["jobId"])
            if found is not None and found["status"]["state"] == "DONE":
                _forget(note)
                continue
            active = _Active(found or job)
            self._active[reference["projectId"], reference["jobId"]] = active
            self._start(active, note)
        noted = {note.stem for note in self._folder.glob("*.json")}
        for left in self._folder.iterdir():
            if left.stem not in noted:
                left.unlink(missing_ok=True)

    def _note(self, job: Resource, body: Path | None) -> Path:
        note = self._folder / f"{uuid.uuid4().hex}.json"
        if body is not None:
            body.rename(note.with_suffix(".body"))
        draft = note.with_suffix(".draft")
        draft.write_text(json.dumps(job))
        draft.rename(note)
        return note

    def _start(self, active: _Active, note: Path) -> None:
        threading.Thread(target=self._run, args=(active, note), daemon=True).start()

    def _run(self, active: _Active, note: Path) -> None:
        job = active.job
        work: Work | None = None
        try:
            job = json.loads(json.dumps(job))  # the client's view stays as it is until the end
            job["status"] = {"state": "RUNNING"}
            work = work_of(job, note.with_suffix(".body"))
            work.prepare(self._database)
            for number in range(int(job.pop("_next", 0)), len(work.steps)):
                before = json.loads(json.dumps(job))
                try:
                    with self._database.write() as cursor:
                        self._hold(active, cursor)
                        work.steps[number](cursor)
                        self._hold(active, None)
                        if number + 1 == len(work.steps):
                            _end(job, None)
                        catalog.put_job(cursor, {**job, "_next": number + 1})
                except BaseException:
                    job = before
                    raise
        except BigQueryError as error:
            self._fail(job, error)
        except duckdb.InterruptException:
            self._fail(
                job, BigQueryError("stopped", "Job execution was cancelled: User requested cancellation")
            )
        except Exception as error:
            self._fail(job, BigQueryError("internalError", f"{type(error).__name__}: {error}"))
        finally:
            if work is not None:
                work.close()
            _forget(note)
            active.ended.set()
            with self._lock:
                reference = job["jobReference"]
                self._active.pop((reference["projectId"], reference["jobId"]), None)

    def _hold(self, active: _Active, cursor: Cursor | None) -> None:
        with self._lock:
            active.cursor = cursor
            if active.cancelled:
                raise BigQueryError("stopped", "Job execution was cancelled: User requested cancellation")

    def _fail(self, job: Resource, error: BigQueryError) -> None:
        _end(job, error)
        with self._database.write() as cursor:
            catalog.put_job(cursor, job)

    def _dry_run(self, project: str, job: Resource) -> Resource:
        work = work_of(job, Path())
        if isinstance(work, QueryJob):
            with self._database.dry_run() as cursor:
                work.describe(cursor)
        _end(job, None)
        del job["jobReference"]["jobId"]
        return job


def _end(job: Resource, error: BigQueryError | None) -> None:
    job["status"] = {"state": "DONE"}
    if error is not None:
        job["status"].update(errorResult=error.proto(), errors=[error.proto()])
    job["statistics"]["endTime"] = str(catalog.now_ms())


def _forget(note: Path) -> None:
    note.unlink(missing_ok=True)
    note.with_suffix(".body").unlink(missing_ok=True)

"""Query jobs: a statement, or a script of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import duckdb
from sqlglot import exp

from bigquery_emulator import catalog, dialect
from bigquery_emulator.database import Cursor
from bigquery_emulator.ddl import run_ddl
from bigquery_emulator.destination import Rows, write
from bigquery_emulator.dialect import Context
from bigquery_emulator.dml import run_dml
from bigquery_emulator.errors import BigQueryError, invalid_query, not_emulated
from bigquery_emulator.fields import field_of
from bigquery_emulator.names import DatasetId, TableId

Resource = dict[str, Any]

# How long the results of a query are kept: https://cloud.google.com/bigquery/docs/cached-results
RESULTS_MS = 24 * 3600 * 1000
_DDL = (exp.Create, exp.Drop, exp.Alter, exp.TruncateTable)
_DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge)


class QueryJob:
    """One query job. Each of its steps is a transaction of its own."""

    def __init__(self, project: str, job: Resource) -> None:
        self._project = project
        self._job = job
        self._config: Resource = job["configuration"]["query"]
        default = self._config.get("defaultDataset")
        self._context = Context(
            project,
            DatasetId.of(default, project) if default else None,
            dialect.parameters(self._config),
        )
        self._statements = dialect.parse(str(self._config.get("query") or ""))
        self._children = 0
        target = self._config.get("destinationTable")
        self._target = TableId.of(target, project) if target else None
        self.steps = [self._step(group) for group in _grouped(self._statements)]

    @property
    def is_script(self) -> bool:
        """Whether there is more than one statement."""
        return len(self._statements) > 1

    def prepare(self) -> None:
        """Nothing is fetched."""

    def close(self) -> None:
        """Nothing is held."""

    def describe(self, cursor: Cursor) -> None:
        """Fills in what a dry run tells: whether the query is valid, and its columns."""
        statistics: Resource = {"totalBytesProcessed": "0", "totalBytesBilled": "0", "cacheHit": False}
        self._job["statistics"]["query"] = statistics
        self._job["statistics"]["totalBytesProcessed"] = "0"
        if self.is_script:
            statistics["statementType"] = "SCRIPT"
            return
        statement = self._statements[0].copy()
        statistics["statementType"] = _type_of(statement)
        if isinstance(statement, exp.Query):
            statistics["schema"] = {"fields": self._selected(cursor, statement).fields}
        else:
            with translated_errors():
                self._run(cursor, statement, statistics)

    def _step(self, group: list[exp.Expression]) -> Callable[[Cursor], None]:
        def step(cursor: Cursor) -> None:
            for statement in group:
                if isinstance(statement, (exp.Transaction, exp.Commit)):
                    continue
                statistics: Resource = {"statementType": _type_of(statement)}
                with translated_errors():
                    self._run(cursor, statement.copy(), statistics)
                if isinstance(statement, exp.Rollback):
                    continue
                self._tell(cursor, statement, statistics)

        return step

    def _tell(self, cursor: Cursor, statement: exp.Expression, statistics: Resource) -> None:
        common = {"totalBytesProcessed": "0", "totalBytesBilled": "0", "cacheHit": False}
        self._job["statistics"]["totalBytesProcessed"] = "0"
        if not self.is_script:
            self._job["statistics"]["query"] = {**common, **statistics}
            return
        self._job["statistics"]["query"] = {**common, "statementType": "SCRIPT"}
        if "ddlTargetTable" not in statistics and isinstance(statement, exp.Query):
            self._job["statistics"]["query"]["schema"] = statistics["schema"]
        self._children = int(self._job["statistics"].get("numChildJobs", 0)) + 1
        self._job["statistics"]["numChildJobs"] = str(self._children)
        catalog.put_job(cursor, self._child(statement, {**common, **statistics}))

    def _child(self, statement: exp.Expression, statistics: Resource) -> Resource:
        parent = self._job["jobReference"]
        name = hashlib.sha256(f"{parent['projectId']}:{parent['jobId']}".encode()).hexdigest()[:32]
        reference = {**parent, "jobId": f"script_job_{name}_{self._children - 1}"}
        moment = str(catalog.now_ms())
        configuration: Resource = {
            "jobType": "QUERY",
            "query": {"query": statement.sql("bigquery"), "useLegacySql": False},
        }
        if "_destination" in self._job:
            configuration["query"]["destinationTable"] = self._job["_destination"]
        return {
            **{key: self._job[key] for key in ("kind", "user_email")},
            "jobReference": reference,
            "configuration": configuration,
            "status": {"state": "DONE"},
            "statistics": {
                "creationTime": moment, "startTime": moment, "endTime": moment,
                "parentJobId": parent["jobId"], "query": statistics,
                "scriptStatistics": {"evaluationKind": "STATEMENT"},
            },
            "_destination": self._job.get("_destination"),
        }  # fmt: skip

    def _run(self, cursor: Cursor, statement: exp.Expression, statistics: Resource) -> None:
        self._job.pop("_destination", None)
        if isinstance(statement, exp.Query):
            self._select(cursor, statement, statistics)
        elif isinstance(statement, _DML):
            run_dml(cursor, statement, self._context, statistics)
        elif isinstance(statement, _DDL):
            run_ddl(cursor, statement, self._context, statistics)
        else:
            raise not_emulated(f"the statement {statement.sql('bigquery').split()[0]}")

    def _selected(self, cursor: Cursor, statement: exp.Expression) -> Rows:
        dialect.name_columns(statement)
        dialect.prepare(cursor, statement, self._context)
        sql = dialect.duckdb_sql(statement)
        with translated_errors():
            return described(cursor, sql)

    def _select(self, cursor: Cursor, statement: exp.Expression, statistics: Resource) -> None:
        rows = self._selected(cursor, statement)
        statistics["schema"] = {"fields": rows.fields}
        if self._target is not None:
            if self.is_script:
                raise invalid_query("configuration.query.destinationTable cannot be set for scripts")
            write(cursor, rows, self._target, self._config, "WRITE_EMPTY")
            self._job["_destination"] = self._target.reference
            return
        target = self._anonymous(cursor)
        write(cursor, rows, target, {}, "WRITE_EMPTY")
        self._job["_destination"] = target.reference
        self._job["configuration"]["query"]["destinationTable"] = target.reference

    def _anonymous(self, cursor: Cursor) -> TableId:
        """A new table for the results, in a dataset that lists do not show."""
        dataset = DatasetId(self._project, "_" + hashlib.sha256(self._project.encode()).hexdigest()[:40])
        if catalog.find_dataset(cursor, dataset) is None:
            lifetime = {"defaultTableExpirationMs": str(RESULTS_MS), "location": "US"}
            catalog.create_dataset(cursor, dataset, lifetime)
        reference = self._job["jobReference"]
        number = self._job["statistics"].get("numChildJobs", "0")
        name = hashlib.sha256(f"{reference['jobId']}:{number}".encode()).hexdigest()
        return TableId(dataset, f"anon{name}")


def described(cursor: Cursor, sql: str) -> Rows:
    """A query with its columns."""
    columns = cursor.execute(f"DESCRIBE {sql}").fetchall()
    return Rows(sql, [field_of(name, duckdb.sqltype(kind)) for name, kind, *_ in columns])


class translated_errors:  # noqa: N801
    """Says DuckDB's errors as BigQuery's."""

    def __enter__(self) -> None:
        """Does nothing."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Raises another error in place of DuckDB's."""
        if isinstance(error, duckdb.InterruptException):
            raise BigQueryError(
                "stopped", "Job execution was cancelled: User requested cancellation"
            ) from None
        if isinstance(error, duckdb.Error):
            first = str(error).splitlines()[0]
            if "Function with name" in first:
                raise not_emulated(first.removeprefix("Catalog Error: ")) from None
            raise invalid_query(first) from None


def _grouped(statements: list[exp.Expression]) -> list[list[exp.Expression]]:
    """The statements that are committed together: those from BEGIN to COMMIT, and each other alone."""
    groups: list[list[exp.Expression]] = []
    held: list[exp.Expression] | None = None
    for statement in statements:
        if isinstance(statement, exp.Command) and statement.sql().strip().upper() == "BEGIN":
            statement = exp.Transaction()
        if isinstance(statement, exp.Transaction):
            if held is not None:
                raise invalid_query("Cannot begin a transaction within a transaction")
            held = [statement]
        elif isinstance(statement, (exp.Commit, exp.Rollback)):
            if held is None:
                raise invalid_query("There is no transaction to end")
            groups.append([*held, statement] if isinstance(statement, exp.Commit) else [])
            held = None
        elif held is not None:
            held.append(statement)
        else:
            groups.append([statement])
    if held is not None:
        raise not_emulated("a transaction that the script does not end")
    return [group for group in groups if group]


def _type_of(statement: exp.Expression) -> str:
    if isinstance(statement, exp.Query):
        return "SELECT"
    if isinstance(statement, exp.TruncateTable):
        return "TRUNCATE_TABLE"
    if isinstance(statement, (exp.Create, exp.Drop, exp.Alter)):
        verb = type(statement).__name__.upper()
        kind = str(statement.args.get("kind") or "TABLE").upper()
        selected = isinstance(statement, exp.Create) and statement.expression is not None and kind == "TABLE"
        return f"{verb}_{kind}{'_AS_SELECT' if selected else ''}"
    return type(statement).__name__.upper()

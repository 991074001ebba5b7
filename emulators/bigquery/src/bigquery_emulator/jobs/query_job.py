"""Query jobs: a statement, or a script of them."""

from __future__ import annotations

import contextlib
import hashlib
import re
import uuid
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from bigquery_emulator.errors import BigQueryError, invalid_query, not_emulated
from bigquery_emulator.jobs.parameters import parameters
from bigquery_emulator.jobs.script import changed_tables, grouped, type_of
from bigquery_emulator.jobs.variables import assign, check_places, declare, values
from bigquery_emulator.sql import dialect
from bigquery_emulator.sql.assertion import Assert, check
from bigquery_emulator.sql.ddl import run_ddl
from bigquery_emulator.sql.dialect import Context
from bigquery_emulator.sql.dml import run_dml
from bigquery_emulator.sql.execution import selected, translated_errors
from bigquery_emulator.sql.hidden_dataset import create_missing_hidden_dataset
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor, Database
from bigquery_emulator.tables.destination import write
from bigquery_emulator.tables.names import DatasetId, TableId

Resource = dict[str, Any]

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
            parameters(self._config),
        )
        self._statements = dialect.parse(str(self._config.get("query") or ""))
        check_places(self._statements)
        self._children = 0
        # The table that the last statement wrote: the service names it as the destination.
        self._written: Resource | None = None
        if self.is_script:
            self._context.script = hashlib.sha256(str(job["jobReference"].get("jobId")).encode()).hexdigest()[
                :32
            ]
        target = self._config.get("destinationTable")
        self._target = TableId.of(target, project) if target else None
        self._groups = grouped(self._statements)
        self._seen: dict[TableId, Any] = {}
        self.steps = [self._step(group) for group in self._groups]

    @property
    def is_script(self) -> bool:
        """Whether there is more than one statement."""
        return len(self._statements) > 1

    def prepare(self, database: Database) -> None:
        """Looks at what the transactions of a script will change, before it waits for its turn."""
        with database.read() as cursor:
            self._seen = {name: _state(cursor, name) for name in self._mutated(cursor)}

    def _mutated(self, cursor: Cursor) -> set[TableId]:
        found = set()
        for group in self._groups:
            for target in changed_tables(group) if isinstance(group[0], exp.Transaction) else []:
                with contextlib.suppress(BigQueryError):  # a temporary table that is not there yet
                    found.add(dialect.table_id(cursor, target, self._context))
        return found

    def _refuse_conflict(self, cursor: Cursor, group: list[exp.Expression]) -> None:
        """A transaction does not change rows of a table that another job changed meanwhile.

        https://cloud.google.com/bigquery/docs/transactions#transaction_concurrency
        """
        for target in changed_tables(group):
            name = dialect.table_id(cursor, target, self._context)
            if name in self._seen and self._seen[name] != _state(cursor, name):
                number = uuid.uuid4()
                raise invalid_query(
                    f"Transaction is aborted due to concurrent update against table {name}. "
                    f"Transaction ID: {number}"
                )

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
        statistics["statementType"] = type_of(statement)
        if isinstance(statement, exp.Query):
            statistics["schema"] = {"fields": selected(cursor, statement, self._context).fields}
        else:
            with translated_errors():
                self._run(cursor, statement, statistics)

    def _step(self, group: list[exp.Expression]) -> Callable[[Cursor], None]:
        def step(cursor: Cursor) -> None:
            if isinstance(group[0], exp.Transaction):
                self._refuse_conflict(cursor, group)
            for statement in group:
                if isinstance(statement, exp.Rollback):
                    cursor.execute("ROLLBACK")
                    cursor.execute("BEGIN")
                if isinstance(statement, (exp.Transaction, exp.Commit, exp.Rollback)):
                    continue
                statistics: Resource = {"statementType": type_of(statement)}
                with translated_errors():
                    self._run(cursor, statement.copy(), statistics)
                self._tell(cursor, statement, statistics)
            self._seen = {name: _state(cursor, name) for name in self._seen}

        return step

    def _tell(self, cursor: Cursor, statement: exp.Expression, statistics: Resource) -> None:
        common = {"totalBytesProcessed": "0", "totalBytesBilled": "0", "cacheHit": False}
        self._job["statistics"]["totalBytesProcessed"] = "0"
        if not self.is_script:
            self._job["statistics"]["query"] = {**common, **statistics}
            if self._written is not None:
                self._job["configuration"]["query"]["destinationTable"] = self._written
            return
        self._job["statistics"]["query"] = {**common, "statementType": "SCRIPT"}
        if isinstance(statement, (exp.Declare, exp.Set)):
            return
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
        if target := self._written or self._job.get("_destination"):
            configuration["query"]["destinationTable"] = target
        return {
            **{key: self._job[key] for key in ("kind", "user_email")},
            "jobReference": reference,
            "configuration": configuration,
            "status": {"state": "DONE"},
            "statistics": {
                "creationTime": moment, "startTime": moment, "endTime": moment,
                "parentJobId": parent["jobId"], "query": statistics,
                "scriptStatistics": {"evaluationKind": "STATEMENT", "stackFrames": [statement.meta["frame"]]},
            },
            "_destination": self._job.get("_destination"),
        }  # fmt: skip

    def _run(self, cursor: Cursor, statement: exp.Expression, statistics: Resource) -> None:
        self._job.pop("_destination", None)
        self._written = None
        variables = self._job.setdefault("_variables", {})
        self._context.variables = values(variables)
        if isinstance(statement, exp.Declare):
            declare(cursor, statement, self._context, variables)
        elif isinstance(statement, exp.Set):
            assign(cursor, statement, self._context, variables)
        elif isinstance(statement, Assert):
            dialect.prepare(cursor, statement, self._context)
            check(cursor, dialect.duckdb_sql(statement.this), statement.text("description"))
        elif isinstance(statement, exp.Query):
            self._select(cursor, statement, statistics)
        elif isinstance(statement, _DML):
            self._written = run_dml(cursor, statement, self._context, statistics).reference
        elif isinstance(statement, _DDL):
            run_ddl(cursor, statement, self._context, statistics)
            if statistics["statementType"] == "CREATE_TABLE_AS_SELECT":
                self._written = statistics["ddlTargetTable"]
        else:
            words = re.findall(r"\w+", statement.sql("bigquery"))
            raise not_emulated(f"the statement {' '.join(words[:1]).upper()}")

    def _select(self, cursor: Cursor, statement: exp.Expression, statistics: Resource) -> None:
        rows = selected(cursor, statement, self._context)
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
        dataset = create_missing_hidden_dataset(cursor, self._project)
        reference = self._job["jobReference"]
        number = self._job["statistics"].get("numChildJobs", "0")
        name = hashlib.sha256(f"{reference['jobId']}:{number}".encode()).hexdigest()
        return TableId(dataset, f"anon{name}")


def _state(cursor: Cursor, name: TableId) -> Any:
    table = catalog.find_table(cursor, name)
    return None if table is None else (table["creationTime"], table.get("mutations", 0))

"""Copy jobs: tables into a table."""

from __future__ import annotations

from typing import Any

from bigquery_emulator.errors import invalid
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor, Database
from bigquery_emulator.tables.destination import Rows, write
from bigquery_emulator.tables.names import TableId
from bigquery_emulator.tables.partitioning import checked_layout, partition_condition

Resource = dict[str, Any]


class CopyJob:
    """One copy job."""

    def __init__(self, project: str, job: Resource) -> None:
        self._job = job
        self._config: Resource = job["configuration"]["copy"]
        sources = self._config.get("sourceTables") or [self._config.get("sourceTable") or {}]
        self._sources = [TableId.of(each, project) for each in sources]
        self._target = TableId.of(self._config.get("destinationTable") or {}, project)
        self.steps = [self._copy]

    def prepare(self, database: Database) -> None:
        """Nothing is fetched."""

    def close(self) -> None:
        """Nothing is held."""

    def _copy(self, cursor: Cursor) -> None:
        tables = [catalog.get_stored_table(cursor, each) for each in self._sources]
        fields = tables[0]["schema"]["fields"]
        shape = [(field["name"].lower(), field["type"]) for field in fields]
        parts = []
        for name, table in zip(self._sources, tables, strict=True):
            if [(field["name"].lower(), field["type"]) for field in table["schema"]["fields"]] != shape:
                raise invalid("The source tables of a copy must have one schema.")
            where = f" WHERE {partition_condition(table, name.partition)}" if name.partition else ""
            parts.append(f"SELECT * FROM {name.sql}{where}")
        layout = checked_layout(tables[0], fields)
        cursor.execute(f"CREATE TEMP TABLE _copied AS {' UNION ALL '.join(parts)}")
        rows = Rows("SELECT * FROM _copied", fields)
        count = write(cursor, rows, self._target, {**layout, **self._config}, "WRITE_EMPTY")
        cursor.execute("DROP TABLE _copied")
        self._job["statistics"]["copy"] = {"copiedRows": str(count)}

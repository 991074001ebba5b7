"""How tables and datasets are named in REST, in messages, and in DuckDB."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bigquery_emulator.errors import invalid

_DATASET = re.compile(r"\w{1,1024}", re.ASCII)
# https://cloud.google.com/bigquery/docs/tables#table_naming
_TABLE = re.compile(r"[\w \-]{1,1024}")


def quote(name: str) -> str:
    """A name in DuckDB's SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class DatasetId:
    """A dataset; any project will do."""

    project: str
    dataset: str

    def __str__(self) -> str:
        return f"{self.project}:{self.dataset}"

    @property
    def schema(self) -> str:
        """The name of its schema in DuckDB."""
        return f"{self.project}.{self.dataset}"

    @property
    def reference(self) -> dict[str, str]:
        """As REST names it."""
        return {"projectId": self.project, "datasetId": self.dataset}

    @classmethod
    def of(cls, reference: dict[str, Any], project: str) -> DatasetId:
        """From a DatasetReference; `project` is meant where it names none."""
        dataset = str(reference.get("datasetId") or "")
        if not _DATASET.fullmatch(dataset):
            raise invalid(
                f'Invalid dataset ID "{dataset}". Dataset IDs must be alphanumeric (plus underscores) '
                "and must be at most 1024 characters long."
            )
        return cls(str(reference.get("projectId") or project), dataset)


@dataclass(frozen=True)
class TableId:
    """A table, or with `partition` one partition of it, such as `20260131`."""

    dataset: DatasetId
    table: str
    partition: str | None = None

    def __str__(self) -> str:
        return f"{self.dataset}.{self.table}"

    @property
    def sql(self) -> str:
        """Its name in DuckDB's SQL, without the partition."""
        return f"{quote(self.dataset.schema)}.{quote(self.table)}"

    @property
    def reference(self) -> dict[str, str]:
        """As REST names it, without the partition."""
        return {**self.dataset.reference, "tableId": self.table}

    @classmethod
    def of(cls, reference: dict[str, Any], project: str) -> TableId:
        """From a TableReference; `project` is meant where it names none."""
        name, decorated, partition = str(reference.get("tableId") or "").partition("$")
        if not _TABLE.fullmatch(name):
            raise invalid(f'Invalid table ID "{name}".')
        return cls(DatasetId.of(reference, project), name, partition if decorated else None)

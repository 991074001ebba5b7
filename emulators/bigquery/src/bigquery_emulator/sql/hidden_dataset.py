"""The dataset that lists do not show: results of queries, and temporary tables of scripts."""

from __future__ import annotations

import hashlib

from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Cursor
from bigquery_emulator.tables.names import DatasetId

# https://cloud.google.com/bigquery/docs/cached-results: results are kept for about a day.
_LIFETIME_MS = 24 * 3600 * 1000


def hidden_dataset(project: str) -> DatasetId:
    """The hidden dataset of a project."""
    return DatasetId(project, "_" + hashlib.sha256(project.encode()).hexdigest()[:40])


def create_missing_hidden_dataset(cursor: Cursor, project: str) -> DatasetId:
    """The hidden dataset of a project, whose tables expire after a day."""
    name = hidden_dataset(project)
    if catalog.find_dataset(cursor, name) is None:
        lifetime = {"defaultTableExpirationMs": str(_LIFETIME_MS), "location": "US"}
        catalog.create_dataset(cursor, name, lifetime)
    return name

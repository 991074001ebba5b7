"""The resource `datasets`."""

from __future__ import annotations

from typing import Any

from bigquery_emulator.errors import invalid, not_emulated
from bigquery_emulator.http.call import Answer, Call
from bigquery_emulator.http.etags import check_match
from bigquery_emulator.http.paging import page_of
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.catalog import Resource
from bigquery_emulator.tables.database import Database
from bigquery_emulator.tables.names import DatasetId
from bigquery_emulator.tables.patch import merged

_WRITABLE = (
    "friendlyName", "description", "labels", "defaultTableExpirationMs", "defaultPartitionExpirationMs",
    "access", "location", "isCaseInsensitive", "maxTimeTravelHours", "storageBillingModel", "resourceTags",
)  # fmt: skip
_IGNORED = (
    "kind",
    "id",
    "etag",
    "selfLink",
    "datasetReference",
    "creationTime",
    "lastModifiedTime",
    "type",
    "satisfiesPzs",
)


class DatasetRoutes:
    """Answers the calls about datasets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, call: Call, project: str) -> Answer:
        """datasets.list, which honours `filter`."""
        wanted = _filter_of(call.query.get("filter", ""))
        with self._database.read() as cursor:
            found = catalog.list_datasets(cursor, project)
        hidden = call.query.get("all") == "true"
        shown = [
            _listed(name, resource)
            for name, resource in found
            if (hidden or not name.dataset.startswith("_")) and _matches(resource.get("labels") or {}, wanted)
        ]
        page, token = page_of(shown, call.query)
        answer: dict[str, Any] = {"kind": "bigquery#datasetList", "datasets": page}
        if token:
            answer["nextPageToken"] = token
        return Answer.of_json(answer)

    def insert(self, call: Call, project: str) -> Answer:
        """datasets.insert."""
        document = call.document()
        name = DatasetId.of(document.get("datasetReference") or {}, project)
        resource = {"location": "US", **_writable(document)}
        with self._database.write() as cursor:
            catalog.create_dataset(cursor, name, resource)
            found = catalog.get_dataset(cursor, name)
        return Answer.of_json(_document(name, found))

    def get(self, call: Call, project: str, dataset: str) -> Answer:
        """datasets.get."""
        name = DatasetId(project, dataset)
        with self._database.read() as cursor:
            return Answer.of_json(_document(name, catalog.get_dataset(cursor, name)))

    def patch(self, call: Call, project: str, dataset: str) -> Answer:
        """datasets.patch: what is not given stays."""
        return self._changed(call, DatasetId(project, dataset), whole=False)

    def update(self, call: Call, project: str, dataset: str) -> Answer:
        """datasets.update: what is not given is removed."""
        return self._changed(call, DatasetId(project, dataset), whole=True)

    def delete(self, call: Call, project: str, dataset: str) -> Answer:
        """datasets.delete."""
        contents = call.query.get("deleteContents", "").lower() == "true"
        with self._database.write() as cursor:
            catalog.delete_dataset(cursor, DatasetId(project, dataset), contents=contents)
        return Answer(204)

    def _changed(self, call: Call, name: DatasetId, *, whole: bool) -> Answer:
        given = _writable(call.document(), nulls=not whole)
        with self._database.write() as cursor:
            found = catalog.get_dataset(cursor, name)
            check_match(call, found)
            if given.get("location") not in (None, found["location"]):
                raise invalid("The location of a dataset cannot be changed.")
            kept = {
                key: found[key] for key in found if not whole or key not in _WRITABLE or key == "location"
            }
            catalog.put_dataset(cursor, name, merged(kept, given))
            return Answer.of_json(_document(name, catalog.get_dataset(cursor, name)))


def _writable(document: Resource, *, nulls: bool = False) -> Resource:
    for key, value in document.items():
        if key not in _WRITABLE and key not in _IGNORED and value not in (None, False, {}, []):
            raise not_emulated(f"`{key}` of a dataset")
    return {
        key: document[key] for key in _WRITABLE if key in document and (nulls or document[key] is not None)
    }


def _document(name: DatasetId, resource: Resource) -> Resource:
    return {
        "kind": "bigquery#dataset",
        "id": str(name),
        "etag": catalog.etag_of(resource),
        "datasetReference": name.reference,
        "type": "DEFAULT",
        **resource,
    }


def _listed(name: DatasetId, resource: Resource) -> Resource:
    document = _document(name, resource)
    shown = ("kind", "id", "datasetReference", "labels", "friendlyName", "location", "type")
    return {key: document[key] for key in shown if key in document}


def _filter_of(text: str) -> list[tuple[str, str | None]]:
    """`labels.key:value labels.key`: https://cloud.google.com/bigquery/docs/filtering-labels."""
    found = []
    for part in text.split():
        if part == "AND":
            continue
        if not part.startswith("labels."):
            raise invalid(f"Invalid filter: {part}")
        key, separator, value = part.removeprefix("labels.").partition(":")
        found.append((key, value if separator and value != "*" else None))
    return found


def _matches(labels: dict[str, str], wanted: list[tuple[str, str | None]]) -> bool:
    return all(key in labels and value in (None, labels[key]) for key, value in wanted)

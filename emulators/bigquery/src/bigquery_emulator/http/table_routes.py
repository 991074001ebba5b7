"""The resources `tables` and `tabledata`."""

from __future__ import annotations

from typing import Any

from bigquery_emulator.errors import invalid, not_emulated
from bigquery_emulator.http.call import Answer, Call
from bigquery_emulator.http.etags import check_match
from bigquery_emulator.http.paging import number, page_of, page_start, page_token
from bigquery_emulator.jobs.text_source import registered
from bigquery_emulator.sql.views import fields_of
from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.catalog import Resource
from bigquery_emulator.tables.cells import read_page, timestamp_format
from bigquery_emulator.tables.database import Cursor, Database
from bigquery_emulator.tables.destination import insert
from bigquery_emulator.tables.fields import Field, checked
from bigquery_emulator.tables.logical_bytes import logical_bytes
from bigquery_emulator.tables.names import DatasetId, TableId
from bigquery_emulator.tables.partitioning import checked_layout, partition_condition
from bigquery_emulator.tables.patch import merged
from bigquery_emulator.tables.schema_change import change_layout, change_schema
from bigquery_emulator.tables.values import BadValue, row_of

_WRITABLE = (
    "friendlyName",
    "description",
    "labels",
    "expirationTime",
    "requirePartitionFilter",
    "resourceTags",
)
_LAYOUT = ("timePartitioning", "rangePartitioning", "clustering")
_IGNORED = (
    "kind", "id", "etag", "selfLink", "tableReference", "creationTime", "lastModifiedTime", "type",
    "numRows", "numBytes", "numLongTermBytes", "numTotalLogicalBytes", "location", "schema", "view", *_LAYOUT,
)  # fmt: skip
_PAGE = 10_000
# A page is cut by bytes, too, behind one row at least.
_PAGE_BYTES = 10 << 20


class TableRoutes:
    """Answers tables.* and tabledata.list."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, call: Call, project: str, dataset: str) -> Answer:
        """tables.list."""
        name = DatasetId(project, dataset)
        with self._database.read() as cursor:
            catalog.get_dataset(cursor, name)
            found = catalog.list_tables(cursor, name)
        shown = [_listed(table, resource) for table, resource in found if not catalog.has_expired(resource)]
        page, token = page_of(shown, call.query)
        answer: dict[str, Any] = {"kind": "bigquery#tableList", "tables": page, "totalItems": len(shown)}
        if token:
            answer["nextPageToken"] = token
        return Answer.of_json(answer)

    def insert(self, call: Call, project: str, dataset: str) -> Answer:
        """tables.insert."""
        document = call.document()
        reference = {**(document.get("tableReference") or {}), "datasetId": dataset}
        name = TableId.of(reference, project)
        fields = checked((document.get("schema") or {}).get("fields") or [])
        resource = {**_writable(document), **checked_layout(document, fields)}
        view = document.get("view")
        with self._database.write() as cursor:
            if view is not None:
                resource["view"] = view
                fields = fields_of(cursor, view, name)
            catalog.create_table(cursor, name, {**resource, "schema": {"fields": fields}})
            return Answer.of_json(document_of(cursor, name))

    def get(self, call: Call, project: str, dataset: str, table: str) -> Answer:
        """tables.get."""
        name = _name(project, dataset, table)
        with self._database.read() as cursor:
            if name.partition is not None:
                partition_condition(catalog.get_table(cursor, name), name.partition)
            return Answer.of_json(document_of(cursor, name))

    def patch(self, call: Call, project: str, dataset: str, table: str) -> Answer:
        """tables.patch: what is not given stays."""
        return self._changed(call, _name(project, dataset, table), whole=False)

    def update(self, call: Call, project: str, dataset: str, table: str) -> Answer:
        """tables.update: what is not given is removed."""
        return self._changed(call, _name(project, dataset, table), whole=True)

    def delete(self, call: Call, project: str, dataset: str, table: str) -> Answer:
        """tables.delete."""
        name = _name(project, dataset, table)
        with self._database.write() as cursor:
            found = catalog.get_table(cursor, name)
            check_match(call, found)
            if name.partition is not None:
                cursor.execute(f"DELETE FROM {name.sql} WHERE {partition_condition(found, name.partition)}")
                catalog.put_table(cursor, name, found)
            else:
                catalog.delete_table(cursor, name)
        return Answer(204)

    def data(self, call: Call, project: str, dataset: str, table: str) -> Answer:
        """tabledata.list."""
        query = call.query
        name = _name(project, dataset, table)
        timestamps = timestamp_format(format_options(query))
        start = page_start(query)
        length = min(number(query, "maxResults", _PAGE), _PAGE * 10)
        with self._database.read() as cursor:
            found = catalog.get_stored_table(cursor, name)
            where = f" WHERE {partition_condition(found, name.partition)}" if name.partition else ""
            source = f"(SELECT *, rowid FROM {name.sql}{where})" if where else name.sql
            total = _count(cursor, source)
            fields = _selected(found["schema"]["fields"], query.get("selectedFields"))
            rows = _in_bytes(read_page(cursor, source, fields, start, length, timestamps))
            answer: dict[str, Any] = {
                "kind": "bigquery#tableDataList", "etag": catalog.etag_of(found),
                "totalRows": str(total), "rows": rows,
            }  # fmt: skip
        if rows and start + len(rows) < total:
            answer["pageToken"] = page_token(start + len(rows))
        return Answer.of_json(answer)

    def insert_all(self, call: Call, project: str, dataset: str, table: str) -> Answer:
        """tabledata.insertAll: all rows, or with bad ones none (unless `skipInvalidRows`)."""
        document = call.document()
        name = _name(project, dataset, table)
        given = document.get("rows") or []
        if document.get("templateSuffix"):
            raise not_emulated("`templateSuffix`")
        with self._database.write() as cursor:
            found = catalog.get_stored_table(cursor, name)
            fields = found["schema"]["fields"]
            rows, errors = [], []
            for index, each in enumerate(given):
                try:
                    ignore = bool(document.get("ignoreUnknownValues"))
                    rows.append(row_of(each.get("json") or {}, fields, ignore_unknown=ignore))
                except BadValue as error:
                    problem = {"reason": "invalid", "message": str(error), "location": "", "debugInfo": ""}
                    errors.append({"index": index, "errors": [problem]})
            if rows and (not errors or document.get("skipInvalidRows")):
                insert(cursor, registered(cursor, rows, fields), name, found)
                catalog.put_table(cursor, name, found)
        answer: dict[str, Any] = {"kind": "bigquery#tableDataInsertAllResponse"}
        if errors:
            if not document.get("skipInvalidRows"):
                bad = {error["index"] for error in errors}
                stopped = [{"reason": "stopped", "message": "", "location": "", "debugInfo": ""}]
                errors += [
                    {"index": index, "errors": stopped} for index in range(len(given)) if index not in bad
                ]
            answer["insertErrors"] = errors
        return Answer.of_json(answer)

    def _changed(self, call: Call, name: TableId, *, whole: bool) -> Answer:
        document = call.document()
        given = _writable(document, nulls=not whole)
        with self._database.write() as cursor:
            found = catalog.get_table(cursor, name)
            check_match(call, found)
            if document.get("view") is not None:
                catalog.check_view(found, name)
                given["view"] = document["view"]
                fields = fields_of(cursor, document["view"], name)
                given["schema"] = {"fields": fields}
            # `bq update` sends null where nothing is said of it.
            elif document.get("schema") is not None:
                fields = checked(document["schema"].get("fields") or [])
                change_schema(cursor, name, found["schema"]["fields"], fields)
                given["schema"] = {"fields": fields}
            else:
                fields = found["schema"]["fields"]
            change_layout(found, document, fields, given)
            kept = {key: found[key] for key in found if not whole or key not in _WRITABLE}
            catalog.put_table(cursor, name, merged(kept, given))
            return Answer.of_json(document_of(cursor, name))


def document_of(cursor: Cursor, name: TableId) -> Resource:
    """A table as tables.get answers with it.

    Raises:
        BigQueryError: There is none.
    """
    found = catalog.get_table(cursor, name)
    location = catalog.get_dataset(cursor, name.dataset).get("location", "US")
    is_view = "view" in found
    rows = 0 if is_view else _count(cursor, name.sql)
    size = 0 if is_view else logical_bytes(cursor, name.sql, found["schema"]["fields"])
    return {
        "kind": "bigquery#table",
        "id": str(name),
        "etag": catalog.etag_of(found),
        "tableReference": name.reference,
        "type": "VIEW" if is_view else "TABLE",
        "location": location,
        "numRows": str(rows),
        "numBytes": str(size),
        "numLongTermBytes": "0",
        **{key: value for key, value in found.items() if key not in catalog.INTERNAL},
    }


def format_options(query: dict[str, str]) -> dict[str, str]:
    """DataFormatOptions of a query string."""
    prefix = "formatOptions."
    return {key.removeprefix(prefix): value for key, value in query.items() if key.startswith(prefix)}


def _name(project: str, dataset: str, table: str) -> TableId:
    return TableId.of({"datasetId": dataset, "tableId": table}, project)


def _in_bytes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    size = 0
    for place, row in enumerate(rows):
        size += sum(len(str(cell["v"])) for cell in row["f"])
        if size > _PAGE_BYTES and place > 0:
            return rows[:place]
    return rows


def _count(cursor: Cursor, source: str) -> int:
    row = cursor.execute(f"SELECT count(*) FROM {source}").fetchone()
    assert row is not None
    return int(row[0])


def _writable(document: Resource, *, nulls: bool = False) -> Resource:
    for key, value in document.items():
        if key not in _WRITABLE and key not in _IGNORED and value not in (None, False, {}, []):
            raise not_emulated(f"`{key}` of a table")
    return {
        key: document[key] for key in _WRITABLE if key in document and (nulls or document[key] is not None)
    }


def _selected(fields: list[Field], names: str | None) -> list[Field]:
    if not names:
        return fields
    wanted = [name.lower() for name in names.split(",")]
    found = [field for field in fields if field["name"].lower() in wanted]
    if len(found) < len(wanted):
        raise invalid(f"Invalid value for selectedFields: {names}")
    return found


def _listed(name: TableId, resource: Resource) -> Resource:
    shown = ("labels", "friendlyName", "creationTime", "expirationTime", *_LAYOUT)
    return {
        "kind": "bigquery#table", "id": str(name), "tableReference": name.reference,
        "type": "VIEW" if "view" in resource else "TABLE",
        **({"view": {"useLegacySql": False}} if "view" in resource else {}),
        **{key: resource[key] for key in shown if key in resource},
    }  # fmt: skip

"""The discovery document of what is served here: `bq --api` and googleapiclient build their methods from it.

Its form: https://developers.google.com/discovery/v1/reference/apis; names and parameters of the methods:
https://cloud.google.com/bigquery/docs/reference/rest.
"""

from __future__ import annotations

import re
from typing import Any

_PATHS = {
    "datasets": "projects/{+projectId}/datasets",
    "tables": "projects/{+projectId}/datasets/{+datasetId}/tables",
    "jobs": "projects/{+projectId}/jobs",
    "queries": "projects/{+projectId}/queries",
}
_ONE_DATASET = _PATHS["datasets"] + "/{+datasetId}"
_ONE_TABLE = _PATHS["tables"] + "/{+tableId}"
_ONE_JOB = _PATHS["jobs"] + "/{+jobId}"
_PAGES = "maxResults:integer pageToken startIndex"
_FORMAT = "formatOptions.useInt64Timestamp:boolean formatOptions.timestampOutputFormat"
_CHANGE = "accessPolicyVersion:integer updateMode"

# By resource and method: HTTP method, path, query parameters, what is sent, what comes back.
_METHODS: dict[str, dict[str, tuple[str, str, str, str | None, str | None]]] = {
    "datasets": {
        "list": ("GET", _PATHS["datasets"], f"all:boolean filter {_PAGES}", None, "DatasetList"),
        "insert": ("POST", _PATHS["datasets"], "accessPolicyVersion:integer", "Dataset", "Dataset"),
        "get": ("GET", _ONE_DATASET, "accessPolicyVersion:integer datasetView", None, "Dataset"),
        "update": ("PUT", _ONE_DATASET, _CHANGE, "Dataset", "Dataset"),
        "patch": ("PATCH", _ONE_DATASET, _CHANGE, "Dataset", "Dataset"),
        "delete": ("DELETE", _ONE_DATASET, "deleteContents:boolean", None, None),
    },
    "tables": {
        "list": ("GET", _PATHS["tables"], _PAGES, None, "TableList"),
        "insert": ("POST", _PATHS["tables"], "", "Table", "Table"),
        "get": ("GET", _ONE_TABLE, "selectedFields view", None, "Table"),
        "update": ("PUT", _ONE_TABLE, "autodetect_schema:boolean", "Table", "Table"),
        "patch": ("PATCH", _ONE_TABLE, "autodetect_schema:boolean", "Table", "Table"),
        "delete": ("DELETE", _ONE_TABLE, "", None, None),
    },
    "tabledata": {
        "list": ("GET", _ONE_TABLE + "/data", f"{_PAGES} selectedFields {_FORMAT}", None, "TableDataList"),
        "insertAll": (
            "POST", _ONE_TABLE + "/insertAll", "", "TableDataInsertAllRequest", "TableDataInsertAllResponse",
        ),
    },
    "jobs": {
        "list": (
            "GET",
            _PATHS["jobs"],
            f"allUsers:boolean {_PAGES} maxCreationTime minCreationTime parentJobId projection stateFilter*",
            None,
            "JobList",
        ),
        "insert": ("POST", _PATHS["jobs"], "", "Job", "Job"),
        "get": ("GET", _ONE_JOB, "location", None, "Job"),
        "cancel": ("POST", _ONE_JOB + "/cancel", "location", None, "JobCancelResponse"),
        "query": ("POST", _PATHS["queries"], "", "QueryRequest", "QueryResponse"),
        "getQueryResults": (
            "GET",
            _PATHS["queries"] + "/{+jobId}",
            f"location {_PAGES} timeoutMs:integer {_FORMAT}",
            None,
            "GetQueryResultsResponse",
        ),
    },
}  # fmt: skip


def document(root_url: str) -> dict[str, Any]:
    """The document, for clients that reach this server at `root_url`."""
    schemas = {
        name
        for methods in _METHODS.values()
        for _, _, _, *sent_and_received in methods.values()
        for name in sent_and_received
        if name is not None
    }
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": "bigquery:v2",
        "name": "bigquery",
        "version": "v2",
        "protocol": "rest",
        "rootUrl": f"{root_url}/",
        "servicePath": "bigquery/v2/",
        "baseUrl": f"{root_url}/bigquery/v2/",
        "basePath": "/bigquery/v2/",
        "batchPath": "batch/bigquery/v2",
        "parameters": {
            name: _parameter("", "query") for name in ("alt", "fields", "key", "prettyPrint", "quotaUser")
        },
        "schemas": {name: {"id": name, "type": "object"} for name in sorted(schemas)},
        "resources": {
            resource: {"methods": {name: _method(resource, name) for name in methods}}
            for resource, methods in _METHODS.items()
        },
    }


def _method(resource: str, name: str) -> dict[str, Any]:
    http_method, path, query, sent, received = _METHODS[resource][name]
    in_path = re.findall(r"\{\+(\w+)\}", path)
    method: dict[str, Any] = {
        "id": f"bigquery.{resource}.{name}",
        "httpMethod": http_method,
        "path": path,
        "parameterOrder": in_path,
        "parameters": {
            **{parameter: {**_parameter("", "path"), "required": True} for parameter in in_path},
            **dict(_named(text) for text in query.split()),
        },
    }
    if sent is not None:
        method["request"] = {"$ref": sent}
    if received is not None:
        method["response"] = {"$ref": received}
    if (resource, name) == ("jobs", "insert"):
        method["supportsMediaUpload"] = True
        method["mediaUpload"] = {
            "accept": ["*/*"],
            "protocols": {
                "simple": {"multipart": True, "path": f"/upload/bigquery/v2/{path}"},
                "resumable": {"multipart": True, "path": f"/resumable/upload/bigquery/v2/{path}"},
            },
        }
    return method


def _named(text: str) -> tuple[str, dict[str, Any]]:
    """`name`, `name:type` or `name*`, which may stand more than once."""
    name, _, kind = text.partition(":")
    parameter = _parameter(kind, "query")
    if name.endswith("*"):
        parameter["repeated"] = True
    return name.removesuffix("*"), parameter


def _parameter(kind: str, location: str) -> dict[str, Any]:
    return {"type": kind or "string", "location": location}

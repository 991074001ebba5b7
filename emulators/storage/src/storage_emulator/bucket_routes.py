"""Buckets: what is kept of them, and what is refused by name because nothing here would obey it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gcp_storage_emulator.exceptions import BadRequest, Conflict, NotFound
from gcp_storage_emulator.handlers import buckets
from gcp_storage_emulator.storage import Storage

_KEPT = ("location", "storageClass", "labels", "iamConfiguration", "acl", "defaultObjectAcl")
# What the service says of a bucket, and ignores where a client sends it.
_OUTPUT = (
    "kind", "id", "name", "selfLink", "projectNumber", "timeCreated", "updated", "metageneration", "etag",
    "locationType",
)  # fmt: skip


class NotEmulatedError(Exception):
    """Raised for what the service does and this emulator does not."""


def insert(request: Any, response: Any, storage: Storage) -> None:
    """`buckets.insert`."""
    resource = _resource(request)
    name = resource.get("name")
    if not isinstance(name, str) or not name:
        raise BadRequest("Required parameter: name")
    # Only made here, and kept below, in one step, with all that was asked for.
    draft = SimpleNamespace(
        get_bucket=storage.get_bucket,
        create_bucket=lambda *_: None,
        project_number=storage.project_number,
    )
    made = buckets.create_bucket(name, draft)
    if not made:
        raise Conflict("You already own this bucket. Please select another name.")
    response.json(storage.create_bucket(name, _changed(made, resource)))


def patch(request: Any, response: Any, storage: Storage) -> None:
    """`buckets.patch`: null removes, also one label."""
    resource = _resource(request)
    found = _found(request, storage)
    version = str(int(found["metageneration"]) + 1)
    changed = {**_changed(found, resource), "metageneration": version}
    response.json(storage.create_bucket(found["name"], changed))


def layout(request: Any, response: Any, storage: Storage) -> None:
    """`buckets.getStorageLayout`: gcloud asks whether there are real folders."""
    found = _found(request, storage)
    response.json(
        {
            "kind": "storage#storageLayout",
            "bucket": found["name"],
            "location": found["location"],
            "locationType": found["locationType"],
            "hierarchicalNamespace": {"enabled": False},
        }
    )


def managed_folders(request: Any, response: Any, storage: Storage) -> None:
    """`managedFolders.list`: gcloud looks for them before it removes a bucket; here are none."""
    _found(request, storage)
    response.json({"kind": "storage#managedFolders", "items": []})


def _found(request: Any, storage: Storage) -> dict[str, Any]:
    name = request.params["bucket_name"]
    if name not in storage.buckets:
        raise NotFound(f"The specified bucket does not exist: {name}")
    found: dict[str, Any] = storage.buckets[name]
    return found


def _resource(request: Any) -> dict[str, Any]:
    resource = request.data if request.data is not None else {}
    if not isinstance(resource, dict):
        raise BadRequest("a bucket must be a JSON object")
    for key, value in resource.items():
        if key not in _KEPT and key not in _OUTPUT and not _is_off(value):
            raise NotEmulatedError(f"`{key}` of a bucket is not emulated")
    return resource


def _is_off(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_off(each) for each in value.values())
    return value in (None, False, "", [], 0, "0")


def _changed(bucket: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    changed = dict(bucket)
    for key in _KEPT:
        if key not in resource:
            continue
        value = resource[key]
        if key == "labels" and isinstance(value, dict):
            labels = {**changed.get(key, {}), **value}
            value = {name: text for name, text in labels.items() if text is not None}
        if key == "location" and isinstance(value, str):
            value = value.upper()
            changed["locationType"] = "region" if "-" in value else "multi-region"
        if value is None:
            changed.pop(key, None)
        else:
            changed[key] = value
    return changed

"""What a patch makes of a resource."""

from __future__ import annotations

from bigquery_emulator.tables.catalog import Resource


def merged(resource: Resource, given: Resource) -> Resource:
    """A resource with what a patch gives; null removes, labels are merged."""
    found = {**resource}
    for key, value in given.items():
        if value is None:
            found.pop(key, None)
        elif key == "labels":
            labels = {**(found.get("labels") or {}), **value}
            found["labels"] = {name: text for name, text in labels.items() if text is not None}
        else:
            found[key] = value
    return found

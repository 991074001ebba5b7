"""objects.list with pages: https://cloud.google.com/storage/docs/json_api/v1/objects/list."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from storage_emulator.durable_storage import DurableStorage

PAGE = 1000


def list_objects(storage: DurableStorage, bucket: str, query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """One page of a bucket's objects and, with a delimiter, prefixes, in the order of their names.

    Raises:
        NotFound: There is no such bucket.
        BadRequest: A parameter is wrong.
    """

    def given(name: str) -> str | None:
        return query[name][0] if name in query else None

    objects, prefixes = storage.get_file_list(bucket, given("prefix"), given("delimiter"), given("matchGlob"))
    entries: dict[str, Any] = {resource["name"]: resource for resource in objects}
    entries.update(dict.fromkeys(prefixes))
    token, start, end = given("pageToken"), given("startOffset"), given("endOffset")
    after = base64.urlsafe_b64decode(token).decode() if token else ""
    names = [
        name for name in sorted(entries)
        if name > after and (start is None or name >= start) and (end is None or name < end)
    ]  # fmt: skip
    size = max(1, min(int(given("maxResults") or PAGE), PAGE))
    page = names[:size]
    listing: dict[str, Any] = {"kind": "storage#objects"}
    listing["items"] = [entries[name] for name in page if entries[name] is not None]
    listing["prefixes"] = [name for name in page if entries[name] is None]
    if len(names) > size:
        listing["nextPageToken"] = base64.urlsafe_b64encode(page[-1].encode()).decode()
    return listing

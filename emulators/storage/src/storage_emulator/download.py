"""An object's bytes, whole or one range of them."""

from __future__ import annotations

import re

from storage_emulator.call import Answer, Call, FileSlice
from storage_emulator.durable_storage import DurableStorage

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def download(storage: DurableStorage, bucket: str, name: str, call: Call) -> Answer:
    """Answers objects.get with `alt=media`.

    Raises:
        NotFound: There is no such object.
    """
    resource = storage.get_file_obj(bucket, name)
    path = storage.content_path(bucket, name)
    size = int(resource["size"])
    headers = {
        "Content-Type": resource.get("contentType") or "application/octet-stream",
        "X-Goog-Generation": str(resource["generation"]),
        "X-Goog-Metageneration": str(resource["metageneration"]),
        "X-Goog-Stored-Content-Length": str(size),
        "X-Goog-Stored-Content-Encoding": resource.get("contentEncoding") or "identity",
        "ETag": str(resource["etag"]),
        # Of the whole object, also where a range of it is sent.
        "X-Goog-Hash": f"crc32c={resource['crc32c']},md5={resource['md5Hash']}",
    }
    if resource.get("contentEncoding"):
        headers["Content-Encoding"] = resource["contentEncoding"]
    found = _RANGE.fullmatch(call.headers.get("Range", "").strip())
    if found is None or found.groups() == ("", ""):
        return Answer(200, headers, FileSlice(path, 0, size))
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size or end <= start:
        refusal = Answer.of_error(416, "The requested range cannot be satisfied.")
        refusal.headers["Content-Range"] = f"bytes */{size}"
        return refusal
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Answer(206, headers, FileSlice(path, start, end - start))

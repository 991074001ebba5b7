"""Reads and writes `gs://` objects through the storage emulator that STORAGE_EMULATOR_HOST names."""

from __future__ import annotations

import json
import os
import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from bigquery_emulator.errors import BigQueryError, invalid, not_found

_TIMEOUT_S = 300


def expand(uri: str) -> list[str]:
    """The objects that a URI means, in the order of their names; `*` stands for any characters.

    Raises:
        BigQueryError: There is no such object.
    """
    bucket, name = split(uri)
    if "*" not in name:
        return [uri]
    pattern = re.compile(".*".join(re.escape(part) for part in name.split("*")), re.DOTALL)
    prefix = urllib.parse.quote(name.split("*")[0], safe="")
    found: list[str] = []
    token = ""
    while True:
        page = json.loads(_get(f"/storage/v1/b/{_quoted(bucket)}/o?prefix={prefix}&pageToken={token}", uri))
        found += [item["name"] for item in page.get("items", [])]
        token = urllib.parse.quote(page.get("nextPageToken", ""), safe="")
        if not token:
            break
    matching = [f"gs://{bucket}/{each}" for each in found if pattern.fullmatch(each)]
    if not matching:
        raise not_found("URI", uri)
    return matching


def download(uri: str, target: Path) -> None:
    """Copies an object into a file.

    Raises:
        BigQueryError: There is no such object.
    """
    bucket, name = split(uri)
    source = f"/storage/v1/b/{_quoted(bucket)}/o/{_quoted(name)}?alt=media"
    with _open(source, uri) as answer, target.open("wb") as stream:
        shutil.copyfileobj(answer, stream, 1 << 20)


def upload(source: Path, uri: str) -> None:
    """Creates or replaces an object.

    Raises:
        BigQueryError: There is no such bucket.
    """
    bucket, name = split(uri)
    target = f"/upload/storage/v1/b/{_quoted(bucket)}/o?uploadType=media&name={_quoted(name)}"
    headers = {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(_base() + target, source.read_bytes(), headers, method="POST")
    with _open(request, uri):
        pass


def split(uri: str) -> tuple[str, str]:
    """Bucket and object of a URI.

    Raises:
        BigQueryError: It is none of Cloud Storage.
    """
    found = re.fullmatch(r"gs://([^/]+)/(.+)", uri, re.DOTALL)
    if not found:
        raise invalid(f"Source URI must be a Google Cloud Storage location: {uri}")
    return found[1], found[2]


def _base() -> str:
    host = os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
    if not host:
        raise BigQueryError(
            "notImplemented", "The BigQuery emulator was started without STORAGE_EMULATOR_HOST: no gs:// URIs"
        )
    return host if "://" in host else f"http://{host}"


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")


def _get(target: str, uri: str) -> bytes:
    with _open(target, uri) as answer:
        return bytes(answer.read())


def _open(target: str | urllib.request.Request, uri: str) -> Any:
    request = _base() + target if isinstance(target, str) else target
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise not_found("URI", uri) from None
        raise BigQueryError("backendError", f"Cloud Storage answered {error.code} for {uri}") from None
    except (urllib.error.URLError, OSError) as error:
        raise BigQueryError("backendError", f"Cloud Storage cannot be reached for {uri}: {error}") from None

"""Answers the calls of the JSON API: the package's handlers, and what they lack.

What is answered here and by which public source is in emulators/storage/README.md.
"""

from __future__ import annotations

import io
import re
import threading
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from gcp_storage_emulator import server
from gcp_storage_emulator.exceptions import BadRequest, Conflict, NotFound
from gcp_storage_emulator.handlers import buckets, objects

from storage_emulator import bucket_routes, multipart, preconditions
from storage_emulator.call import Answer, Call
from storage_emulator.download import download
from storage_emulator.durable_storage import BASE, DurableStorage
from storage_emulator.listing import list_objects

Handler = Callable[..., None]

_BUCKET = r"(?:/storage/v1)?/b/(?P<bucket_name>[-.\w]+)"
*_API, _PUBLIC = server.HANDLERS
_ROUTES: list[tuple[re.Pattern[str], dict[str, Handler]]] = [
    (re.compile(pattern), handlers)
    for pattern, handlers in (
        (r"(?:/storage/v1)?/b", {"GET": buckets.ls, "POST": bucket_routes.insert}),
        (_BUCKET, {"GET": buckets.get, "DELETE": buckets.delete, "PATCH": bucket_routes.patch}),
        (_BUCKET + "/storageLayout", {"GET": bucket_routes.layout}),
        (_BUCKET + "/managedFolders", {"GET": bucket_routes.managed_folders}),
        *_API,
        # What is below the API and not above is not the object of a bucket with the API's name.
        (r"(?:/upload|/download|/batch)?/storage/v1(?:/.*)?", {}),
        _PUBLIC,
    )
]
_WRITES = (objects.insert, objects.upload_partial, objects.copy, objects.rewrite, objects.compose)
# Completed uploads that are still answered for: a client may have missed the answer.
_REMEMBERED_UPLOADS = 1000
_STORED_LINK = f'"mediaLink": "{BASE}'.encode()


class Service:
    """Cloud Storage over one folder. Calls are answered one at a time; downloads are sent outside."""

    def __init__(self, storage: DurableStorage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._completed: dict[str, Any] = {}

    def create_missing_bucket(self, name: str) -> None:
        """Creates a bucket unless it is there."""
        with self._lock:
            buckets.create_bucket(name, self._storage)

    def answer(self, call: Call) -> Answer:
        """Answers one call, or each call of a batch."""
        if call.method == "POST" and urlsplit(call.target).path.startswith("/batch"):
            try:
                inner = multipart.calls(call)
            except ValueError as error:
                return Answer.of_error(400, f"the batch cannot be read: {error}")
            return multipart.answers([(content_id, self._one(each)) for content_id, each in inner])
        return self._one(call)

    def _one(self, call: Call) -> Answer:
        with self._lock:
            try:
                answer = self._routed(call)
            except NotFound as error:
                answer = Answer.of_error(404, str(error) or "Not Found")
            except Conflict as error:
                answer = Answer.of_error(409, str(error))
            except bucket_routes.NotEmulatedError as error:
                answer = Answer.of_error(501, str(error))
            except (BadRequest, ValueError, KeyError) as error:
                answer = Answer.of_error(400, f"{type(error).__name__}: {error}")
            except Exception as error:
                traceback.print_exc()
                answer = Answer.of_error(500, f"{type(error).__name__}: {error}")
        if isinstance(answer.body, bytes):
            link = f'"mediaLink": "http://{call.headers.get("Host", "")}'.encode()
            answer.body = answer.body.replace(_STORED_LINK, link)
        if answer.status >= 400 and not answer.body:
            return Answer.of_error(answer.status, f"{call.method} {urlsplit(call.target).path}: not found")
        return answer

    def _routed(self, call: Call) -> Answer:
        method = call.headers.get("X-HTTP-Method-Override") or call.method
        request = _request(call, method)
        # gcloud's resumable uploads begin with a word more.
        path = request.path.removeprefix("/resumable")
        for pattern, handlers in _ROUTES:
            match = pattern.fullmatch(path)
            if match:
                handler = handlers.get(method)
                if handler is None and method in ("POST", "PUT") and "uploadType" in request.query:
                    handler = objects.insert if method == "POST" else objects.upload_partial
                if handler is None:
                    break
                request.set_match(match)
                return self._handled(handler, request, call)
        return Answer.of_error(501, f"{method} {request.path} is not emulated")

    def _handled(self, handler: Handler, request: Any, call: Call) -> Answer:
        query, params = request.query, request.params
        if "upload_id" in query:
            handler = objects.upload_partial
            if query["upload_id"][0] in self._completed:
                return Answer.of_json(self._completed[query["upload_id"][0]])
        unmet = self._unmet(handler, request)
        if unmet is not None:
            if unmet.status == 304:
                return Answer(304)
            return Answer.of_error(unmet.status, preconditions.NOT_MET)
        if handler is objects.ls:
            return Answer.of_json(list_objects(self._storage, params["bucket_name"], query))
        if handler in (objects.get, objects.download):
            self._check_generation(request)
            if handler is objects.download or query.get("alt", [""])[0] == "media":
                return download(self._storage, params["bucket_name"], params["object_id"], call)
        elif handler in (objects.delete, objects.patch):
            self._check_generation(request)
            if handler is objects.delete:
                self._storage.delete_file(params["bucket_name"], params["object_id"])
                return Answer(204)
        response = server.Response(None)
        handler(request, response, self._storage)
        return self._answer_of(response, handler, query)

    def _answer_of(self, response: Any, handler: Handler, query: Any) -> Answer:
        """Turns the package's response into an answer."""
        content = response._content
        body = content.encode() if isinstance(content, str) else bytes(content)
        headers = dict(response._headers)
        status = int(response.status)
        if handler is objects.upload_partial:
            upload = query["upload_id"][0]
            if status == 308 and self._storage.get_resumable_byte_count(upload) == 0:
                headers.pop("Range", None)  # the package says 0-0 where nothing has arrived
            if status == 200:
                self._completed[upload] = server.json.loads(body)
                while len(self._completed) > _REMEMBERED_UPLOADS:
                    del self._completed[next(iter(self._completed))]
        return Answer(status, headers, body)

    def _unmet(self, handler: Handler, request: Any) -> preconditions.NotMet | None:
        target = self._target(handler, request)
        if target is None:
            return None
        live = self._live(*target)
        writes = handler in _WRITES
        if live is None and not writes:
            return None  # answered as not found
        reads = handler in (objects.get, objects.download)
        unmet = preconditions.check(request.query, live, reads=reads)
        if unmet is None and handler in (objects.copy, objects.rewrite):
            source = self._live(request.params["bucket_name"], request.params["object_id"])
            if source is not None:
                unmet = preconditions.check(request.query, source, reads=False, prefix="ifSource")
        return unmet

    def _target(self, handler: Handler, request: Any) -> tuple[str, str] | None:
        """The object that a call's preconditions are about."""
        params = request.params
        if handler is objects.upload_partial:
            resource = self._storage.get_resumable_file_obj(request.query["upload_id"][0])
            return resource["bucket"], resource["name"]
        if handler is objects.insert:
            name = request.query.get("name", [None])[0]
            data = request.data
            if name is None and isinstance(data, dict):
                name = data.get("meta", data).get("name")
            if name is None:
                raise BadRequest("Required parameter: name")
            return params["bucket_name"], name
        if handler in (objects.copy, objects.rewrite):
            return params["dest_bucket_name"], params["dest_object_id"]
        if "object_id" in params:
            return params["bucket_name"], params["object_id"]
        return None

    def _check_generation(self, request: Any) -> None:
        wanted = request.query.get("generation")
        live = self._live(request.params["bucket_name"], request.params["object_id"])
        if live is None or (wanted is not None and wanted[0] != live["generation"]):
            name = f"{request.params['bucket_name']}/{request.params['object_id']}"
            raise NotFound(f"No such object: {name}")

    def _live(self, bucket: str, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._storage.objects.get(bucket, {}).get(name)
        return found


def _request(call: Call, method: str) -> Any:
    """The call in the form that the package's handlers read."""
    headers = {name.lower(): value for name, value in call.headers.items()}
    headers["content-length"] = str(len(call.body))
    headers.pop("transfer-encoding", None)
    handler = SimpleNamespace(
        path=call.target,
        headers=_Headers(headers),
        rfile=io.BytesIO(call.body),
        server=SimpleNamespace(server_address=("127.0.0.1", 0)),
    )
    request = server.Request(handler, method)
    content_type = headers.get("content-type", "")
    if request.query.get("uploadType") == ["media"]:
        request._data = call.body  # of whatever type, and empty, too
    elif request.query.get("uploadType") == ["multipart"]:
        request._data = multipart.upload(content_type, call.body)
    return request


class _Headers(dict[str, str]):
    """Header names in any case."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

"""Load jobs whose content comes with them: multipart, or in chunks.

https://cloud.google.com/bigquery/docs/reference/api-uploads
"""

from __future__ import annotations

import json
import re
import uuid
from email.message import Message
from pathlib import Path
from urllib.parse import urlencode

from bigquery_emulator.errors import invalid, not_emulated, not_found
from bigquery_emulator.http.call import Answer, Call
from bigquery_emulator.http.job_routes import shown
from bigquery_emulator.jobs.job_runner import JobRunner

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


class Uploads:
    """Answers jobs.insert with content. What has arrived is kept in the folder `uploads`."""

    def __init__(self, folder: Path, runner: JobRunner, answer_after_s: float) -> None:
        self._answer_after_s = answer_after_s
        self._folder = folder / "uploads"
        self._folder.mkdir(exist_ok=True)
        self._runner = runner

    def begin(self, call: Call, project: str) -> Answer:
        """A multipart upload, or the beginning of one in chunks."""
        kind = call.query.get("uploadType")
        if kind == "multipart":
            document, content = _two_parts(call.headers.get("Content-Type", ""), call.body)
            path = self._folder / f"{uuid.uuid4().hex}.content"
            path.write_bytes(content)
            return self._run(project, document, path)
        if kind != "resumable":
            raise not_emulated(f"uploadType={kind}")
        upload = uuid.uuid4().hex
        (self._folder / f"{upload}.json").write_text(json.dumps(call.document()))
        query = urlencode({"uploadType": "resumable", "upload_id": upload})
        location = f"http://{call.headers.get('Host', '')}{call.path}?{query}"
        return Answer(200, {"Location": location, "X-GUploader-UploadID": upload})

    def resume(self, call: Call, project: str) -> Answer:
        """A chunk of an upload, or a question how much of it has arrived."""
        upload = call.query.get("upload_id", "")
        begun = self._folder / f"{upload}.json"
        if not re.fullmatch(r"[0-9a-f]{32}", upload) or not begun.exists():
            raise not_found("Upload", upload)
        path = self._folder / f"{upload}.content"
        received = path.stat().st_size if path.exists() else 0
        told = call.headers.get("Content-Range")
        found = _RANGE.fullmatch(told) if told else None
        if told and found is None:
            raise invalid(f"Invalid Content-Range: {told}")
        start = int(found[1]) if found and found[1] is not None else received if found else 0
        if start > received:
            raise invalid(f"Invalid Content-Range: {received} bytes have arrived, not {start}")
        with path.open("r+b" if path.exists() else "wb") as stream:
            stream.seek(start)
            stream.write(call.body)
            stream.truncate()
            received = stream.tell()
        total = len(call.body) if found is None else None if found[3] == "*" else int(found[3])
        if total is None or received < total:
            return Answer(308, {"Range": f"bytes=0-{received - 1}"} if received else {})
        answer = self._run(project, json.loads(begun.read_text()), path)
        begun.unlink(missing_ok=True)
        return answer

    def _run(self, project: str, document: dict[str, object], path: Path) -> Answer:
        try:
            return Answer.of_json(shown(self._runner.submit(project, document, path, self._answer_after_s)))
        finally:
            path.unlink(missing_ok=True)


def _two_parts(content_type: str, body: bytes) -> tuple[dict[str, object], bytes]:
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        raise invalid("The Content-Type of a multipart upload must name its boundary.")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(parts) < 4:
        raise invalid("A multipart upload has two parts: the job and its content.")
    job, content = (part.split(b"\r\n\r\n", 1)[1] for part in parts[1:3])
    return json.loads(job), content

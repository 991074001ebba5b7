"""The emulator's state on disk, which survives SIGKILL at any moment.

Metadata is in SQLite. The bytes of an object are in a file of their own that is never changed: an object
is replaced by a new file and one transaction, so a reader or a crash sees the old object or the new one.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gcp_storage_emulator.exceptions import BadRequest, Conflict, NotFound
from gcp_storage_emulator.storage import Storage

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, resource TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS object (
  bucket TEXT NOT NULL, name TEXT NOT NULL, resource TEXT NOT NULL, content TEXT NOT NULL,
  PRIMARY KEY (bucket, name));
CREATE TABLE IF NOT EXISTS upload (id TEXT PRIMARY KEY, resource TEXT NOT NULL);
"""

# Stands for the server's address in stored resources.
BASE = "{base}"


class FolderInUse(Exception):
    """Raised when another emulator serves the folder."""


class DurableStorage(Storage):
    """The package's storage, kept in `folder`. Not thread-safe: the service holds one lock."""

    def __init__(self, folder: Path) -> None:
        self._content_folder = folder / "content"
        self._upload_folder = folder / "uploads"
        for path in (self._content_folder, self._upload_folder):
            path.mkdir(parents=True, exist_ok=True)
        self._lock_file = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock_file.close()
            raise FolderInUse(f"{folder} is served by another storage emulator") from None
        super().__init__(use_memory_fs=True)
        self._database = sqlite3.connect(
            folder / "state.sqlite3", isolation_level=None, check_same_thread=False
        )
        # What was written survives the process, not a power cut: an emulator needs no more.
        self._database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _SCHEMA)
        self._contents: dict[tuple[str, str], str] = {}
        self._load()

    def close(self) -> None:
        """Lets go of the folder."""
        self._database.close()
        self._lock_file.close()

    def content_path(self, bucket: str, name: str) -> Path:
        """The file that holds an object's bytes; it is removed when the object is replaced.

        Raises:
            NotFound: There is no such object.
        """
        try:
            return self._content_folder / self._contents[bucket, name]
        except KeyError:
            raise NotFound from None

    def create_bucket(self, bucket_name: str, bucket_obj: dict[str, Any]) -> dict[str, Any]:
        """Creates or changes a bucket."""
        bucket_obj["softDeletePolicy"] = {"retentionDurationSeconds": "0"}  # there is none
        self.buckets[bucket_name] = bucket_obj
        self._database.execute("REPLACE INTO bucket VALUES (?, ?)", (bucket_name, json.dumps(bucket_obj)))
        return bucket_obj

    def delete_bucket(self, bucket_name: str) -> None:
        """Deletes an empty bucket."""
        if bucket_name not in self.buckets:
            raise NotFound
        if self.objects.get(bucket_name):
            raise Conflict("The bucket you tried to delete is not empty.")
        self._database.execute("DELETE FROM bucket WHERE name = ?", (bucket_name,))
        del self.buckets[bucket_name]
        self.objects.pop(bucket_name, None)

    def create_file(
        self, bucket_name: str, file_name: str, content: bytes, file_obj: dict[str, Any],
        file_id: str | None = None,
    ) -> None:  # fmt: skip
        """Creates or replaces an object; `file_id` is the upload that this ends."""
        if bucket_name not in self.buckets:
            raise NotFound
        # The package says a number in one place, and counts metadata given at creation as a change.
        file_obj.update(size=str(len(content)), metageneration="1")
        # The next process may listen on another port; service.py puts the base of the call in.
        link = urlsplit(file_obj["mediaLink"])
        file_obj["mediaLink"] = f"{BASE}{link.path}?{link.query}"
        created = uuid.uuid4().hex
        (self._content_folder / created).write_bytes(content)
        row = (bucket_name, file_name, json.dumps(file_obj), created)
        self._database.execute("BEGIN")
        self._database.execute("REPLACE INTO object VALUES (?, ?, ?, ?)", row)
        self._database.execute("DELETE FROM upload WHERE id = ?", (file_id,))
        self._database.execute("COMMIT")
        self.objects.setdefault(bucket_name, {})[file_name] = file_obj
        replaced = self._contents.get((bucket_name, file_name))
        self._contents[bucket_name, file_name] = created
        if replaced is not None:
            (self._content_folder / replaced).unlink(missing_ok=True)
        if file_id is not None:
            self.resumable.pop(file_id, None)
            self._upload_path(file_id).unlink(missing_ok=True)

    def patch_object(self, bucket_name: str, file_name: str, file_obj: dict[str, Any]) -> None:
        """Changes an object's metadata."""
        self.objects[bucket_name][file_name] = file_obj
        self._database.execute(
            "UPDATE object SET resource = ? WHERE bucket = ? AND name = ?",
            (json.dumps(file_obj), bucket_name, file_name),
        )

    def delete_file(self, bucket_name: str, file_name: str) -> None:
        """Deletes an object at once: there is no soft delete."""
        path = self.content_path(bucket_name, file_name)
        self._database.execute("DELETE FROM object WHERE bucket = ? AND name = ?", (bucket_name, file_name))
        del self.objects[bucket_name][file_name]
        del self._contents[bucket_name, file_name]
        path.unlink(missing_ok=True)

    def get_file(self, bucket_name: str, file_name: str, show_error: bool = True) -> bytes:
        """All bytes of an object."""
        return self.content_path(bucket_name, file_name).read_bytes()

    def create_resumable_upload(self, bucket_name: str, file_name: str, file_obj: dict[str, Any]) -> str:
        """Begins an upload in chunks and returns its id."""
        if bucket_name not in self.buckets:
            raise NotFound
        file_id = uuid.uuid4().hex
        self._database.execute("INSERT INTO upload VALUES (?, ?)", (file_id, json.dumps(file_obj)))
        self.resumable[file_id] = file_obj
        return file_id

    def get_resumable_byte_count(self, file_id: str) -> int:
        """How many bytes of an upload have arrived."""
        path = self._upload_path(file_id)
        return path.stat().st_size if path.exists() else 0

    def add_to_resumable_upload(
        self, file_id: str, content: bytes | None, total_size: int | None = None,
        expected_start: int | None = None,
    ) -> bytes | None:  # fmt: skip
        """Appends a chunk; bytes that are there already are overwritten with the same.

        Returns:
            The whole content once all of `total_size` has arrived, else None.
        """
        path = self._upload_path(file_id)
        received = self.get_resumable_byte_count(file_id)
        start = received if expected_start is None else expected_start
        if start > received:
            raise BadRequest(f"Invalid Content-Range start: expected {received}, got {start}")
        with path.open("r+b" if received else "wb") as stream:
            stream.seek(start)
            stream.write(content or b"")
            stream.truncate()
            size = stream.tell()
        if total_size is None or size < total_size:
            return None
        return path.read_bytes()[:total_size]

    def wipe(self, keep_buckets: bool = False) -> None:
        """Deletes everything, or everything but the buckets."""
        for bucket, name in list(self._contents):
            self.delete_file(bucket, name)
        if not keep_buckets:
            for bucket in list(self.buckets):
                self.delete_bucket(bucket)

    def _upload_path(self, file_id: str) -> Path:
        return self._upload_folder / str(self.safe_id(file_id))

    def _write_config_to_file(self) -> None:
        """Does nothing: each change above is written where it is made."""

    def _load(self) -> None:
        for name, resource in self._database.execute("SELECT name, resource FROM bucket"):
            self.buckets[name] = json.loads(resource)
        for bucket, name, resource, content in self._database.execute("SELECT * FROM object"):
            self.objects.setdefault(bucket, {})[name] = json.loads(resource)
            self._contents[bucket, name] = content
        for file_id, resource in self._database.execute("SELECT * FROM upload"):
            self.resumable[file_id] = json.loads(resource)
        kept = set(self._contents.values())
        for path in self._content_folder.iterdir():
            if path.name not in kept:  # written, but its transaction never was
                path.unlink()
        uploads = {self._upload_path(file_id) for file_id in self.resumable}
        for path in self._upload_folder.iterdir():
            if path not in uploads:
                path.unlink()

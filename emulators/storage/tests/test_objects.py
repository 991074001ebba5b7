"""What a client can do with objects, through Google's Python client."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.storage.exceptions import InvalidResponse

from serving import emulator


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with emulator(tmp_path_factory.mktemp("storage"), "--bucket", "b") as served:
        yield served.client().bucket("b")


def put(bucket: Any, name: str, content: bytes = b"x", **conditions: Any) -> Any:
    blob = bucket.blob(name)
    blob.upload_from_string(content, **conditions)
    return blob


def chunked(bucket: Any, name: str, content: bytes, **conditions: Any) -> Any:
    blob = bucket.blob(name, chunk_size=256 * 1024)
    blob.upload_from_file(io.BytesIO(content), size=len(content), **conditions)
    return blob


@pytest.mark.parametrize("content", [b"", b"\r\n", b"a\r\n--b\r\n\r\n", bytes(range(256)) * 3, b"\r"])
def test_an_object_is_read_back_as_it_was_written(bucket: Any, content: bytes) -> None:
    put(bucket, "same", content)
    assert bucket.blob("same").download_as_bytes() == content


def test_a_chunked_upload_is_read_back_as_it_was_written(bucket: Any) -> None:
    content = os.urandom(3_000_000)
    chunked(bucket, "chunks", content)
    assert bucket.blob("chunks").download_as_bytes() == content
    assert bucket.get_blob("chunks").size == len(content)


def test_a_stream_of_unknown_length_can_be_written_and_read_in_ranges(bucket: Any) -> None:
    content = os.urandom(900_000)
    with bucket.blob("stream", chunk_size=256 * 1024).open("wb") as stream:
        for start in range(0, len(content), 100_000):
            stream.write(content[start : start + 100_000])
    with bucket.blob("stream").open("rb", chunk_size=100_000) as stream:
        assert stream.read() == content


def test_an_empty_object_can_be_read_as_a_stream(bucket: Any) -> None:
    put(bucket, "empty", b"")
    with bucket.blob("empty").open("rb") as stream:
        assert stream.read() == b""


@pytest.mark.parametrize("write", [put, chunked])
def test_generation_0_means_that_the_object_must_not_be_there(bucket: Any, write: Any) -> None:
    name = f"exclusive-{write.__name__}"
    write(bucket, name, b"first", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        write(bucket, name, b"second", if_generation_match=0)
    assert bucket.blob(name).download_as_bytes() == b"first"


def test_a_chunked_upload_that_was_overtaken_is_refused_at_its_end(bucket: Any) -> None:
    stream = bucket.blob("overtaken", chunk_size=256 * 1024).open("wb", if_generation_match=0)
    stream.write(b"a" * 600_000)
    put(bucket, "overtaken", b"first", if_generation_match=0)
    with pytest.raises(InvalidResponse) as refused:
        stream.close()
    assert refused.value.response.status_code == 412
    assert bucket.blob("overtaken").download_as_bytes() == b"first"


def test_a_write_or_delete_of_another_generation_changes_nothing(bucket: Any) -> None:
    generation = put(bucket, "generation", b"1").generation
    changes: tuple[Callable[[], Any], ...] = (
        lambda: put(bucket, "generation", b"2", if_generation_match=generation + 1),
        lambda: bucket.blob("generation").delete(if_generation_match=generation + 1),
        lambda: put(bucket, "generation", b"2", if_generation_not_match=generation),
        lambda: put(bucket, "generation", b"2", if_metageneration_match=2),
        lambda: put(bucket, "missing", b"2", if_generation_match=generation),
    )
    for change in changes:
        with pytest.raises(exceptions.PreconditionFailed):
            change()
    assert bucket.get_blob("generation").generation == generation
    bucket.blob("generation").delete(if_generation_match=generation)
    assert not bucket.blob("generation").exists()


def test_a_change_of_metadata_raises_the_metageneration_and_keeps_the_generation(bucket: Any) -> None:
    blob = put(bucket, "metadata")
    generation = blob.generation
    blob.metadata = {"k": "v"}
    blob.patch(if_metageneration_match=1)
    found = bucket.get_blob("metadata")
    assert (found.metageneration, found.generation, found.metadata) == (2, generation, {"k": "v"})


def test_a_read_of_a_generation_that_is_gone_is_not_found(bucket: Any) -> None:
    old = put(bucket, "replaced", b"1").generation
    put(bucket, "replaced", b"2")
    with pytest.raises(exceptions.NotFound):
        bucket.blob("replaced", generation=old).download_as_bytes()


def test_pages_and_prefixes_list_every_object_once(bucket: Any) -> None:
    for number in range(7):
        put(bucket, f"pages/{number % 2}/{number}")
    listed = bucket.client.list_blobs(bucket, prefix="pages/", page_size=3)
    pages = [[blob.name for blob in page] for page in listed.pages]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in page] == sorted(f"pages/{n % 2}/{n}" for n in range(7))
    folders = bucket.client.list_blobs(bucket, prefix="pages/", delimiter="/")
    assert list(folders) == []
    assert folders.prefixes == {"pages/0/", "pages/1/"}


def test_a_batch_deletes_and_says_what_was_not_there(bucket: Any) -> None:
    put(bucket, "batch/1")
    put(bucket, "batch/2")
    missing: list[Any] = []
    bucket.delete_blobs([bucket.blob(f"batch/{n}") for n in (1, 2, 3)], on_error=missing.append)
    assert [blob.name for blob in missing] == ["batch/3"]
    with pytest.raises(exceptions.NotFound), bucket.client.batch():
        bucket.blob("batch/1").delete()
    assert list(bucket.client.list_blobs(bucket, prefix="batch/")) == []


def test_a_copy_and_a_rewrite_obey_the_destinations_precondition(bucket: Any) -> None:
    source = put(bucket, "source", b"content")
    put(bucket, "copy", b"other")
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.copy_blob(source, bucket, "copy", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("copy").rewrite(source, if_generation_match=0)
    bucket.blob("new").rewrite(source, if_generation_match=0)
    assert bucket.blob("new").download_as_bytes() == b"content"

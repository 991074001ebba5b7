"""Files in Cloud Storage mean what they mean on a disk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from beam_pipeline import errors
from beam_pipeline.storage import files
from beam_pipeline.storage.pattern import pattern_regex

NAMES = [
    "a.csv",
    "b.csv",
    ".hidden.csv",
    "sub/c.csv",
    "sub/deep/d.csv",
    "sub/.dot/e.csv",
    "x1.csv",
    "x[1].csv",
]


@pytest.mark.parametrize(
    "pattern",
    [
        "*.csv",
        "**/*.csv",
        "sub/*",
        "sub/**",
        "**",
        "?.csv",
        "[ab].csv",
        "[!a].csv",
        "x[[]1].csv",
        "a.csv",
        "*/c.csv",
        "none*",
    ],
)
def test_a_pattern_names_the_same_files_in_a_bucket_and_in_a_folder(
    pattern: str, bucket: str, tmp_path: Path
) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
        files.write_whole(f"{bucket}/{name}", b"x")
    local = [path.removeprefix(f"{tmp_path}/") for path in files.match(f"{tmp_path}/{pattern}")]
    remote = [uri.removeprefix(f"{bucket}/") for uri in files.match(f"{bucket}/{pattern}")]
    assert remote == local


def test_a_pattern_takes_no_letter_for_another() -> None:
    assert not pattern_regex("a.csv").fullmatch("aXcsv")


def test_the_placeholder_of_a_folder_is_no_file(bucket: str) -> None:
    from beam_pipeline.storage import gcs

    files.write_whole(f"{bucket}/a", b"x")
    gcs.write(f"{bucket}/folder/", b"")
    assert files.match(f"{bucket}/**") == [f"{bucket}/a"]


def test_a_stream_is_read_back_as_it_was_written(bucket: str) -> None:
    content = os.urandom(20_000_000)
    with files.open_for_write(f"{bucket}/large") as stream:
        for start in range(0, len(content), 777_777):
            stream.write(content[start : start + 777_777])
        assert stream.tell() == len(content)
    with files.open_for_read(f"{bucket}/large") as stream:
        assert stream.read() == content
        stream.seek(19_999_990)
        assert stream.read() == content[-10:]
        assert stream.size() == len(content)


def test_a_file_that_is_written_once_is_adopted_by_the_next(bucket: str) -> None:
    uri = f"{bucket}/once"
    assert files.write_once(uri, b"first") == b"first"
    assert files.write_once(uri, b"second") == b"first"
    assert files.read_bytes(uri) == b"first"


def test_of_many_writers_at_a_time_all_find_the_same(bucket: str) -> None:
    found: list[bytes] = []

    def write(number: int) -> None:
        found.append(files.write_once(f"{bucket}/once", str(number).encode()))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_a_tree_is_removed_and_its_neighbours_stay(bucket: str) -> None:
    for number in range(230):
        files.write_whole(f"{bucket}/tree/{number}", b"x")
    files.write_whole(f"{bucket}/tree2", b"x")
    files.remove_tree(f"{bucket}/tree")
    files.remove_tree(f"{bucket}/tree")
    assert files.match(f"{bucket}/**") == [f"{bucket}/tree2"]


def test_what_is_missing_is_a_config_error_that_names_it(bucket: str) -> None:
    for read in (files.read_bytes, files.open_for_read):
        with pytest.raises(errors.ConfigError, match=f"{bucket}/nothing: there is no such object"):
            read(f"{bucket}/nothing")
    with pytest.raises(errors.ConfigError, match="gs://absent/file"):
        files.write_whole("gs://absent/file", b"")
    with pytest.raises(errors.ConfigError, match="gs://BUCKET/NAME"):
        files.read_bytes("gs://bucket")


def test_an_error_in_the_middle_of_a_stream_is_classified(bucket: str) -> None:
    stream = files.open_for_write("gs://absent/file")
    with pytest.raises(errors.ConfigError, match="gs://absent/file"):
        stream.write(os.urandom(20_000_000))
    with pytest.raises(errors.ConfigError):
        stream.close()


@pytest.mark.parametrize(
    ("path", "root", "resolved"),
    [
        ("data/a.csv", None, "data/a.csv"),
        ("data/a.csv", "gs://b/inputs", "gs://b/inputs/data/a.csv"),
        ("./data/../a.csv", "gs://b/inputs", "gs://b/inputs/a.csv"),
        ("data/*.csv", "/project", "/project/data/*.csv"),
        ("/abs/a.csv", "gs://b/inputs", "/abs/a.csv"),
        ("gs://c/a.csv", "gs://b/inputs", "gs://c/a.csv"),
    ],
)
def test_a_relative_path_begins_at_the_root(path: str, root: str | None, resolved: str) -> None:
    assert files.resolve(path, root) == resolved


def test_local_files_load_no_google_client() -> None:
    code = (
        "import sys; from beam_pipeline.connect import secrets; from beam_pipeline.storage import files; files.match('/tmp/*'); "
        "print(any(name in sys.modules for name in ('google.cloud.storage', 'google.auth', 'requests')))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"

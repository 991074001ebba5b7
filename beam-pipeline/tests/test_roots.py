"""What a config, a profile or a caller names is read only where that is allowed, and never without end."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from beam_pipeline.connect import connections, secrets
from beam_pipeline.connect.connections import ConnectionReference
from beam_pipeline.errors import ConfigError, SqlError
from beam_pipeline.modules.source.mysql.connection import tls as mysql
from beam_pipeline.modules.source.postgres.connection import tls as postgres
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.storage import files, regular, roots
from beam_pipeline.storage.pattern import pattern_regex
from running import InProcess, plan_of

PROFILE = {"host": "${file:host}", "database": "d", "user": "u", "password": "p"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project beside a file that is none of its own; nothing else may be read."""
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "shadow").write_text("planted")
    (tmp_path / "host").write_text("planted")
    (folder / "host").write_text("db\n")
    (folder / "a.csv").write_text("a\n1\n")
    (folder / "link.csv").symlink_to("../shadow")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)
    roots.allow(json.dumps([str(folder)]))
    yield folder
    roots.allow(None)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../shadow", "link.csv", "up/shadow", "/proc/self/environ", "/dev/zero"]
)
def test_what_is_outside_is_refused_with_the_line_that_allows_it(path: str, project: Path) -> None:
    with pytest.raises(ConfigError, match=r"is outside of the project .*beamline\.yaml: roots: \[") as raised:
        roots.check(path, "sources[0].parameters.path")
    declared = str(raised.value).split("roots: ")[1]
    roots.allow(json.dumps([str(project), *json.loads(declared)]))
    assert roots.check(path, "") == path


def test_what_is_inside_is_read_and_everything_where_nobody_says_otherwise(project: Path) -> None:
    assert roots.check("a.csv", "") == "a.csv"
    assert roots.check("not/there/yet", "") == "not/there/yet"
    roots.allow(None)
    assert roots.check("/etc/passwd", "") == "/etc/passwd"


@pytest.mark.parametrize("text", ["", "x", "{}", "[1]", '"/"'])
def test_roots_are_a_list_of_folders(text: str) -> None:
    with pytest.raises(ConfigError, match="JSON list of folders"):
        roots.allow(text)


@pytest.mark.parametrize("path", ["link.csv", "*.csv", "up/shadow", "up/*"])
def test_a_source_reads_no_file_that_links_lead_to(path: str, project: Path, in_process: InProcess) -> None:
    source = {"module": "files", "path": path, "format": "csv"}
    with pytest.raises(ConfigError, match=r"sources\[0\]\.parameters\.path  .*outside of the project"):
        in_process.run(plan_of({"a": source}))


def test_a_source_reads_the_project(project: Path, in_process: InProcess) -> None:
    source = {"module": "files", "path": "a.csv", "format": "csv"}
    assert in_process.run(plan_of({"a": source})).query("FROM t") == [(1,)]


def test_a_reference_of_a_config_or_of_a_named_profile_stays_inside(project: Path) -> None:
    inline = (*PROFILE.items(),)
    assert ConnectionReference("s", inline=inline).resolve().host == "db"
    outside = PROFILE | {"host": "${file:../host}"}
    with pytest.raises(ConfigError, match="outside of the project"):
        ConnectionReference("s", inline=(*outside.items(),)).resolve()
    for name, anywhere in [
        ("other.json", False),
        (".connections.json", True),
        ("prod.connections.json", True),
    ]:
        (project / name).write_text(json.dumps({"shop": outside}))
        reference = ConnectionReference("s", str(project / name), "shop")
        if anywhere:
            assert reference.resolve().host == "planted"
        else:
            with pytest.raises(ConfigError, match="outside of the project"):
                reference.resolve()


@pytest.mark.parametrize("path", ["../other.pem", "up/other.pem", "${file:../other.pem}"])
@pytest.mark.parametrize("name", ["ssl_ca", "ssl_cert", "sslrootcert"])
def test_a_certificate_of_a_config_or_of_a_named_profile_stays_inside(
    name: str, path: str, project: Path
) -> None:
    (project.parent / "other.pem").write_text("-----BEGIN CERTIFICATE-----")
    attributes = PROFILE | {"host": "db", name: path}
    (project / "other.json").write_text(json.dumps({"shop": attributes}))
    (project / ".connections.json").write_text(json.dumps({"shop": attributes}))

    def used(reference: ConnectionReference) -> str:
        try:
            connection = reference.resolve()
            if name.startswith("ssl_"):
                mysql.wanted(connection)
            with postgres.options(connection):
                return "read"
        except ConfigError as error:
            # This certificate is none.
            return "read" if "can be read: " in str(error) or "used together: " in str(error) else str(error)

    assert "outside of the project" in used(ConnectionReference("s", inline=(*attributes.items(),)))
    assert "outside of the project" in used(ConnectionReference("s", str(project / "other.json"), "shop"))
    assert used(ConnectionReference("s", str(project / ".connections.json"), "shop")) == "read"


@pytest.mark.parametrize(
    ("path", "says"), [("pipe", "no regular file"), ("/dev/zero", "no regular file"), (".", "is a folder")]
)
def test_no_pipe_device_or_folder_is_read(path: str, says: str, project: Path) -> None:
    roots.allow(None)
    with pytest.raises(regular.Unreadable, match=says):
        regular.read(path, 10)
    with pytest.raises(ConfigError, match=says):
        files.read_bytes(path)
    with pytest.raises(ConfigError, match=says):
        secrets.resolve(f"${{file:{path}}}", "password")
    with pytest.raises(ConfigError, match=says):
        connections.read_profiles(path)


def test_no_file_is_read_that_is_larger_than_it_may_be(project: Path) -> None:
    with (project / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(ConfigError, match="has 1099511627776 bytes; at most"):
        secrets.resolve("${file:sparse}", "password", anywhere=True)
    with pytest.raises(ConfigError, match="at most"):
        connections.read_profiles("sparse")
    assert len(regular.read("/proc/self/status", 1 << 20)) > 100
    with pytest.raises(regular.Unreadable, match="more than 100 bytes"):
        regular.read("/proc/self/status", 100)


def test_no_file_of_another_store_is_read_that_is_larger_than_it_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size >= 0, "would be read without end"
            return b"x" * size

    monkeypatch.setattr(files, "_filesystems", lambda: SimpleNamespace(open=lambda _: Endless()))
    with pytest.raises(ConfigError, match=r"s3://b/ca\.pem has more than 10 bytes"):
        files.read_bytes("s3://b/ca.pem", 10)


def test_profiles_that_are_nested_too_deeply_are_refused(project: Path) -> None:
    (project / "deep.json").write_text('{"a":' * 200_000)
    with pytest.raises(ConfigError, match=r"nested too deeply|is not JSON"):
        connections.read_profiles("deep.json")


@pytest.mark.parametrize("begin", ["${env:", "${file:", "${secret:", "${"])
def test_a_text_of_many_beginnings_is_read_once(begin: str) -> None:
    text = begin * 70_000
    assert secrets.resolve(text, "password") == text


def test_a_pattern_of_many_stars_is_tried_once() -> None:
    regex = pattern_regex("*a" * 30 + "*b")
    assert regex.fullmatch("a" * 1000) is None
    assert regex.fullmatch("a" * 1000 + "b")


@pytest.mark.parametrize("name", ["constructor", "__class__", "__proto__", "x" * 1_000_000])
def test_a_name_that_is_none_is_searched_quickly(name: str) -> None:
    allowed: Any = [f"{'y' * 200}{index}" for index in range(5000)]
    assert did_you_mean(name, allowed) == ""


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_json('/etc/passwd')",
        "SELECT * FROM read_parquet('/proc/self/environ')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/passwd.csv'",
        "SELECT * FROM 'https://example.com/a.parquet'",
        "SELECT getenv('HOME')",
        "COPY (SELECT 1) TO 'out.csv'",
        "EXPORT DATABASE 'out'",
        "ATTACH 'other.duckdb' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "PRAGMA enable_external_access",
        "RESET lock_configuration",
        "CALL pragma_version()",
    ],
)
def test_the_sql_of_a_step_reaches_nothing_of_the_host(
    sql: str, project: Path, in_process: InProcess
) -> None:
    before = sorted(project.iterdir())
    source = {"module": "files", "path": "a.csv", "format": "csv"}
    step = {"module": "sql", "inputs": ["a"], "sql": sql}
    with pytest.raises((ConfigError, SqlError)) as raised:
        in_process.run(plan_of({"a": source}, {"s": step}))
    assert "root:" not in str(raised.value)
    assert sorted(project.iterdir()) == before

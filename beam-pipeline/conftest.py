"""Fixtures of all tests: servers of their own, and pipelines run in this process or in a child."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from beam_pipeline.connect import secrets
from running import Child, InProcess

ROOT = Path(__file__).resolve().parents[1]


def start_database(kind: str, *options: str) -> Iterator[dict[str, Any]]:
    """A server of the tests' own, with options of its own."""
    given = [text for option in options for text in ("--option", option)]
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "start-database.py"), kind, *given],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    line = server.stdout.readline()
    assert line, f"the {kind} server did not start"
    try:
        yield json.loads(line)
    finally:
        server.stdin.close()
        server.wait(30)


@pytest.fixture(autouse=True)
def _secrets_of_one_test() -> Iterator[None]:
    """What a test makes secret blots out nothing in the messages of the next one."""
    known = set(secrets._known)
    yield
    secrets._known.intersection_update(known)


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, Any]]:
    """A PostgreSQL server: its address as one profile."""
    for address in start_database("postgres"):
        yield {name: address[name] for name in ("host", "port", "database", "user", "password")}


@pytest.fixture
def sql(postgres: dict[str, Any]) -> Iterator[Any]:
    """A connection to PostgreSQL for preparing data; every statement commits."""
    database = {**postgres, "dbname": postgres["database"]}
    del database["database"]
    with psycopg.connect(**database, autocommit=True, prepare_threshold=None) as connection:
        yield connection


@pytest.fixture
def profiles(postgres: dict[str, Any], tmp_path: Path) -> Path:
    """A profiles file with the key `pg`."""
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps({"pg": postgres}))
    return path


@pytest.fixture(scope="session")
def _storage_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [sys.executable, "-m", "storage_emulator", "--exit-with-parent", "--bucket", "test"]
    server = subprocess.Popen(
        [*command, "--folder", str(tmp_path_factory.mktemp("storage"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "emulators" / "storage" / "src")},
    )
    assert server.stdin is not None
    assert server.stdout is not None
    line = server.stdout.readline()
    assert line, "the storage emulator did not start"
    try:
        yield str(json.loads(line)["endpoint"])
    finally:
        server.stdin.close()
        server.wait(30)


@pytest.fixture
def bucket(_storage_emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A URI below which nothing is, in a Cloud Storage of the tests' own."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", _storage_emulator)
    return f"gs://test/{uuid.uuid4().hex}"


@pytest.fixture(scope="session")
def _bigquery_emulator(_storage_emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [sys.executable, "-m", "bigquery_emulator", "--exit-with-parent"]
    server = subprocess.Popen(
        [*command, "--folder", str(tmp_path_factory.mktemp("bigquery"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "emulators" / "bigquery" / "src"),
            "STORAGE_EMULATOR_HOST": _storage_emulator,
        },
    )
    assert server.stdin is not None
    assert server.stdout is not None
    line = server.stdout.readline()
    assert line, "the BigQuery emulator did not start"
    try:
        yield str(json.loads(line)["endpoint"])
    finally:
        server.stdin.close()
        server.wait(30)


@pytest.fixture
def bigquery(_bigquery_emulator: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of a BigQuery of the tests' own, in the project `test`."""
    from beam_pipeline.storage.bigquery import open_client

    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", _bigquery_emulator)
    return open_client("test")


@pytest.fixture
def dataset(bigquery: Any) -> str:
    """A new dataset, `test.<name>`."""
    name = f"test.d{uuid.uuid4().hex[:12]}"
    bigquery.create_dataset(name)
    return name


@pytest.fixture
def in_process(tmp_path: Path) -> InProcess:
    """Runs plans in this process."""
    return InProcess(tmp_path)


@pytest.fixture
def child(tmp_path: Path) -> Child:
    """Runs plans as the orchestrator does."""
    return Child(tmp_path)


@pytest.fixture(scope="session")
def extended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a child whose package is a copy with the folders of tests/modules in it."""
    copy = tmp_path_factory.mktemp("copy")
    package = ROOT / "beam-pipeline" / "src" / "beam_pipeline"
    leave_out = shutil.ignore_patterns("__pycache__", "test_*")
    shutil.copytree(package, copy / "beam_pipeline", ignore=leave_out)
    added = ROOT / "beam-pipeline" / "tests" / "modules"
    for folder in added.glob("*/*"):
        target = copy / "beam_pipeline" / "modules" / folder.relative_to(added)
        shutil.copytree(folder, target, dirs_exist_ok=True)
    return {"PYTHONPATH": str(copy)}


@pytest.fixture(scope="session")
def mariadb() -> Iterator[dict[str, Any]]:
    """A MariaDB server: its address as one profile."""
    for address in start_database("mariadb"):
        yield {name: address[name] for name in ("host", "port", "database", "user", "password")}


@pytest.fixture
def mysql(mariadb: dict[str, Any]) -> Iterator[Any]:
    """A cursor on MariaDB for preparing data; every statement commits."""
    with pymysql.connect(**mariadb, autocommit=True) as connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def my_profiles(mariadb: dict[str, Any], tmp_path: Path) -> Path:
    """A profiles file with the key `my`."""
    path = tmp_path / "my-profiles.json"
    path.write_text(json.dumps({"my": mariadb}))
    return path

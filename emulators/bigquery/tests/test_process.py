"""The process: what it prints, when it ends, and what it keeps."""

from __future__ import annotations

import io
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.api_core import exceptions
from google.cloud import bigquery

from serving import SOURCES, Emulator, emulator


def test_it_says_where_it_listens_and_has_the_sample(tmp_path: Path) -> None:
    with emulator(tmp_path) as served:
        assert served.ready["event"] == "ready"
        sql = "SELECT word, word_count, corpus, corpus_date FROM `bigquery-public-data.samples.shakespeare`"
        assert served.client().query(f"{sql} LIMIT 3").result().total_rows == 3


def test_it_ends_when_its_standard_input_closes(tmp_path: Path) -> None:
    served = Emulator(tmp_path, "--exit-with-parent")
    served.process.communicate(timeout=30)
    assert served.process.returncode == 0


def test_sigterm_ends_it_with_0(tmp_path: Path) -> None:
    served = Emulator(tmp_path)
    served.process.send_signal(signal.SIGTERM)
    served.process.communicate(timeout=30)
    assert served.process.returncode == 0


def test_a_folder_is_served_by_one_process_at_a_time(tmp_path: Path) -> None:
    with emulator(tmp_path), pytest.raises(AssertionError, match="another BigQuery emulator"):
        Emulator(tmp_path)


def test_help_names_every_flag() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "bigquery_emulator", "--help"],
        env={"PYTHONPATH": str(SOURCES)}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for flag in ("--folder", "--host", "--port", "--answer-after", "--exit-with-parent"):
        assert flag in told


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    with emulator(tmp_path) as served:
        client = served.client()
        client.create_dataset("d")
        table = bigquery.Table("p.d.t", [bigquery.SchemaField("id", "INTEGER", description="key")])
        table.labels = {"a": "b"}
        client.create_table(table)
        client.query("INSERT INTO d.t (id) VALUES (1), (2)").result()
        client.query("SELECT id FROM d.t ORDER BY id", job_id="kept", job_retry=None).result()
    with emulator(tmp_path) as served:
        client = served.client()
        found = client.get_table("p.d.t")
        assert (found.labels, found.schema[0].description, found.num_rows) == ({"a": "b"}, "key", 2)
        assert [row.id for row in client.get_job("kept").result()] == [1, 2]
        with pytest.raises(exceptions.Conflict):
            client.query("SELECT 1", job_id="kept", job_retry=None)


def test_sigkill_at_any_moment_leaves_each_job_whole_or_undone(tmp_path: Path) -> None:
    """Each job appends its number 1,000 times; a transaction script moves a counter in step."""
    answered: set[int] = set()
    number = 0
    for _ in range(4):
        with emulator(tmp_path) as served:
            client = served.client()
            client.create_dataset("d", exists_ok=True)
            for name in ("t", "total"):
                schema = [bigquery.SchemaField("n", "INTEGER")]
                client.create_table(bigquery.Table(f"p.d.{name}", schema), exists_ok=True)
            killer = threading.Timer(1.0 + random.random() / 2, served.process.kill)
            killer.start()
            while killer.is_alive():
                number += 1
                if _run(client, number):
                    answered.add(number)
            killer.join()
    assert answered
    with emulator(tmp_path) as served:
        client = served.client()
        for _ in range(100):  # what was accepted is run again
            if all(job.state == "DONE" for job in client.list_jobs()):
                break
            time.sleep(0.1)
        counted = {row.n: row.c for row in client.query("SELECT n, count(*) c FROM d.t GROUP BY n").result()}
        totals = [row.n for row in client.query("SELECT n FROM d.total").result()]
        assert set(counted.values()) == {1000}
        assert sorted(totals) == sorted(n for n in counted if n % 2)
        assert answered <= set(counted)
        for each in counted:
            assert client.get_job(f"job-{each}").state == "DONE"
            with pytest.raises(exceptions.Conflict):
                client.query("SELECT 1", job_id=f"job-{each}", retry=None, job_retry=None)


def pairs(first: int, second: int) -> str:
    """A query that takes a while."""
    return (
        f"SELECT count(*) AS n FROM UNNEST(GENERATE_ARRAY(1, {first})) a, "
        f"UNNEST(GENERATE_ARRAY(1, {second})) b WHERE MOD(a * b, 7) = 3"
    )


def _run(client: Any, number: int) -> bool:
    options: dict[str, Any] = {"job_id": f"job-{number}", "retry": None, "timeout": 5}
    try:
        if number % 2:
            sql = f"""BEGIN TRANSACTION;
              INSERT INTO d.t (n) SELECT {number} FROM UNNEST(GENERATE_ARRAY(1, 1000));
              INSERT INTO d.total (n) VALUES ({number}); COMMIT TRANSACTION;"""
            client.query(sql, job_retry=None, **options).result(retry=None, timeout=5)
        else:
            stream = io.BytesIO()
            pq.write_table(pa.table({"n": pa.array([number] * 1000, pa.int64())}), stream)
            stream.seek(0)
            config = bigquery.LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_APPEND")
            del options["retry"]
            client.load_table_from_file(
                stream, "p.d.t", size=stream.getbuffer().nbytes, num_retries=0, job_config=config, **options
            ).result(retry=None, timeout=5)
    except Exception:
        return False
    return True


def test_a_job_that_was_accepted_is_run_after_sigkill(tmp_path: Path) -> None:
    served = Emulator(tmp_path, "--answer-after", "0")
    client = served.client()
    client.create_dataset("d")
    job = client.query(f"CREATE TABLE d.t AS {pairs(30_000, 20_000)}", job_id="slow", job_retry=None)
    assert job.state == "RUNNING"
    with pytest.raises(exceptions.Conflict):
        client.query("SELECT 1", job_id="slow", job_retry=None, retry=None)
    served.kill()
    with emulator(tmp_path) as again:
        client = again.client()
        assert client.get_job("slow").state in ("RUNNING", "DONE")
        client.get_job("slow").result(timeout=120)
        assert client.get_table("p.d.t").num_rows == 1


def test_many_clients_take_one_job_id_once(tmp_path: Path) -> None:
    with emulator(tmp_path) as served:
        served.client().create_dataset("d")
        served.client().query("CREATE TABLE d.t (n INT64)").result()
        outcomes: list[str] = []

        def insert(number: int) -> None:
            sql = f"INSERT INTO d.t (n) VALUES ({number})"
            try:
                served.client().query(sql, job_id="once", job_retry=None, retry=None).result()
                outcomes.append("ran")
            except exceptions.Conflict:
                outcomes.append("refused")

        threads = [threading.Thread(target=insert, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["ran", *["refused"] * 7]
        assert served.client().get_table("p.d.t").num_rows == 1


def test_of_two_transactions_on_one_table_one_is_aborted_and_appends_are_not(tmp_path: Path) -> None:
    with emulator(tmp_path, "--answer-after", "0") as served:
        client = served.client()
        client.create_dataset("d")
        client.query("CREATE TABLE d.t AS SELECT 1 AS n").result()
        script = "BEGIN TRANSACTION; UPDATE d.t SET n = n + {} WHERE TRUE; COMMIT TRANSACTION;"
        first = client.query(
            script.format(f"0 * ({pairs(30_000, 10_000)}) + 1"), job_id="first", job_retry=None
        )
        append = client.query("INSERT INTO d.t (n) VALUES (100)", job_id="append", job_retry=None)
        second = client.query(script.format("10"), job_id=str(uuid.uuid4()), job_retry=None)
        append.result()
        committed = []
        for job, step in ((first, 1), (second, 10)):
            try:
                job.result()
                committed.append(step)
            except exceptions.BadRequest as error:
                assert "due to concurrent update against table p:d" in str(error)
        (step,) = committed
        rows = sorted(row.n for row in client.query("SELECT n FROM d.t").result())
        # The appended row comes before the transaction or after it.
        assert rows in ([1 + step, 100], [1 + step, 100 + step])

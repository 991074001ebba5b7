"""Connects to MySQL: pymysql for questions and windows (stream.py), connectorx for other rows.

All only read, in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pymysql

from beam_pipeline.connections import Connection
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.source.mysql import failures

DEFAULT_PORT = 3306
CONNECT_SECONDS = 15
BATCH_ROWS = 32768
WAIT_SECONDS = 3600

SETTINGS = ("SET SESSION TRANSACTION READ ONLY", "SET SESSION time_zone = '+00:00'")


def open_control(connection: Connection) -> pymysql.connections.Connection[Any]:
    """Opens a connection for questions.

    Raises:
        BeamlineError: Classified, from the server or the network.
    """
    if connection.sslmode not in (None, "disable", "prefer"):
        raise ConfigError(
            f"{connection.name}: the `mysql` source cannot use TLS yet, so sslmode `{connection.sslmode}` "
            "cannot be kept; allowed are disable and prefer"
        )
    with failures.named(connection):
        control = pymysql.connect(
            host=connection.host,
            port=connection.port or DEFAULT_PORT,
            user=connection.user,
            password=connection.password,
            database=connection.database,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            autocommit=True,
        )
        with control.cursor() as cursor:
            for setting in SETTINGS:
                cursor.execute(setting)
    return control


def wait_for_reader(control: pymysql.connections.Connection[Any]) -> None:
    """Lets the server wait for a reader that is slower than it: what follows a read may take its time."""
    with control.cursor() as cursor:
        cursor.execute(f"SET SESSION net_write_timeout = {WAIT_SECONDS}")


def batches(connection: Connection, query: str) -> Iterator[Any]:
    """Runs a query and yields its record batches, in connectorx's own types."""
    import connectorx

    user, password, database = (
        quote(text, safe="") for text in (connection.user, connection.password, connection.database)
    )
    place = f"{connection.host}:{connection.port or DEFAULT_PORT}/{database}"
    with failures.named(connection):
        yield from connectorx.read_sql(
            # Not through a socket that the server names: it may be another machine's.
            f"mysql://{user}:{password}@{place}?prefer_socket=false",
            query,
            return_type="arrow_stream",
            batch_size=BATCH_ROWS,
            pre_execution_query=list(SETTINGS),
        )

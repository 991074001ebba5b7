"""Connects to PostgreSQL: psycopg for questions, ADBC for rows.

Both get the same settings, inside the one read-only transaction of the connection, so that a pooler
which hands connections around (PgBouncer) keeps nothing of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from beam_pipeline.connect.connections import Connection
from beam_pipeline.modules.source.postgres.connection import failures, tls

DEFAULT_PORT = 5432
CONNECT_SECONDS = 15
BATCH_BYTES = 8 << 20

# The time zone of no value must depend on the server's settings, and no float must be rounded. How dates,
# intervals and bytes are written is left as the database or the role has it: `as_text` is the server's own.
SETTINGS = (
    "SET LOCAL client_encoding TO 'UTF8'",
    "SET LOCAL timezone TO 'UTC'",
    "SET LOCAL extra_float_digits TO 1",
    "SET LOCAL xmloption TO 'content'",
    # A backslash in a text is a character of it, so that everybody finds the same end of a query.
    "SET LOCAL standard_conforming_strings TO on",
    # The holder of a snapshot does nothing while others read.
    "SET LOCAL idle_in_transaction_session_timeout TO 0",
    # A query must not run on when this process was cancelled or killed: since PostgreSQL 14, a server on
    # Linux can look whether its client is still there while it works.
    "SELECT set_config(name, '2s', true) FROM pg_settings"
    " WHERE name = 'client_connection_check_interval' AND version() LIKE '%linux%'",
)


def open_control(connection: Connection, application: str) -> psycopg.Connection[Any]:
    """Opens a connection for questions, in a read-only transaction of one snapshot.

    Raises:
        BeamlineError: Classified, from the server or the network.
    """
    with failures.named(connection):
        with conninfo(connection, application) as address:
            control = psycopg.connect(address, autocommit=True, prepare_threshold=None)
        control.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for setting in SETTINGS:
            control.execute(setting)
    return control


@contextlib.contextmanager
def open_stream(connection: Connection, application: str, snapshot: str | None) -> Iterator[Any]:
    """Yields an ADBC cursor in a read-only transaction of one snapshot.

    Args:
        connection: Where to connect.
        application: What the server's list of sessions shows.
        snapshot: An exported snapshot to read as of, whose holder is still connected.

    Raises:
        BeamlineError: Classified, from the server or the network; also what the block raises.
    """
    from adbc_driver_postgresql import StatementOptions, dbapi

    with failures.named(connection):
        # With autocommit off, the driver itself begins the transaction.
        with conninfo(connection, application) as address:
            stream = dbapi.connect(address)
        try:
            with stream.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                if snapshot is not None:
                    cursor.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
                for setting in SETTINGS:
                    cursor.execute(setting)
                cursor.adbc_statement.set_options(
                    **{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(BATCH_BYTES)}
                )
                yield cursor
        finally:
            # Closing fails, too, where the connection broke: the first error is the one to tell.
            with contextlib.suppress(Exception):
                stream.close()


def batches(cursor: Any, query: str) -> Iterator[Any]:
    """Runs a query and yields its record batches, in ADBC's own types."""
    cursor.execute(query)
    with cursor.fetch_record_batch() as reader:
        yield from reader


@contextlib.contextmanager
def conninfo(connection: Connection, application: str) -> Iterator[str]:
    """Yields libpq's connection string, which holds the password; it is of use inside of the block only.

    Raises:
        ConfigError: TLS is wanted in a way that cannot be.
    """
    with tls.options(connection) as options:
        yield make_conninfo(
            host=connection.host,
            port=connection.port or DEFAULT_PORT,
            dbname=connection.database,
            user=connection.user,
            password=connection.password or None,
            **options,
            application_name=application[:63],
            connect_timeout=CONNECT_SECONDS,
            # A server that vanished without a word is noticed within a minute and a half.
            keepalives=1,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=6,
        )

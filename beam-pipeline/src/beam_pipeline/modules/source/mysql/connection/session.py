"""Opens connections to MySQL and MariaDB that only read, in UTC."""

from __future__ import annotations

from beam_pipeline.connect.connections import Connection
from beam_pipeline.modules.source.mysql.connection import failures
from beam_pipeline.modules.source.mysql.connection.client import Client

WAIT_SECONDS = 3600

SETTINGS = ("SET SESSION TRANSACTION READ ONLY", "SET SESSION time_zone = '+00:00'")


def open_client(connection: Connection) -> Client:
    """Opens a connection.

    Raises:
        BeamlineError: Classified, from the server or the network.
    """
    with failures.connecting(connection):
        client = Client(connection)
    try:
        with failures.named(connection):
            for setting in SETTINGS:
                client.ask(setting)
    except BaseException:
        client.abandon()
        raise
    return client


def wait_for_reader(client: Client) -> None:
    """Lets the server wait for a reader that is slower than it: what follows a read may take its time."""
    client.ask(f"SET SESSION net_write_timeout = {WAIT_SECONDS}")

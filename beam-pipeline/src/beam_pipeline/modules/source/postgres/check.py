"""Tries a connection to PostgreSQL."""

from __future__ import annotations

import psycopg

from beam_pipeline.connect.connections import Connection
from beam_pipeline.modules.source.postgres.connection import failures, session


def check(connection: Connection) -> str:
    """Connects once.

    Returns:
        What answered.

    Raises:
        BeamlineError: Classified, from the server or the network.
    """
    with (
        failures.named(connection),
        session.conninfo(connection, "beamline check") as address,
        psycopg.connect(address) as control,
    ):
        number = control.info.server_version
        return f"PostgreSQL {number // 10000}.{number % 10000}"

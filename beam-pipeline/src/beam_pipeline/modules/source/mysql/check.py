"""Tries a connection to MySQL or MariaDB."""

from __future__ import annotations

from beam_pipeline.connect.connections import Connection
from beam_pipeline.modules.source.mysql.connection import session


def check(connection: Connection) -> str:
    """Connects once.

    Returns:
        What answered.

    Raises:
        BeamlineError: Classified, from the server or the network.
    """
    client = session.open_client(connection)
    # MariaDB says that first for old clients.
    version = client.server_version.removeprefix("5.5.5-")
    client.close()
    return version.replace("-", " ", 1) if "MariaDB" in version else f"MySQL {version}"

"""Tries a connection to MySQL or MariaDB."""

from __future__ import annotations

from beam_pipeline.connections import Connection
from beam_pipeline.modules.source.mysql import session


def check(connection: Connection) -> str:
    """Connects once.

    Returns:
        What answered.

    Raises:
        BeamlineError: Classified, from the server or the network.
    """
    control = session.open_control(connection)
    try:
        version = str(control.get_server_info())  # type: ignore[no-untyped-call]
    finally:
        control.close()
    return version.replace("-", " ", 1) if "MariaDB" in version else f"MySQL {version}"

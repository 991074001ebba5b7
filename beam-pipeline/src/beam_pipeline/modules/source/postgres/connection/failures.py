"""Names what PostgreSQL, libpq and ADBC raise by who must act."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import psycopg

from beam_pipeline import errors
from beam_pipeline.connect.connections import Connection
from beam_pipeline.sql import sql_text

# By SQLSTATE, or its first two characters (the class).
_BY_STATE: dict[str, type[errors.BeamlineError]] = {
    "08": errors.ConnectionLost,
    "22": errors.DataError,  # division by zero, invalid text: the query meets such data
    "25006": errors.ConfigError,  # read-only transaction
    "28": errors.AuthenticationError,
    "3D": errors.AuthenticationError,  # no such database
    "40": errors.ConnectionLost,  # serialization failure, deadlock: another attempt may work
    "42501": errors.PermissionDenied,
    "42": errors.SqlError,
    "53100": errors.StorageFull,  # the server's own disk
    "53": errors.ConnectionLost,  # too many connections, out of memory
    "54": errors.ConfigError,  # a limit of the server: too many columns, a statement too complex
    "57014": errors.ConfigError,  # statement_timeout
    "57": errors.ConnectionLost,  # shutting down, starting up
    "58": errors.ConnectionLost,
}

# libpq says without a SQLSTATE why it could not connect.
_BY_TEXT: tuple[tuple[str, type[errors.BeamlineError], str], ...] = (
    (r"could not translate host name|Name or service not known", errors.ConnectionLost,
     "the host name cannot be resolved"),
    (r"Connection refused|No such file or directory", errors.ConnectionLost,
     "nothing answers at that host and port"),
    (r"timeout expired|timed out", errors.ConnectionLost, "the server did not answer in time"),
    (r"password authentication failed|authentication failed", errors.AuthenticationError,
     "the server refused the user or the password"),
    (r"no password supplied|fe_sendauth", errors.AuthenticationError,
     "the server wants a password and the profile has none"),
    (r"no pg_hba\.conf entry|is not permitted to log in", errors.AuthenticationError,
     "the server does not let this user in"),
    (r'role ".*" does not exist', errors.AuthenticationError, "the server has no such user"),
    (r'database ".*" does not exist', errors.AuthenticationError,
     "the server has no such database"),
    (r"permission denied for database", errors.AuthenticationError,
     "the user may not connect to that database"),
    (r"SSL|certificate", errors.ResourceError, "TLS could not be agreed"),
)  # fmt: skip

_BROKEN = re.compile(
    r"server closed the connection|connection to server was lost|connection not open"
    r"|no connection to the server|terminating connection|SSL SYSCALL|could not receive data"
    r"|connection reset|the connection is lost|consuming input failed|invalid snapshot identifier"
    r"|broken pipe",
    re.IGNORECASE,
)


@contextlib.contextmanager
def named(connection: Connection, query: str | None = None) -> Iterator[None]:
    """Raises the errors of the block as ours.

    Args:
        connection: Whose server the block talks to.
        query: The statement that the block runs, to show the place of an error in it.
    """
    try:
        yield
    except psycopg.Error as error:
        raise _of_psycopg(error, connection, query) from error
    except Exception as error:
        if not _is_adbc(error):
            raise
        raise of_adbc(error, connection, query) from error


def of_adbc(error: Exception, connection: Connection, query: str | None) -> errors.BeamlineError:
    """Names an error of the ADBC driver, or of Arrow where ADBC fails inside a stream."""
    text = _first_line(str(error))
    state = getattr(error, "sqlstate", None)
    if "lower bound" in text:
        return errors.DataError(
            "an array does not begin at index 1, which no column of lists can hold; read that "
            "column as text (`as_text`) or cast it in the query",
            cause=text,
        )
    if state is None and "PGRES_FATAL_ERROR" in str(error) and not _BROKEN.search(str(error)):
        # While rows are streamed the driver loses the SQLSTATE; the query itself was fine before.
        return errors.DataError(f"{connection.place}: the server stopped the query: {text}")
    return _classify(text, state, None, connection, query)


def _of_psycopg(error: psycopg.Error, connection: Connection, query: str | None) -> errors.BeamlineError:
    text = _first_line(error.diag.message_primary or str(error))
    position = error.diag.statement_position
    offset = int(position) - 1 if position else None
    if query is not None and error.diag.message_hint:
        text += f" ({error.diag.message_hint})"
    return _classify(text, error.sqlstate, offset, connection, query)


def _classify(
    text: str, state: str | None, offset: int | None, connection: Connection, query: str | None
) -> errors.BeamlineError:
    place = connection.place
    if state:
        kind = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
        if kind is errors.SqlError and offset is not None and query is not None:
            return errors.SqlError(*sql_text.placed(text, query, offset))
        if kind is not None:
            return kind(f"{place}: {text}", cause=f"SQLSTATE {state}")
    if _BROKEN.search(text):
        return errors.ConnectionLost(f"{place}: the connection broke: {text}")
    for pattern, kind, reason in _BY_TEXT:
        if re.search(pattern, text):
            return kind(f"{place}: {reason}: {text}")
    if state:
        return errors.InternalError(f"{place}: {text}", cause=f"SQLSTATE {state}")
    return errors.ConnectionLost(f"{place}: {text}")


def _is_adbc(error: Exception) -> bool:
    import adbc_driver_manager
    import pyarrow as pa

    return isinstance(error, (adbc_driver_manager.Error, pa.ArrowException, OSError))


def _first_line(text: str) -> str:
    """What the server or libpq said, without what the driver put around it."""
    line = text.strip().split("\n")[0]
    return re.sub(r"^.*?(?:ERROR|FATAL|PANIC): +|^(?:[A-Z_]+: )?\[libpq\] ", "", line).strip()

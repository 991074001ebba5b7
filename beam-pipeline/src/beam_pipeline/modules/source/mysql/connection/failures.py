"""Names what MySQL, asyncmy and TLS raise by who must act."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Iterator

from asyncmy.errors import MySQLError

from beam_pipeline import errors
from beam_pipeline.connect.connections import Connection
from beam_pipeline.sql import sql_text

_BY_NUMBER: dict[int, type[errors.BeamlineError]] = {
    **dict.fromkeys((1044, 1045, 1049, 1130, 1251, 1698, 1862, 2059, 4151), errors.AuthenticationError),
    **dict.fromkeys((1142, 1143, 1227, 1370), errors.PermissionDenied),
    **dict.fromkeys(
        (1040, 1053, 1080, 1158, 1159, 1160, 1161, 1184, 1203, 1205, 1213, 1226, 1317, 1927, 2003, 2006,
         2013, 2055), errors.ConnectionLost,
    ),
    **dict.fromkeys((1021, 1114), errors.StorageFull),
    **dict.fromkeys((1060, 1290, 1792, 1969, 3024), errors.ConfigError),
    **dict.fromkeys((1242, 1264, 1292, 1365, 1366, 1406, 1411, 1690, 3140, 3141), errors.DataError),
}  # fmt: skip
_SYNTAX = 1064

_UNREACHABLE = (
    (r"Name or service not known|getaddrinfo|nodename nor servname|Temporary failure in name",
     "the host name cannot be resolved"),
    (r"refused|Errno (?:111|61)\b|No such file or directory", "nothing answers at that host and port"),
    (r"timed out|Errno (?:110|60)\b", "the server did not answer in time"),
)  # fmt: skip


@contextlib.contextmanager
def named(connection: Connection, query: str | None = None) -> Iterator[None]:
    """Raises the errors of the block as ours.

    Args:
        connection: Whose server the block talks to.
        query: The statement that the block runs, to show the place of an error in it.
    """
    try:
        yield
    except MySQLError as error:
        number, text = _parts(error)
        raise _classify(number, text, connection, query) from error
    except (OSError, asyncio.IncompleteReadError) as error:
        raise errors.ConnectionLost(f"{connection.place}: the connection broke: {error}") from error


@contextlib.contextmanager
def connecting(connection: Connection) -> Iterator[None]:
    """The same while a connection is opened: then TLS may be at fault, which no other attempt mends."""
    try:
        with named(connection):
            try:
                yield
            except TimeoutError as error:
                raise errors.ConnectionLost(
                    f"{connection.place}: the server did not answer in time"
                ) from error
            except (MySQLError, OSError) as error:
                refused = _tls_error(error, connection)
                if refused is None:
                    raise
                raise refused from error
    except errors.AuthenticationError as error:
        raise _with_advice(error, connection) from error


@contextlib.contextmanager
def wrapped() -> Iterator[None]:
    """For a query that is right by itself, and now a part of another one."""
    try:
        yield
    except MySQLError as error:
        number, text = _parts(error)
        if number != _SYNTAX:
            raise
        raise errors.ConfigError(
            "the query must be a SELECT (or VALUES, TABLE, WITH … SELECT) that may stand in the place of a "
            f"table, as in `SELECT * FROM (query) AS t`: {_short(text)}"
        ) from error


def _parts(error: MySQLError) -> tuple[int, str]:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return number, str(error.args[1]) if len(error.args) > 1 else str(error)


def _tls_error(error: BaseException, connection: Connection) -> errors.BeamlineError | None:
    place = connection.place
    beneath: BaseException | None = error
    while beneath is not None:
        if isinstance(beneath, ssl.SSLCertVerificationError):
            reason = beneath.verify_message.removesuffix(".")
            return errors.ResourceError(
                f"{place}: the server's certificate is not accepted: {reason}; see `ssl_mode` and `ssl_ca` "
                "of the profile, or renew the server's certificate"
            )
        if isinstance(beneath, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return None
        if isinstance(beneath, ssl.SSLError):
            return errors.ResourceError(f"{place}: TLS could not be agreed with the server: {beneath}")
        beneath = beneath.__cause__ or beneath.__context__
    # What the server says after the handshake, where it does not take the client's certificate.
    if re.search(r"\balert\b|ALERT_", str(error)):
        return errors.ResourceError(
            f"{place}: the server does not accept the client's certificate; see `ssl_cert` and `ssl_key` of "
            f"the profile: {error}"
        )
    return None


def _with_advice(error: errors.AuthenticationError, connection: Connection) -> errors.AuthenticationError:
    if "ssl_cert" in connection.tls or "Access denied" not in error.message:
        return error
    advice = "a user may also be bound to TLS or to a certificate: see `ssl_mode`, `ssl_cert` and `ssl_key`"
    return errors.AuthenticationError(f"{error.message} ({advice})", cause=error.cause)


def _classify(number: int, text: str, connection: Connection, query: str | None) -> errors.BeamlineError:
    place = connection.place
    if number == 2003:
        for pattern, reason in _UNREACHABLE:
            if re.search(pattern, text):
                return errors.ConnectionLost(f"{place}: {reason}: {text}")
    kind = _BY_NUMBER.get(number)
    if kind is None and number == 0:
        kind = errors.ConnectionLost
    if kind is not None:
        return kind(f"{place}: {text}", cause=f"error {number}")
    return _sql_error(text, query)


def _sql_error(text: str, query: str | None) -> errors.SqlError:
    """MySQL says no position, only the text from there on, or the name at fault."""
    short = _short(text)
    offset = None
    if query is not None:
        near = re.search(r"near '(.*)' at line (\d+)", text, re.DOTALL)
        name = re.search(r"(?:column|Column|Table|FUNCTION|table) '([^']+)'", text)
        if near and near[1]:
            offset = query.find(near[1])
        elif near:
            offset = len(query.rstrip())
        elif name:
            last = re.escape(name[1].split(".")[-1])
            found = re.search(rf"(?<!\w){last}(?!\w)", query)
            offset = found.start() if found else None
    if offset is None or offset < 0 or query is None:
        return errors.SqlError(short)
    return errors.SqlError(*sql_text.placed(short, query, offset))


def _short(text: str) -> str:
    return re.sub(r"; check the manual that corresponds to .*? for the right syntax to use", "", text)

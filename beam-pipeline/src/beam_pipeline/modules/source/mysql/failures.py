"""Names what MySQL, pymysql and connectorx raise by who must act."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pymysql

from beam_pipeline import errors, sql_text
from beam_pipeline.connections import Connection

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
_SQL_CLASSES = ("42", "HY", "21", "3F")

_UNREACHABLE = (
    (r"Name or service not known|getaddrinfo|nodename nor servname|Temporary failure in name",
     "the host name cannot be resolved"),
    (r"refused", "nothing answers at that host and port"),
    (r"timed out", "the server did not answer in time"),
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
    except pymysql.MySQLError as error:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        text = str(error.args[1]) if len(error.args) > 1 else str(error)
        raise _classify(number, None, text, connection, query) from error
    except BaseException as error:
        if not _is_connectorx(error):
            raise
        found = re.search(r"ERROR (\d+) \((\w+)\): (.*?)(?: \}\)*)?$", str(error), re.DOTALL)
        if found is None:
            text = str(error).split("\n")[0]
            raise errors.ConnectionLost(f"{_place(connection)}: the connection broke: {text}") from error
        raise _classify(int(found[1]), found[2], found[3], connection, query) from error


def _classify(
    number: int, state: str | None, text: str, connection: Connection, query: str | None
) -> errors.BeamlineError:
    place = _place(connection)
    if number == 2003:
        for pattern, reason in _UNREACHABLE:
            if re.search(pattern, text):
                return errors.ConnectionLost(f"{place}: {reason}: {text}")
    kind = _BY_NUMBER.get(number)
    if kind is None and state is not None and not state.startswith(_SQL_CLASSES):
        kind = errors.ConnectionLost if state.startswith("08") else errors.DataError
    if kind is None and number == 0:
        kind = errors.ConnectionLost
    if kind is not None:
        return kind(f"{place}: {text}", cause=f"error {number}")
    return _sql_error(text, query)


def _sql_error(text: str, query: str | None) -> errors.SqlError:
    """MySQL says no position, only the text from there on, or the name at fault."""
    short = re.sub(r"; check the manual that corresponds to .*? for the right syntax to use", "", text)
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
    position, shown = sql_text.excerpt(query, offset)
    return errors.SqlError(
        f"{short}, at line {position['line']}, column {position['column']}:\n{shown}", position
    )


def _is_connectorx(error: BaseException) -> bool:
    # A PanicException is no Exception, and its class cannot be imported.
    return isinstance(error, RuntimeError) or type(error).__name__ == "PanicException"


def _place(connection: Connection) -> str:
    return f"{connection.name} ({connection.host}, database {connection.database})"

"""One connection to MySQL or MariaDB, whose answers are waited for: asyncmy behind plain functions.

Its calls may come from any thread, one at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from asyncmy import errors
from asyncmy.connection import Connection as Link
from asyncmy.constants import CLIENT
from asyncmy.cursors import SSCursor

from beam_pipeline.connect.connections import Connection
from beam_pipeline.errors import ResourceError
from beam_pipeline.modules.source.mysql.connection.tls import Mode, Tls, wanted

T = TypeVar("T")
Row = tuple[Any, ...]

DEFAULT_PORT = 3306
CONNECT_SECONDS = 15


@dataclass(frozen=True)
class Limits:
    """How many rows are handed over at a time.

    Attributes:
        rows: At most so many.
        size: Or as many as hold this in the columns `wide`.
        wide: Places of the columns that are measured.
    """

    rows: int
    size: int
    wide: Sequence[int]


class Client:
    """A connection, open until `close` or `abandon`.

    Args:
        connection: Where to connect.

    Raises:
        ResourceError: TLS is wanted in a way that cannot be.
        asyncmy.errors.MySQLError: The server or the network refused.
        OSError: The same, from below.
    """

    def __init__(self, connection: Connection) -> None:
        tls = wanted(connection)
        if "," in connection.host:
            raise ResourceError(f"{connection.name}: `host` names several servers; a MySQL profile names one")
        self._loop = asyncio.new_event_loop()
        try:
            self._link = self._wait(_connected(connection, tls))
        except BaseException:
            self._loop.close()
            raise

    @property
    def server_version(self) -> str:
        """As the server writes it."""
        return str(self._link.get_server_info())

    def ask(self, statement: str) -> list[Row]:
        """Runs a statement and returns all rows, which are few."""
        return self._wait(_ask(self._link, statement))

    def bind(self, statement: str, values: Sequence[Any]) -> list[Row]:
        """Runs a statement with `?` in place of each value; the server binds them, they are in no text."""
        return self._wait(_execute(self._link, statement, values))[0]

    def describe(self, statement: str) -> list[Any]:
        """The fields of a statement that returns no rows: `name`, `type_code`, `length`, `flags`, … each."""
        return self._wait(_execute(self._link, statement, ()))[1]

    def count_parameters(self, statement: str) -> int:
        """Lets the server parse a statement, and counts the `?` in it."""
        return self._wait(_parameters(self._link, statement))

    def read(
        self, statement: str, take: Callable[[list[Row]], None], limits: Callable[[list[int]], Limits]
    ) -> None:
        """Runs a statement and hands over its rows, some at a time.

        While they are taken nothing is received: the driver holds what it read at once, less than 1 MB or one
        row, and the server waits.

        Args:
            statement: What to run.
            take: Gets some rows, in their order.
            limits: Of each time, from how many characters, or bytes, the values of each column may have.
        """
        self._wait(_read(self._link, statement, take, limits))

    def close(self) -> None:
        """Says goodbye to the server."""
        self._end(self._link.ensure_closed())

    def abandon(self) -> None:
        """Lets go of the connection, also after half of the rows, when nobody would answer."""
        self._link.close()
        self._end(asyncio.sleep(0))

    def _end(self, last: Coroutine[Any, Any, Any]) -> None:
        try:
            # The first error is the one to tell.
            with contextlib.suppress(errors.MySQLError, OSError, TimeoutError):
                self._wait(asyncio.wait_for(last, CONNECT_SECONDS))
        finally:
            self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)


async def _connected(connection: Connection, tls: Tls) -> Link:
    link = _link(connection, tls)
    try:
        await asyncio.wait_for(link.connect(), CONNECT_SECONDS)
    except BaseException as error:
        # Zero where the server said nothing yet.
        offered = getattr(link, "server_capabilities", 0)
        if tls.context is None or not offered or offered & CLIENT.SSL:
            if tls.context is not None and tls.shows_own and isinstance(error, errors.OperationalError):
                await _try_by_older_rules(connection, tls)
            raise
        if tls.mode is not Mode.PREFERRED:
            raise ResourceError(
                f"{connection.name} ({connection.host}): the server offers no TLS, and ssl_mode is "
                f"{tls.mode.value}; set up TLS on the server, or write ssl_mode DISABLED"
            ) from None
    else:
        return link
    link = _link(connection, Tls(Mode.DISABLED, None))
    await asyncio.wait_for(link.connect(), CONNECT_SECONDS)
    return link


async def _try_by_older_rules(connection: Connection, tls: Tls) -> None:
    """Raises why the server does not take the client's certificate, if that is why the connection broke.

    In TLS 1.3 the handshake is over for the client before the server looks at its certificate; what the
    server says of it may be lost when it hangs up. In TLS 1.2 it is a part of the handshake.
    """
    assert tls.context is not None
    tls.context.maximum_version = ssl.TLSVersion.TLSv1_2
    link = _link(connection, tls)
    try:
        await asyncio.wait_for(link.connect(), CONNECT_SECONDS)
    except errors.OperationalError as error:
        if isinstance(error.__cause__, ssl.SSLError):
            raise
    except (OSError, errors.MySQLError):
        return
    finally:
        link.close()


def _link(connection: Connection, tls: Tls) -> Link:
    place = {"unix_socket": connection.host} if connection.host.startswith("/") else {"host": connection.host}
    return Link(
        **place,
        port=connection.port or DEFAULT_PORT,
        user=connection.user,
        # As bytes: the driver would write a text in Latin-1.
        password=connection.password.encode(),
        database=connection.database,
        charset="utf8mb4",
        connect_timeout=CONNECT_SECONDS,
        autocommit=True,
        ssl=tls.context,
    )


async def _ask(link: Link, statement: str) -> list[Row]:
    async with link.cursor() as cursor:
        await cursor.execute(statement)
        return list(await cursor.fetchall() or ())


async def _execute(link: Link, statement: str, values: Sequence[Any]) -> tuple[list[Row], list[Any]]:
    async with await link.prepare(statement) as prepared:
        result = await prepared.execute(tuple(values))
        return list(result.rows or ()), list(result.fields or ())


async def _parameters(link: Link, statement: str) -> int:
    async with await link.prepare(statement) as prepared:
        return int(prepared.parameter_count)


async def _read(
    link: Link, statement: str, take: Callable[[list[Row]], None], limits: Callable[[list[int]], Limits]
) -> None:
    cursor = link.cursor(SSCursor)
    await cursor.execute(statement)
    at_once = limits([int(column[3]) for column in cursor.description or ()])
    while True:
        rows = await (_by_size(cursor, at_once) if at_once.wide else cursor.fetchmany(at_once.rows))
        if not rows:
            return
        take(rows)


async def _by_size(cursor: Any, at_once: Limits) -> list[Row]:
    rows: list[Row] = []
    size = 0
    while len(rows) < at_once.rows and size < at_once.size:
        row = await cursor.fetchone()
        if row is None:
            break
        rows.append(row)
        for column in at_once.wide:
            if row[column] is not None:
                size += len(row[column])
    return rows

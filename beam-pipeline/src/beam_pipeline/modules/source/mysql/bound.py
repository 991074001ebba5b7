"""Runs a statement with parameters that the server binds.

PyMySQL writes parameters into the text of a statement. Here the server prepares the text first, and the
values follow in a message of their own:
https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase_ps.html
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from pymysql.constants import COMMAND, FIELD_TYPE

_LONGEST = 250  # bytes of a value whose length is written in one byte


def execute(control: Any, statement: str, values: Sequence[str]) -> None:
    """Runs one statement that returns no rows.

    Args:
        control: A connection of PyMySQL.
        statement: Its text, with `?` in place of each value.
        values: Texts of at most 250 bytes.

    Raises:
        pymysql.MySQLError: The server refused it.
    """
    control._execute_command(COMMAND.COM_STMT_PREPARE, statement)
    prepared = control._read_packet().get_all_data()
    _, number, columns, parameters = struct.unpack_from("<BIHH", prepared)
    for described in (parameters, columns):
        while described and not control._read_packet().is_eof_packet():
            pass
    assert parameters == len(values)
    control._execute_command(COMMAND.COM_STMT_EXECUTE, _message(number, values))
    control._read_packet()
    control._execute_command(COMMAND.COM_STMT_CLOSE, struct.pack("<I", number))


def _message(number: int, values: Sequence[str]) -> bytes:
    texts = [value.encode() for value in values]
    assert max(map(len, texts)) <= _LONGEST
    without_cursor, once = 0, 1
    none_is_null = bytes((len(texts) + 7) // 8)
    types_follow = b"\x01"
    types = struct.pack("<H", FIELD_TYPE.VAR_STRING) * len(texts)
    written = b"".join(bytes([len(text)]) + text for text in texts)
    return struct.pack("<IBI", number, without_cursor, once) + none_is_null + types_follow + types + written

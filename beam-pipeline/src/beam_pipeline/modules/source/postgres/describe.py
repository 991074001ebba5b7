"""Asks the server which columns a query has, without running it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import pq

from beam_pipeline.connections import Connection
from beam_pipeline.errors import ConfigError, DataError
from beam_pipeline.modules.source.postgres import failures, types
from beam_pipeline.modules.source.postgres.types import Column
from beam_pipeline.registry import did_you_mean

_TYPES = """
SELECT t.oid, t.typname, t.typtype::text, n.nspname, t.typcategory = 'A' AND t.typlen = -1,
       e.typname, e.typtype::text, en.nspname
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
LEFT JOIN pg_catalog.pg_namespace en ON en.oid = e.typnamespace
WHERE t.oid = ANY(%s::oid[])
"""
_NAMES = """
SELECT pg_catalog.format_type(o, m) FROM unnest(%s::oid[], %s::int4[]) WITH ORDINALITY AS c(o, m, i)
ORDER BY i
"""


@dataclass(frozen=True)
class _Field:
    name: str
    oid: int
    modifier: int


def columns_of(control: psycopg.Connection[Any], connection: Connection, query: str) -> list[Column]:
    """Describes the result of a query.

    Raises:
        SqlError: The query is wrong; the message shows where.
        ConfigError: It returns no rows, or two columns have one name.
    """
    with failures.named(connection, query):
        fields = _fields(control, query)
        kinds = control.execute(_TYPES, [[field.oid for field in fields]]).fetchall()
        names = control.execute(
            _NAMES, [[field.oid for field in fields], [field.modifier for field in fields]]
        ).fetchall()
    if not fields:
        raise ConfigError("the query returns no columns; a source's query must be a SELECT")
    twice = [name for name, count in Counter(field.name for field in fields).items() if count > 1]
    if twice:
        raise ConfigError(
            f"the query returns more than one column named {', '.join(f'`{n}`' for n in twice)}; "
            "give each a name of its own with AS"
        )
    by_oid = {kind[0]: kind for kind in kinds}
    return [
        _column(field, by_oid[field.oid], str(name[0])) for field, name in zip(fields, names, strict=True)
    ]


def with_text(columns: list[Column], as_text: list[str]) -> list[Column]:
    """Turns the columns that the config wants as text into text.

    Raises:
        ConfigError: `as_text` names no column of the result.
        DataError: A column that is left has no exact counterpart.
    """
    names = [column.name for column in columns]
    for name in as_text:
        if name not in names:
            near = did_you_mean(name, names)
            raise ConfigError(f"as_text  no column is named `{name}`{near} ({', '.join(names)})")
    chosen = [
        replace(column, mapping=types.PRINTED, is_array=False) if column.name in as_text else column
        for column in columns
    ]
    problems = [
        f"column `{column.name}` ({column.server_type}) {column.problem}"
        for column in chosen
        if column.mapping is None
    ]
    if problems:
        raise DataError("; ".join(problems) + "; or read it as text: list it in `as_text`")
    return chosen


def _fields(control: psycopg.Connection[Any], query: str) -> list[_Field]:
    connection = control.pgconn
    for result in (
        connection.prepare(b"", query.encode()),
        connection.describe_prepared(b""),
    ):
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result, "utf-8")
    return [
        _Field((result.fname(i) or b"").decode(), result.ftype(i), result.fmod(i))
        for i in range(result.nfields)
    ]


def _column(field: _Field, kind: Any, server_type: str) -> Column:
    _, name, typtype, schema, is_array, element, element_kind, element_schema = kind
    if is_array:
        found = types.array(types.scalar(element, element_kind, element_schema, field.modifier))
    else:
        found = types.scalar(name, typtype, schema, field.modifier)
    if isinstance(found, str):
        return Column(field.name, server_type, None, found)
    return Column(field.name, server_type, found, is_array=is_array)

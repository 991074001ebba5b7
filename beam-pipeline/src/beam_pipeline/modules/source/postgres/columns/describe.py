"""Asks the server which columns a query has, without running it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import generators, pq

from beam_pipeline.connect.connections import Connection
from beam_pipeline.errors import ConfigError
from beam_pipeline.modules.source.postgres.columns import types
from beam_pipeline.modules.source.postgres.columns.types import Column
from beam_pipeline.modules.source.postgres.connection import failures
from beam_pipeline.reading import columns as reading

_TYPES = """
SELECT t.oid, t.typname, t.typtype::text, n.nspname, t.typcategory = 'A' AND t.typlen = -1,
       e.typname, e.typtype::text, en.nspname, e.oid
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
LEFT JOIN pg_catalog.pg_namespace en ON en.oid = e.typnamespace
WHERE t.oid = ANY(%s::oid[])
"""
# What is beneath a domain, through every domain that it is over.
_BASES = """
WITH RECURSIVE beneath AS (
  SELECT t.oid AS domain, t.typbasetype AS oid, t.typtypmod AS modifier
  FROM pg_catalog.pg_type t WHERE t.oid = ANY(%s::oid[]) AND t.typtype = 'd'
  UNION ALL
  SELECT b.domain, t.typbasetype, t.typtypmod
  FROM beneath b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd'
)
SELECT b.domain, t.typname, t.typtype::text, n.nspname, b.modifier,
       pg_catalog.format_type(t.oid, b.modifier), t.typcategory = 'A'
FROM beneath b JOIN pg_catalog.pg_type t ON t.oid = b.oid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype <> 'd'
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
        bases = {base[0]: base for base in control.execute(_BASES, [[kind[8] for kind in kinds if kind[8]]])}
    if not fields:
        raise ConfigError("the query returns no columns; a source's query must be a SELECT")
    twice = [name for name, count in Counter(field.name for field in fields).items() if count > 1]
    if twice:
        raise ConfigError(
            f"the query returns more than one column named {', '.join(f'`{n}`' for n in twice)}; "
            "give each a name of its own with AS"
        )
    _check_wrapped(control, connection, query)
    by_oid = {kind[0]: kind for kind in kinds}
    return [
        _column(field, by_oid[field.oid], str(name[0]), bases)
        for field, name in zip(fields, names, strict=True)
    ]


def with_text(columns: list[Column], as_text: list[str]) -> list[Column]:
    """Turns the columns that the config wants as text into text.

    Raises:
        ConfigError: `as_text` names no column of the result.
        DataError: A column that is left has no exact counterpart.
    """
    return reading.with_text(
        columns, as_text, lambda column: replace(column, mapping=types.PRINTED, is_array=False)
    )


def _fields(control: psycopg.Connection[Any], query: str) -> list[_Field]:
    result = _described(control, query)
    if result.nparams:
        raise ConfigError(
            "the query holds a parameter (`$1`), and a source has none; write the value itself, or "
            "`${args.NAME}` in the config"
        )
    return [
        _Field((result.fname(i) or b"").decode(), result.ftype(i), result.fmod(i))
        for i in range(result.nfields)
    ]


def _described(control: psycopg.Connection[Any], query: str) -> Any:
    # Waited for in Python: psycopg's own `describe_prepared` holds up the whole process while no answer
    # comes, which then shows no sign of life and cannot be ended.
    control.pgconn.send_prepare(b"", query.encode())
    _answer(control)
    control.pgconn.send_describe_prepared(b"")
    return _answer(control)


def _answer(control: psycopg.Connection[Any]) -> Any:
    (result,) = control.wait(generators.execute(control.pgconn))
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(result, "utf-8")
    return result


def _check_wrapped(control: psycopg.Connection[Any], connection: Connection, query: str) -> None:
    """A statement with a result that is no SELECT (SHOW, EXPLAIN, … RETURNING) cannot be read from.

    It is described before, so that every other error is about the text as it was written.
    """
    with failures.named(connection), control.transaction(force_rollback=True):
        try:
            _described(control, f"SELECT FROM ({query}\n) AS beamline_query")
        except (psycopg.errors.SyntaxError, psycopg.errors.FeatureNotSupported) as error:
            raise ConfigError(
                "the query must be a SELECT (or VALUES, TABLE, WITH … SELECT) that may stand in the place of "
                f"a table, as in `SELECT * FROM (query) AS t`: {error.diag.message_primary}"
            ) from error


def _column(field: _Field, kind: Any, server_type: str, bases: dict[int, Any]) -> Column:
    _, name, typtype, schema, is_array, element, element_kind, element_schema, element_oid = kind
    if is_array and element_oid in bases:
        found = _array_of_domain(bases[element_oid])
    elif is_array:
        found = types.array(types.scalar(element, element_kind, element_schema, field.modifier))
    else:
        found = types.scalar(name, typtype, schema, field.modifier)
    if isinstance(found, str):
        return Column(field.name, server_type, None, found)
    return Column(field.name, server_type, found, is_array=is_array)


def _array_of_domain(base: Any) -> types.Mapping | str:
    """Read as an array of the type beneath, which the driver knows."""
    _, name, typtype, schema, modifier, server_type, is_array = base
    if is_array:
        return "is an array of arrays, which no column of lists can hold"
    found = types.array(types.scalar(name, typtype, schema, modifier))
    if isinstance(found, str) or found.cast is not None:
        return found
    return types.Mapping(found.arrow, f"{server_type}[]")

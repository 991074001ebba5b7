"""Asks the server which columns a query has, without running it."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from beam_pipeline import errors
from beam_pipeline.connect.connections import Connection
from beam_pipeline.modules.source.mysql.columns.types import Column, Mapping, column_of
from beam_pipeline.modules.source.mysql.connection import failures
from beam_pipeline.modules.source.mysql.connection.client import Client
from beam_pipeline.reading import columns as reading


def columns_of(client: Client, connection: Connection, query: str) -> list[Column]:
    """The columns of a query, which is not run.

    Raises:
        BeamlineError: The SQL or the connection is at fault.
    """
    with failures.named(connection, query):
        # Only checks the text as it was written, so that the place of an error is right.
        parameters = client.count_parameters(query)
    if parameters:
        raise errors.ConfigError(
            "the query holds a `?` outside of a text, which stands for a parameter, and a source has none; "
            "write the value itself, or `${args.NAME}` in the config"
        )
    with failures.named(connection, query), failures.wrapped():
        fields = client.describe(f"SELECT * FROM ({query}\n) AS beamline_query LIMIT 0")
    columns = [column_of(field) for field in fields]
    if any(not column.name.strip() for column in columns):
        raise errors.ConfigError("the query returns a column without a name; give it one with AS")
    return columns


def with_text(columns: list[Column], as_text: list[str]) -> list[Column]:
    """Turns the columns that the config wants as text into text.

    Raises:
        ConfigError: `as_text` names no column of the result.
        DataError: A column that is left has no exact counterpart.
    """
    return reading.with_text(
        columns, as_text, lambda column: replace(column, mapping=Mapping(pa.string(), column.as_text))
    )

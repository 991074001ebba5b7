"""Brings the columns of several files together: the order of the first, types that hold the values of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files.columns.column import Column, declaration
from beam_pipeline.sql.sql_types import sql_type

Wider = Callable[[Any, Any], Any]


class Agreed:
    """The columns that files have in common, file by file: no more is kept than the first one's.

    Args:
        wider: The type that holds the values of two types exactly; None if there is none.
        any_type: What to declare for any value at all.
    """

    def __init__(self, wider: Wider, any_type: str) -> None:
        self._wider = wider
        self._any_type = any_type
        self._first_path = ""
        self._first: list[Column] = []
        self._types: dict[str, Any] = {}

    def add(self, path: str, columns: list[Column]) -> None:
        """Takes the columns of one more file.

        Raises:
            DataError: It differs in its columns, or in types that have nothing in common.
        """
        if not self._first_path:
            self._first_path, self._first = path, columns
            self._types = {column.name: column.type for column in columns}
            return
        names = {column.name for column in columns}
        if names != self._types.keys():
            missing = [name for name in self._types if name not in names]
            extra = [column.name for column in columns if column.name not in self._types]
            raise DataError(
                f"{path}: its columns differ from those of {self._first_path}: "
                + "; ".join(
                    f"{what} {', '.join(found)}"
                    for what, found in (("without", missing), ("also has", extra))
                    if found
                )
            )
        for column in columns:
            self._types[column.name] = self._common(self._types[column.name], column, path)

    def columns(self, settled: Callable[[Any], Any]) -> list[Column]:
        """The columns.

        Args:
            settled: Makes of what is known of a column its type: None is one that had no value wherever we
                looked.
        """
        return [
            Column(column.name, settled(self._types[column.name]), column.declared) for column in self._first
        ]

    def _common(self, one: Any, column: Column, path: str) -> Any:
        other = column.type
        if one is None or other is None or one == other:
            return other if one is None else one
        wider = self._wider(one, other)
        if wider is None:
            raise DataError(
                f"{path}: column `{column.name}` is {sql_type(other)}, but {sql_type(one)} in "
                f"{self._first_path}; files that are read together need one type: declare the column, for "
                f"example {declaration(column.name, self._any_type)}"
            )
        return wider

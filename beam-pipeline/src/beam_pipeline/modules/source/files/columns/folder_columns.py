"""Columns whose values stand in folders' names: `year=2025/carrier=AA/`, as Hive writes them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from beam_pipeline.errors import DataError
from beam_pipeline.modules.source.files.columns import inference
from beam_pipeline.modules.source.files.columns.column import Column, Declared, declaration
from beam_pipeline.sql import exact_cast

# What Hive calls the folder of the rows whose column is NULL.
_NULL = "__HIVE_DEFAULT_PARTITION__"
_FOLDER = re.compile(r"([^=]+)=(.*)", re.DOTALL)

# Texts by column; None for NULL.
Values = dict[str, str | None]


def values_of(path: str, root: str | None) -> Values:
    """The columns that the path of a file holds, below the project's folder.

    Raises:
        DataError: A name stands twice, or is no UTF-8.
    """
    inside = path.removeprefix(f"{root.rstrip('/')}/") if root else path
    found: Values = {}
    for folder in inside.split("/")[:-1]:
        parts = _FOLDER.fullmatch(folder)
        if parts is None:
            continue
        try:
            name, value = unquote(parts[1], errors="strict"), unquote(parts[2], errors="strict")
        except UnicodeDecodeError:
            raise DataError(f"{path}: the folder `{folder}` holds bytes that are no UTF-8") from None
        if name in found:
            raise DataError(f"{path}: two folders hold the column `{name}`")
        found[name] = None if value == _NULL else value
    return found


def columns_of(values: dict[str, Values], declared: Declared) -> list[Column]:
    """The columns of folders, with types that hold the values of all files.

    Args:
        values: The columns of each file.
        declared: Types that the config states.

    Raises:
        DataError: Files differ in the columns of their folders, or a value is not of the declared type.
    """
    first_path, first = next(iter(values.items()), ("", {}))
    for path, found in values.items():
        if list(found) != list(first):
            raise DataError(
                f"{path}: its folders hold the columns {_listed(found)}, those of {first_path} hold "
                f"{_listed(first)}; read them apart, or set `folder_columns: false` to leave them out"
            )
    columns = []
    for name in first:
        texts = list({found[name]: None for found in values.values()})
        kind = declared.get(name) or _inferred(texts)
        column = Column(name, kind, name in declared)
        for path, found in values.items():
            if name in declared and found[name] in texts:
                texts.remove(found[name])
                constant(column, found[name], 0, path)
        columns.append(column)
    return columns


def check_apart(path: str, columns: list[Column], values: Values) -> None:
    """Checks that no column is both in a file and in its folder's name.

    Raises:
        DataError: One is.
    """
    taken = {name.lower() for name in values}
    for column in columns:
        if column.name.lower() in taken:
            raise DataError(
                f"{path}: the column `{column.name}` is in the file and in its folder's name; set "
                "`folder_columns: false` to read the file's"
            )


def constant(column: Column, text: str | None, rows: int, path: str) -> Any:
    """A column that holds one value.

    Raises:
        DataError: The value is not of the column's type.
    """
    try:
        one = exact_cast.cast(pa.array([text], pa.string()), column.type)
    except exact_cast.InexactError as error:
        raise DataError(
            f"{path}: the folder's column `{column.name}` holds `{error.value}`, which is not {column.type}; "
            f"declare another type, for example {declaration(column.name, 'text')}"
        ) from None
    except exact_cast.UnsupportedCastError:
        raise DataError(
            f"{path}: a folder's name cannot hold {column.type}; declare the column `{column.name}` as text"
        ) from None
    return one.take(pa.array([0] * rows, pa.int32()))


def _inferred(texts: list[str | None]) -> Any:
    # The empty text is none but a text.
    return pa.string() if "" in texts else inference.infer(pa.array(texts, pa.string())) or pa.string()


def _listed(names: Values) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"

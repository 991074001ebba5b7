"""Casts Arrow arrays so that no value changes: what does not fit is an error, never rounded."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_INTEGER = r"^[+-]?[0-9]+$"
_INFINITE = r"(?i)^[+-]?inf(inity)?$"
_TIME = r"^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$"
_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_SHOWN_CHARACTERS = 60


class InexactError(Exception):
    """Raised when a value has no exact counterpart in the target type.

    Attributes:
        index: Place of the first such value in the array.
        value: The value as text, shortened.
    """

    def __init__(self, index: int, value: str) -> None:
        super().__init__(index, value)
        self.index = index
        self.value = value


class UnsupportedCastError(Exception):
    """Raised when no cast between the two types is exact for any value."""


def cast(array: Any, target: Any) -> Any:
    """Casts an array; NULL stays NULL.

    `real` and `double` are approximations by nature: a decimal or a double is rounded to the nearest,
    but never to infinity.

    Raises:
        InexactError: Names the first value that does not fit.
        UnsupportedCastError: The types have nothing in common.
    """
    try:
        return _cast(array, target)
    except pa.ArrowNotImplementedError:
        raise UnsupportedCastError from None
    except (pa.ArrowInvalid, ValueError):
        index = _first_failing(array, target)
        raise InexactError(index, shown(array[index].as_py())) from None


def shown(value: Any) -> str:
    """A value for a message, shortened."""
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"


def _first_failing(array: Any, target: Any) -> int:
    start, end = 0, len(array)
    while end - start > 1:
        middle = (start + end) // 2
        try:
            _cast(array.slice(start, middle - start), target)
            start = middle
        except (pa.ArrowInvalid, ValueError):
            end = middle
    return start


def _cast(array: Any, target: Any) -> Any:
    source = array.type
    if source == target:
        return array
    if source == pa.uuid():
        array = pa.array(
            [None if value is None else str(uuid.UUID(bytes=value)) for value in array.storage.to_pylist()],
            pa.string(),
        )
    elif isinstance(source, pa.BaseExtensionType):
        array = array.storage
    if pa.types.is_string(array.type):
        return _parse(array, target)
    if pa.types.is_nested(source) or isinstance(target, pa.BaseExtensionType):
        raise pa.ArrowNotImplementedError
    if pa.types.is_string(target):
        return array.cast(target)
    if pa.types.is_integer(source) and pa.types.is_decimal(target):
        return array.cast(pa.decimal128(38, target.scale)).cast(target)
    result = array.cast(target)
    if pa.types.is_floating(target):
        if pa.types.is_floating(source):
            _refuse(pc.and_(pc.is_inf(result), pc.is_finite(array)))
        return result
    _refuse(pc.not_equal(result.cast(source), array))
    return result


def _parse(array: Any, target: Any) -> Any:
    if pa.types.is_string(target):
        return array
    if pa.types.is_integer(target):
        _refuse(pc.invert(pc.match_substring_regex(array, _INTEGER)))
        # Arrow's parser knows no plus sign.
        return pc.utf8_ltrim(array, "+").cast(target)
    if pa.types.is_floating(target):
        result = array.cast(target)
        _refuse(pc.and_(pc.is_inf(result), pc.invert(pc.match_substring_regex(array, _INFINITE))))
        return result
    if pa.types.is_time(target):
        _refuse(pc.invert(pc.match_substring_regex(array, _TIME)))
        moments = pc.binary_join_element_wise("1970-01-01", array, " ").cast(pa.timestamp("us"))
        return moments.cast(pa.int64()).view(target)
    if target == pa.uuid():
        return _parse_uuid(array)
    if target == pa.json_():
        for value in array.to_pylist():
            if value is not None:
                _check_json(value)
        return pa.ExtensionArray.from_storage(target, array)
    if pa.types.is_nested(target) or pa.types.is_binary(target):
        raise pa.ArrowNotImplementedError
    return array.cast(target)


def _not_json(word: str) -> Any:
    raise ValueError(word)


# Numbers of any length are JSON; NaN and Infinity are not.
_JSON = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_not_json)


def _check_json(text: str) -> None:
    try:
        _JSON.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _parse_uuid(array: Any) -> Any:
    _refuse(pc.invert(pc.match_substring_regex(array, _UUID)))
    values = [None if text is None else uuid.UUID(text).bytes for text in array.to_pylist()]
    return pa.ExtensionArray.from_storage(pa.uuid(), pa.array(values, pa.binary(16)))


def _refuse(bad: Any) -> None:
    if pc.any(bad).as_py():
        raise pa.ArrowInvalid("a value does not fit")

"""Types of Parquet files: the one form of each that all steps know, and which holds the values of two."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa

_NO_DURATION = "a duration has no counterpart in Parquet itself; rewrite the column as a number"
_WITHOUT = (
    (pa.types.is_duration, _NO_DURATION),
    (pa.types.is_interval, _NO_DURATION),
    (pa.types.is_union, "a union has no counterpart"),
)
# The digits of each whole number.
_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}
_MOST_DIGITS = 38
# Whole numbers of so many bits, and not more, are exact in a double.
_EXACT_IN_DOUBLE = 32


class Inexact(str):
    """Why a type has no counterpart."""

    __slots__ = ()


def exact_type(kind: Any) -> Any:
    """The type that every step knows and that holds the same values; an `Inexact` if there is none."""
    if pa.types.is_dictionary(kind):
        return exact_type(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return _exact_extension(kind)
    if pa.types.is_large_string(kind) or kind == pa.string_view():
        return pa.string()
    if pa.types.is_large_binary(kind) or kind == pa.binary_view() or pa.types.is_fixed_size_binary(kind):
        return pa.binary()
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_date(kind) or pa.types.is_time(kind) or pa.types.is_timestamp(kind):
        return _exact_moment(kind)
    if pa.types.is_decimal(kind):
        if kind.precision > _MOST_DIGITS:
            return Inexact("a decimal holds 38 digits; rewrite the file with a smaller one")
        if kind.scale < 0 or kind.scale > kind.precision:
            return Inexact("its scale lies outside of its digits; rewrite the file with another one")
        return pa.decimal128(kind.precision, kind.scale)
    for is_kind, reason in _WITHOUT:
        if is_kind(kind):
            return Inexact(reason)
    return _exact_nested(kind) if pa.types.is_nested(kind) else kind


def wider(one: Any, other: Any) -> Any:
    """The type that holds the values of both exactly, those in its range; None if there is none."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    for find in (_wider_number, _wider_moment, _wider_nested):
        found = find(one, other)
        if found is not None:
            return found
    return None


def settled(kind: Any) -> Any:
    """The type with text in place of what no file has a value of."""
    if kind is None or pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_map(kind):
        return pa.map_(settled(kind.key_type), settled(kind.item_type))
    if pa.types.is_list(kind):
        return pa.list_(settled(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, settled(field.type)) for field in kind])
    return kind


def _exact_extension(kind: Any) -> Any:
    if kind.extension_name == "arrow.json":
        return pa.json_()
    if kind == pa.uuid():
        return kind
    if kind == pa.bool8():
        return pa.bool_()
    return Inexact(f"the extension {kind.extension_name} has no counterpart; rewrite the column without it")


def _exact_moment(kind: Any) -> Any:
    if pa.types.is_date(kind):
        return pa.date32()
    unit = "ns" if kind.unit == "ns" else "us"
    if pa.types.is_time(kind):
        return pa.time64(unit)
    return pa.timestamp(unit, tz=None if kind.tz is None else "UTC")


def _exact_nested(kind: Any) -> Any:
    inner = [kind.field(place) for place in range(kind.num_fields)]
    if pa.types.is_map(kind):
        inner = [kind.key_field, kind.item_field]
    exact = [exact_type(field.type) for field in inner]
    for found in exact:
        if isinstance(found, Inexact):
            return found
    if pa.types.is_map(kind):
        return pa.map_(*exact)
    if not pa.types.is_struct(kind):
        return pa.list_(exact[0])
    if not inner:
        return Inexact("a struct without fields has no counterpart")
    repeated = [name for name, count in Counter(field.name.lower() for field in inner).items() if count > 1]
    if repeated:
        return Inexact(f"more than one of its fields is named `{repeated[0]}`, in SQL, which ignores case")
    return pa.struct([pa.field(field.name, found) for field, found in zip(inner, exact, strict=True)])


def _wider_number(one: Any, other: Any) -> Any:
    if pa.types.is_integer(one) and pa.types.is_integer(other):
        return _wider_integer(one, other)
    if pa.types.is_floating(one) and pa.types.is_floating(other):
        return pa.float64()
    for floating, whole in ((one, other), (other, one)):
        if pa.types.is_floating(floating) and pa.types.is_integer(whole):
            return pa.float64() if whole.bit_width <= _EXACT_IN_DOUBLE else None
    one_decimal, other_decimal = _as_decimal(one), _as_decimal(other)
    if one_decimal is None or other_decimal is None:
        return None
    scale = max(one_decimal.scale, other_decimal.scale)
    before = max(kind.precision - kind.scale for kind in (one_decimal, other_decimal))
    return pa.decimal128(before + scale, scale) if before + scale <= _MOST_DIGITS else None


def _wider_integer(one: Any, other: Any) -> Any:
    signed = [kind for kind in (one, other) if pa.types.is_signed_integer(kind)]
    if len(signed) != 1:
        return max(one, other, key=lambda kind: kind.bit_width)
    unsigned = other if signed[0] == one else one
    for kind in (pa.int16(), pa.int32(), pa.int64()):
        if kind.bit_width > unsigned.bit_width and kind.bit_width >= signed[0].bit_width:
            return kind
    return None


def _as_decimal(kind: Any) -> Any:
    if pa.types.is_integer(kind):
        return pa.decimal128(_DIGITS[kind.bit_width], 0)
    return kind if pa.types.is_decimal(kind) else None


def _wider_moment(one: Any, other: Any) -> Any:
    if pa.types.is_timestamp(one) and pa.types.is_timestamp(other) and one.tz == other.tz:
        return pa.timestamp("ns", one.tz)
    if {one, other} == {pa.date32(), pa.timestamp("us")}:
        return pa.timestamp("us")
    return pa.time64("ns") if pa.types.is_time(one) and pa.types.is_time(other) else None


def _wider_nested(one: Any, other: Any) -> Any:
    if pa.types.is_list(one) and pa.types.is_list(other):
        inner = wider(one.value_type, other.value_type)
        return None if inner is None else pa.list_(inner)
    if pa.types.is_map(one) and pa.types.is_map(other):
        key, item = wider(one.key_type, other.key_type), wider(one.item_type, other.item_type)
        return None if key is None or item is None else pa.map_(key, item)
    if not (pa.types.is_struct(one) and pa.types.is_struct(other)):
        return None
    if [field.name for field in one] != [field.name for field in other]:
        return None
    kinds = [wider(mine.type, its.type) for mine, its in zip(one, other, strict=True)]
    if None in kinds:
        return None
    return pa.struct([pa.field(field.name, kind) for field, kind in zip(one, kinds, strict=True)])

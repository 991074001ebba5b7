"""Every type of the table in the README of `mysql`."""

from __future__ import annotations

from typing import Any, NamedTuple


class Case(NamedTuple):
    """One type: values as SQL takes them, and as DuckDB shows them when it reads the staged file."""

    type: str
    arrow: str
    duckdb: str
    values: list[tuple[Any, str]]


LONG = "1234567890123456789012345678.0123456789"
UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
EXACT = [
    Case("TINYINT(1)", "bool", "BOOLEAN", [(1, "true"), (0, "false")]),
    Case("TINYINT", "int8", "TINYINT", [(-128, "-128"), (127, "127")]),
    Case("TINYINT UNSIGNED", "uint8", "UTINYINT", [(255, "255")]),
    Case("SMALLINT", "int16", "SMALLINT", [(-32768, "-32768"), (32767, "32767")]),
    Case("SMALLINT UNSIGNED", "uint16", "USMALLINT", [(65535, "65535")]),
    Case("MEDIUMINT", "int32", "INTEGER", [(-8388608, "-8388608")]),
    Case("MEDIUMINT UNSIGNED", "uint32", "UINTEGER", [(16777215, "16777215")]),
    Case("INT", "int32", "INTEGER", [(-(2**31), str(-(2**31))), (2**31 - 1, str(2**31 - 1))]),
    Case("INT UNSIGNED", "uint32", "UINTEGER", [(2**32 - 1, str(2**32 - 1))]),
    Case("BIGINT", "int64", "BIGINT", [(-(2**63), str(-(2**63))), (2**63 - 1, str(2**63 - 1))]),
    Case("BIGINT UNSIGNED", "uint64", "UBIGINT", [(0, "0"), (2**64 - 1, str(2**64 - 1))]),
    Case("FLOAT", "float", "FLOAT", [(1.5, "1.5"), (0.1, "0.1"), (-3e38, "-3e+38")]),
    Case("DOUBLE", "double", "DOUBLE", [(0.1, "0.1"), (1.7976931348623157e308, "1.7976931348623157e+308")]),
    Case(
        "DECIMAL(12,2)",
        "decimal128(12, 2)",
        "DECIMAL(12,2)",
        [("9999999999.99", "9999999999.99"), ("-0.01", "-0.01"), ("0", "0.00")],
    ),
    Case("DECIMAL(10,0)", "decimal128(10, 0)", "DECIMAL(10,0)", [("9999999999", "9999999999")]),
    Case(
        "DECIMAL(12,2) UNSIGNED", "decimal128(12, 2)", "DECIMAL(12,2)", [("9999999999.99", "9999999999.99")]
    ),
    Case("DECIMAL(38,10)", "decimal128(38, 10)", "DECIMAL(38,10)", [(LONG, LONG), (f"-{LONG}", f"-{LONG}")]),
    Case("BIT(1)", "bool", "BOOLEAN", [(1, "true"), (0, "false")]),
    Case("BIT(8)", "uint64", "UBIGINT", [(0b10101010, "170")]),
    Case("BIT(64)", "uint64", "UBIGINT", [(2**64 - 1, str(2**64 - 1))]),
    Case("YEAR", "int16", "SMALLINT", [(1901, "1901"), (2155, "2155"), (0, "0")]),
    Case("DATE", "date32[day]", "DATE", [("0001-01-01", "0001-01-01"), ("9999-12-31", "9999-12-31")]),
    Case(
        "DATETIME",
        "timestamp[us]",
        "TIMESTAMP",
        [("0001-01-01 00:00:00", "0001-01-01 00:00:00"), ("9999-12-31 23:59:59", "9999-12-31 23:59:59")],
    ),
    Case(
        "DATETIME(6)",
        "timestamp[us]",
        "TIMESTAMP",
        [("9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999")],
    ),
    Case(
        "TIMESTAMP(6)",
        "timestamp[us, tz=UTC]",
        "TIMESTAMP WITH TIME ZONE",
        [("2024-01-02 03:04:05.123456", "2024-01-01 18:04:05.123456+00")],
    ),
    Case(
        "TIME(6)",
        "time64[us]",
        "TIME",
        [("00:00:00", "00:00:00"), ("23:59:59.999999", "23:59:59.999999")],
    ),
    Case("CHAR(5)", "string", "VARCHAR", [("ab", "ab"), ("", "")]),
    Case("VARCHAR(20)", "string", "VARCHAR", [("😀 é 漢字", "😀 é 漢字"), ("", ""), ("a ", "a ")]),
    Case("VARCHAR(20) CHARACTER SET latin1", "string", "VARCHAR", [("Zoë", "Zoë")]),
    Case("TEXT", "string", "VARCHAR", [('a,"b"\nc\\N', 'a,"b"\nc\\N')]),
    Case("LONGTEXT", "string", "VARCHAR", [("x" * 100_000, "x" * 100_000)]),
    Case("ENUM('a','o''k')", "string", "VARCHAR", [("o'k", "o'k")]),
    Case("SET('a','b')", "string", "VARCHAR", [("a,b", "a,b"), ("", "")]),
    Case("JSON", "string", "VARCHAR", [('{"b": 1, "a":[1.10]}', '{"b": 1, "a":[1.10]}')]),
    Case("BINARY(4)", "binary", "BLOB", [(b"ab", "ab\\x00\\x00")]),
    Case("VARBINARY(4)", "binary", "BLOB", [(b"\x00\xff\n", "\\x00\\xFF\\x0A"), (b"", "")]),
    Case("BLOB", "binary", "BLOB", [(b"\x00\xff", "\\x00\\xFF")]),
    Case("UUID", "string", "VARCHAR", [(UUID, UUID)]),
    Case("INET6", "string", "VARCHAR", [("::1", "::1")]),
]

"""Every type of the table in the README of `postgres`."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One type: values as SQL writes them, and as DuckDB shows them when it reads the staged file."""

    type: str
    arrow: str
    duckdb: str
    values: dict[str, str]


LONG = "1234567890123456789012345678.0123456789"
EXACT = [
    Case("boolean", "bool", "BOOLEAN", {"true": "true", "false": "false"}),
    Case("smallint", "int16", "SMALLINT", {"-32768": "-32768", "32767": "32767"}),
    Case("integer", "int32", "INTEGER", {"-2147483648": "-2147483648", "2147483647": "2147483647"}),
    Case(
        "bigint",
        "int64",
        "BIGINT",
        {"-9223372036854775808": "-9223372036854775808", "9223372036854775807": "9223372036854775807"},
    ),
    Case("oid", "uint32", "UINTEGER", {"4294967295": "4294967295"}),
    Case(
        "real",
        "float",
        "FLOAT",
        {"1.5": "1.5", "NaN": "nan", "infinity": "inf", "-infinity": "-inf", "1e-45": "1e-45"},
    ),
    Case(
        "double precision",
        "double",
        "DOUBLE",
        {
            "0.1": "0.1",
            "NaN": "nan",
            "infinity": "inf",
            "-infinity": "-inf",
            "1.7976931348623157e308": "1.7976931348623157e+308",
        },
    ),
    Case(
        "numeric(12,2)",
        "decimal128(12, 2)",
        "DECIMAL(12,2)",
        {"9999999999.99": "9999999999.99", "-0.01": "-0.01", "0": "0.00"},
    ),
    Case("numeric(38,10)", "decimal128(38, 10)", "DECIMAL(38,10)", {LONG: LONG, f"-{LONG}": f"-{LONG}"}),
    Case("text", "string", "VARCHAR", {"": "", "😀 é 漢字": "😀 é 漢字", 'a,"b"\nc\\N': 'a,"b"\nc\\N'}),
    Case("varchar(20)", "string", "VARCHAR", {"": "", "Zoë": "Zoë"}),
    Case("char(4)", "string", "VARCHAR", {"ab": "ab  ", "": "    "}),
    Case('"char"', "string", "VARCHAR", {"a": "a"}),
    Case("name", "string", "VARCHAR", {"pg_class": "pg_class"}),
    Case("citext", "string", "VARCHAR", {"Ab": "Ab"}),
    Case("test_mood", "string", "VARCHAR", {"sad": "sad", "o'k": "o'k"}),
    Case("bytea", "binary", "BLOB", {"\\x": "", "\\x00ff0a5c": "\\x00\\xFF\\x0A\\x5C"}),
    Case(
        "date",
        "date32[day]",
        "DATE",
        {
            "0001-01-01": "0001-01-01",
            "9999-12-31": "9999-12-31",
            "0044-03-15 BC": "0044-03-15 (BC)",
            "infinity": "infinity",
            "-infinity": "-infinity",
        },
    ),
    Case(
        "time",
        "time64[us]",
        "TIME",
        {"00:00:00": "00:00:00", "23:59:59.999999": "23:59:59.999999", "24:00:00": "24:00:00"},
    ),
    Case(
        "timestamp",
        "timestamp[us]",
        "TIMESTAMP",
        {
            "0001-01-01 00:00:00": "0001-01-01 00:00:00",
            "9999-12-31 23:59:59.999999": "9999-12-31 23:59:59.999999",
            "2024-02-29 12:00:00.000001": "2024-02-29 12:00:00.000001",
            "0044-03-15 12:00:00 BC": "0044-03-15 (BC) 12:00:00",
            "infinity": "infinity",
            "-infinity": "-infinity",
        },
    ),
    Case(
        "timestamptz",
        "timestamp[us, tz=UTC]",
        "TIMESTAMP WITH TIME ZONE",
        {
            "2024-01-02 03:04:05.123456+09": "2024-01-01 18:04:05.123456+00",
            "0001-01-01 00:00:00+00": "0001-01-01 00:00:00+00",
            "9999-12-31 23:59:59.999999+00": "9999-12-31 23:59:59.999999+00",
            "infinity": "infinity",
            "-infinity": "-infinity",
        },
    ),
    Case("json", "extension<arrow.json>", "JSON", {'{"b": 1, "a":[1.10]}': '{"b": 1, "a":[1.10]}'}),
    Case("jsonb", "extension<arrow.json>", "JSON", {'{"a":[1.10,null]}': '{"a": [1.10, null]}'}),
    Case(
        "uuid",
        "extension<arrow.uuid>",
        "UUID",
        {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    ),
    Case("xml", "string", "VARCHAR", {"<a>é</a>": "<a>é</a>"}),
    Case("inet", "string", "VARCHAR", {"10.0.0.1": "10.0.0.1/32", "10.0.0.1/8": "10.0.0.1/8"}),
    Case("cidr", "string", "VARCHAR", {"10.0.0.0/8": "10.0.0.0/8"}),
    Case("macaddr", "string", "VARCHAR", {"08:00:2b:01:02:03": "08:00:2b:01:02:03"}),
    Case("macaddr8", "string", "VARCHAR", {"08:00:2b:01:02:03:04:05": "08:00:2b:01:02:03:04:05"}),
    Case("bit(4)", "string", "VARCHAR", {"1010": "1010"}),
    Case("varbit", "string", "VARCHAR", {"10101": "10101", "": ""}),
    Case("test_amount", "decimal128(8, 3)", "DECIMAL(8,3)", {"1.5": "1.500"}),
    Case("integer[]", "list<item: int32>", "INTEGER[]", {"{1,NULL,3}": "[1, NULL, 3]", "{}": "[]"}),
    Case("text[]", "list<item: string>", "VARCHAR[]", {'{a,"b c"}': "[a, b c]", "{NULL}": "[NULL]"}),
    Case(
        "numeric(8,2)[]",
        "list<item: decimal128(8, 2)>",
        "DECIMAL(8,2)[]",
        {"{1.25,NULL}": "[1.25, NULL]"},
    ),
    Case(
        "date[]",
        "list<item: date32[day]>",
        "DATE[]",
        {"{2024-01-01,infinity,NULL}": "[2024-01-01, infinity, NULL]"},
    ),
    Case(
        "timestamptz[]",
        "list<item: timestamp[us, tz=UTC]>",
        "TIMESTAMP WITH TIME ZONE[]",
        {"{2024-01-01 00:00:00+00,-infinity}": "['2024-01-01 00:00:00+00', -infinity]"},
    ),
    Case(
        "uuid[]",
        "list<item: extension<arrow.uuid>>",
        "UUID[]",
        {"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}": "[a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11]"},
    ),
    Case("inet[]", "list<item: string>", "VARCHAR[]", {"{10.0.0.1}": "[10.0.0.1/32]"}),
    Case("test_mood[]", "list<item: string>", "VARCHAR[]", {"{sad}": "[sad]"}),
]

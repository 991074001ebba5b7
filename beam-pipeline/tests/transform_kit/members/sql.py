"""Places of `sql`, in each scope."""

import pyarrow as pa

from transform_kit.place import Denial, Member, Place
from transform_kit.tables import ROWS

_PATH = "transforms[0].parameters"
_KEYS = pa.table({"key": pa.array([1, 2, 30], pa.decimal128(9, 2)), "label": ["a", "b", "c"]})
_TWO = {"rows": ROWS, "labels": _KEYS}
_NESTED = {"rows": pa.table({"l": pa.array([[1]])})}
_JOIN = "SELECT id, label FROM rows JOIN labels ON id = key"

member = Member(
    places=[
        Place("scope all", {"sql": "SELECT name, count(*) AS c, sum(amount) AS s FROM rows GROUP BY name"}),
        Place("one row of all", {"sql": "SELECT sum(id) AS s FROM rows"}, rows_of_nothing=1),
        Place("a join", {"sql": _JOIN}, _TWO),
        Place(
            "scope batch",
            {"sql": "SELECT id, name || '!' AS n, [id] AS l FROM rows WHERE id % 2 = 0", "scope": "batch"},
            by_batch=True,
        ),
        Place(
            "scope key",
            {
                "sql": "SELECT name, sum(id)::bigint AS s FROM rows GROUP BY name",
                "scope": "key",
                "partition_by": ["name"],
                "partitions": 3,
            },
        ),
        Place(
            "scope key, of two inputs",
            {"sql": _JOIN, "scope": "key", "partitions": 2, "partition_by": {"rows": ["id"], "labels": ["key"]}},
            _TWO,
        ),
    ],
    passing={
        "scope all": {"sql": "SELECT * FROM rows"},
        "scope batch": {"sql": "SELECT * FROM rows", "scope": "batch"},
        "scope key": {"sql": "SELECT * FROM rows", "scope": "key", "partition_by": ["i"]},
    },
    denials=[
        Denial("a syntax error", {"sql": "SELEC 1"}, "SqlError", (1, 1), r"syntax error at or near \"SELEC\".*\^"),
        Denial(
            "a column that is not there",
            {"sql": "SELECT 'é',\n  idd FROM rows"},
            "SqlError",
            (2, 3),
            r"\"idd\" not found.*\n    idd FROM rows\n    \^\n.*\"id\"",
        ),
        Denial(
            "a table that is no input",
            {"sql": "SELECT id FROM\n\trowz"},
            "SqlError",
            (2, 2),
            r"no table `rowz` \(the tables are its inputs: rows\); did you mean `rows`\?",
        ),
        Denial("an unknown function", {"sql": "SELECT lenght(name) AS x FROM rows"}, "SqlError", (1, 8), r"\"length\""),
        Denial("a type that a function does not take", {"sql": "SELECT sum('x') FROM rows"}, "SqlError", (1, 8), "No function matches"),
        Denial(
            "a text that is no number",
            {"sql": "SELECT (id || 'x')::int AS i FROM rows"},
            "DataError",
            (1, 19),
            r"Could not convert string '\d+x' to INT32",
        ),
        Denial("two columns of one name", {"sql": "SELECT id, 1 AS ID FROM rows"}, "SqlError", "`id`", "a name of its own with AS"),
        Denial("a value that cannot be stored", {"sql": "SELECT INTERVAL 1 DAY AS i"}, "SqlError", "column `i`", "cast it, for example to text with `i::text`"),
        Denial("two statements", {"sql": "SELECT 1; SELECT 2"}, "ConfigError", f"{_PATH}.sql", "holds 2 statements; write one query"),
        Denial("no statement", {"sql": "-- nothing"}, "ConfigError", f"{_PATH}.sql", "is empty"),
        Denial("a statement that is no query", {"sql": "CREATE TABLE x AS SELECT 1"}, "ConfigError", f"{_PATH}.sql", "only a query"),
        Denial("a file of the machine", {"sql": "FROM read_csv('/etc/passwd')"}, "SqlError", (1, 6), "sees its inputs only"),
        Denial("a file by its name", {"sql": "SELECT * FROM '/etc/passwd'"}, "SqlError", (1, 16), "no table `/etc/passwd`.*inputs: rows"),
        Denial("writing a file", {"sql": "COPY rows TO '/tmp/x'"}, "ConfigError", f"{_PATH}.sql", "is COPY; only a query"),
        Denial("a setting", {"sql": "SET memory_limit = '9GB'"}, "ConfigError", f"{_PATH}.sql", "is SET; only a query"),
        Denial(
            "more names than inputs",
            {"sql": "SELECT 1 AS x", "inputs_alias": ["a", "b"]},
            "ConfigError",
            f"{_PATH}.inputs_alias",
            "names 2 inputs, and `inputs` lists 1: rows",
        ),
        Denial(
            "scope batch of two inputs",
            {"sql": "SELECT 1 AS x", "scope": "batch"},
            "ConfigError",
            "transforms[0].inputs",
            "takes one input, got 2; join with scope all or key",
            _TWO,
        ),
        Denial("scope key without keys", {"sql": "SELECT 1 AS x", "scope": "key"}, "ConfigError", _PATH, "scope key also needs `partition_by`"),
        Denial("keys without scope key", {"sql": "SELECT 1 AS x", "partition_by": ["id"]}, "ConfigError", _PATH, "`partition_by` needs `scope: key`; the scope is all"),
        Denial("parts without scope key", {"sql": "SELECT 1 AS x", "partitions": 4}, "ConfigError", _PATH, "`partitions` needs `scope: key`"),
        Denial("a limit that is none", {"sql": "SELECT 1 AS x", "memory_limit": "lots"}, "ConfigError", f"{_PATH}.memory_limit", "match pattern"),
        Denial(
            "keys of another input",
            {"sql": "SELECT 1 AS x", "scope": "key", "partition_by": {"row": ["id"]}},
            "ConfigError",
            f"{_PATH}.partition_by",
            r"must name the columns of every input \(rows\)",
        ),
        Denial(
            "a key that is not there",
            {"sql": "SELECT 1 AS x", "scope": "key", "partition_by": ["idd"]},
            "ConfigError",
            "partition_by of input rows",
            "no column `idd`; did you mean `id`",
        ),
        Denial(
            "unequal numbers of keys",
            {"sql": "SELECT 1 AS x", "scope": "key", "partition_by": {"rows": ["id"], "labels": ["key", "label"]}},
            "ConfigError",
            f"{_PATH}.partition_by",
            "equally many columns of every input",
            _TWO,
        ),
        Denial(
            "keys that never meet",
            {"sql": "SELECT 1 AS x FROM rows", "scope": "key", "partition_by": {"rows": ["id"], "labels": ["label"]}},
            "ConfigError",
            "rows.id, which is int64, and labels.label, which is string",
            "cast one of them in a step before this one",
            _TWO,
        ),
        Denial(
            "a key of a type that is none",
            {"sql": "SELECT 1 AS x FROM rows", "scope": "key", "partition_by": ["l"]},
            "ConfigError",
            "column `l` is list",
            "cannot bring rows together; cast it",
            _NESTED,
        ),
    ],
    cancelled={
        "scope all": {"sql": "SELECT * FROM rows"},
        "scope batch": {"sql": "SELECT * FROM rows", "scope": "batch"},
        "scope key": {"sql": "SELECT * FROM rows", "scope": "key", "partition_by": ["n"]},
    },
)  # fmt: skip

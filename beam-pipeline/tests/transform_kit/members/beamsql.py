"""Places of `beamsql`; its mistakes at their places are in its own tests, which translate without a run."""

from transform_kit.place import Denial, Member, Place
from transform_kit.tables import ROWS

_PATH = "transforms[0].parameters"
_UNION = "SELECT id, name FROM a UNION ALL SELECT id, name FROM b"

member = Member(
    places=[
        Place(
            "groups", {"sql": "SELECT name, count(*) AS `count`, sum(amount) AS s FROM `rows` GROUP BY name"}
        ),
        Place("one row of all", {"sql": "SELECT SUM(id) AS s FROM `rows`"}, rows_of_nothing=1),
        Place("two inputs", {"sql": _UNION, "inputs_alias": ["a", "b"]}, {"rows": ROWS, "others": ROWS}),
    ],
    passing={"everything": {"sql": "SELECT * FROM `rows`"}},
    denials=[
        Denial(
            "a syntax error",
            {"sql": "SELECT id FRM t, q"},
            "SqlError",
            (1, 15),
            "syntax error at or near `t`",
        ),
        Denial(
            "a column that is not there",
            {"sql": "SELECT 'é',\n  idd FROM `rows`"},
            "SqlError",
            (2, 3),
            r"\"idd\" not found.*\^",
        ),
        Denial(
            "a table that is no input",
            {"sql": "SELECT id FROM\n\trowz"},
            "SqlError",
            (2, 2),
            r"no table `rowz` \(the tables are its inputs: rows\); did you mean `rows`\?",
        ),
        Denial(
            "names in double quotes",
            {"sql": 'SELECT "name" FROM `rows`'},
            "SqlError",
            (1, 8),
            "names in backticks",
        ),
        Denial(
            "a window of a stream",
            {"sql": "SELECT count(*) AS c\nFROM `rows` GROUP BY TUMBLE(local, INTERVAL '1' HOUR)"},
            "SqlError",
            (2, 22),
            r"TUMBLE is a window of a stream.*GROUP BY FLOOR\(column TO HOUR\)",
        ),
        Denial(
            "a map",
            {"sql": "SELECT MAP['a', 1] AS v FROM `rows`"},
            "SqlError",
            (1, 8),
            "build it in an `sql` step",
        ),
        Denial(
            "a text that is no number",
            {"sql": "SELECT id,\n CAST(name AS INTEGER) AS v FROM `rows`"},
            "DataError",
            (2, 2),
            "Could not convert string",
        ),
        Denial(
            "a file of the machine",
            {"sql": "SELECT * FROM read_csv('/etc/passwd')"},
            "SqlError",
            (1, 15),
            "sees its inputs only",
        ),
        Denial(
            "two statements", {"sql": "SELECT 1; SELECT 2"}, "ConfigError", f"{_PATH}.sql", "2 statements"
        ),
        Denial(
            "a statement that is no query",
            {"sql": "DROP TABLE t"},
            "ConfigError",
            f"{_PATH}.sql",
            "is DROP; only a query",
        ),
        Denial(
            "more names than inputs",
            {"sql": "SELECT 1 AS x", "inputs_alias": ["a", "b"]},
            "ConfigError",
            f"{_PATH}.inputs_alias",
            "names 2 inputs, and `inputs` lists 1",
        ),
    ],
    cancelled={"everything": {"sql": "SELECT * FROM `rows`"}},
)

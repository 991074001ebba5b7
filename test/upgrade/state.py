"""Moves the state of a project from one root to another, byte by byte, and packs it.

Usage: state.py pack ROOT ARCHIVE [WORD…]    (of WORD nothing stays: host paths, passwords)
       state.py unpack ARCHIVE ROOT

All roots have the same length, so that lengths that are written beside a text still hold. What is named by a
hash of something that holds the root is named anew: plans, locks, and the manifests that are still there.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import sys
import tarfile
from pathlib import Path

import duckdb

LENGTH = 120
PLACEHOLDER = "/beamline-project".ljust(LENGTH, "_")
STORE = Path(".beamline", "store")
# Of no use to a later version, or of the machine.
LEFT_OUT = (
    ".faults",
    ".beamline/logs",
    ".beamline/dev.",
    ".beamline/processes",
    ".beamline/bigquery/lock",
    ".beamline/storage/lock",
    ".beamline/dataflow/service-account.json",
)
SQLITE = b"SQLite format 3\0"
BINARY = (".wal", ".parquet")

Words = dict[bytes, bytes]


def main(command: str, *arguments: str) -> None:
    """Does what the command line asks for."""
    if command == "pack":
        root, archive, *words = arguments
        pack(Path(root), Path(archive), words)
    else:
        archive, root = arguments
        unpack(Path(archive), Path(root))


def pack(root: Path, archive: Path, words: list[str]) -> None:
    """Puts the state below `root` into an archive, with the placeholder in the root's place."""
    hidden = {word.encode(): b"x" * len(word.encode()) for word in words}
    move(root, str(root), PLACEHOLDER, hidden)
    for name in files(root):
        if name.suffix == ".duckdb":
            compact(root / name)
    for word in (str(root).encode(), *hidden):
        found = [str(name) for name in files(root) if word in (root / name).read_bytes()]
        if found:
            sys.exit(f"{word.decode()} is still in {', '.join(found)}")
    with tarfile.open(archive, "w:xz", preset=9) as tar:
        for name in files(root):
            file = root / name
            content = file.read_bytes()
            entry = tarfile.TarInfo(str(name))
            entry.size = len(content)
            entry.mode = file.stat().st_mode & 0o777
            entry.mtime = int(file.stat().st_mtime)
            tar.addfile(entry, io.BytesIO(content))
        for name in links(root):
            entry = tarfile.TarInfo(str(name))
            entry.type = tarfile.SYMTYPE
            entry.linkname = str((root / name).readlink())
            tar.addfile(entry)


def unpack(archive: Path, root: Path) -> None:
    """Puts the state of an archive into `root`, as if it had always been there."""
    with tarfile.open(archive) as tar:
        tar.extractall(root, filter="data")
    move(root, PLACEHOLDER, str(root), {})


def move(root: Path, before: str, after: str, words: Words) -> None:
    """Writes `after` in place of `before` in all files below `root`."""
    if {len(before), len(after)} != {LENGTH}:
        sys.exit(f"a root must have {LENGTH} characters: {before}, {after}")
    words = {before.encode(): after.encode(), **words}
    for plan in sorted((root / STORE / "plans").iterdir()):
        text = plan.read_bytes()
        words |= renamed(text, replaced(text, words))
        for sink in json.loads(text)["sinks"]:
            key = sink["destination"].encode()
            words |= renamed(key, replaced(key, words), 16)
    for manifest in (root / STORE / "staging").rglob("manifest.json"):
        text = manifest.read_bytes()
        words |= renamed(text, replaced(text, words))
    for name in files(root):
        file = root / name
        if not file.exists():
            continue  # What a database has not yet taken in: it did when it was opened.
        times = (file.stat().st_atime, file.stat().st_mtime)
        if file.read_bytes().startswith(SQLITE):
            move_sqlite(file, words)
        elif file.suffix == ".duckdb":
            move_duckdb(file, words)
        elif file.suffix not in BINARY:
            file.write_bytes(replaced(file.read_bytes(), words))
        target = root / replaced(str(name).encode(), words).decode()
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)
        # The newest run is that whose folder was written last.
        os.utime(target, times)
        os.utime(target.parent, times)


def move_sqlite(file: Path, words: Words) -> None:
    """Values may lie on several pages, so that the file's own bytes do not do."""
    with sqlite3.connect(file) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
            for column in columns:
                move_column(database, table, column, words)
    database.execute("VACUUM")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def move_column(database: sqlite3.Connection, table: str, column: str, words: Words) -> None:
    """Writes the values of one column that hold one of the words anew."""
    query = f'SELECT DISTINCT "{column}" FROM "{table}" WHERE typeof("{column}") IN (\'text\', \'blob\')'
    for (value,) in database.execute(query).fetchall():
        content = value.encode() if isinstance(value, str) else value
        moved = replaced(content, words)
        if moved == content:
            continue
        new = moved.decode() if isinstance(value, str) else moved
        database.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE "{column}" = ?', (new, value))


def move_duckdb(file: Path, words: Words) -> None:
    """Texts are compressed in the file."""
    with duckdb.connect(str(file)) as database:
        columns = database.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
            "WHERE NOT internal AND data_type = 'VARCHAR'"
        ).fetchall()
        for schema, table, column in columns:
            name = f'"{schema}"."{table}"'
            for word, successor in words.items():
                values = [word.decode(), successor.decode()]
                database.execute(
                    f'UPDATE {name} SET "{column}" = replace("{column}", $1, $2) '
                    f'WHERE contains("{column}", $1)',
                    values,
                )
        database.execute("CHECKPOINT")


def compact(file: Path) -> None:
    """Leaves out what was in a DuckDB file once, and is in its free blocks still."""
    smaller = file.with_suffix(".new")
    with duckdb.connect() as database:
        database.execute(f"ATTACH '{file}' AS old; ATTACH '{smaller}' AS new")
        database.execute("COPY FROM DATABASE old TO new")
    smaller.replace(file)


def renamed(before: bytes, after: bytes, length: int = 64) -> Words:
    """The hash of a text before and after."""
    old, new = (hashlib.sha256(text).hexdigest()[:length].encode() for text in (before, after))
    return {old: new}


def replaced(content: bytes, words: Words) -> bytes:
    """Writes each word's successor in its place."""
    for word, successor in words.items():
        content = content.replace(word, successor)
    return content


def files(root: Path) -> list[Path]:
    """The files below a folder, relative to it, in order."""
    return [name for name in entries(root) if not (root / name).is_symlink()]


def links(root: Path) -> list[Path]:
    """The symbolic links below a folder, relative to it."""
    return [name for name in entries(root) if (root / name).is_symlink()]


def entries(root: Path) -> list[Path]:
    """Everything below a folder but other folders, relative to it, in order."""
    found = (path for path in root.rglob("*") if path.is_symlink() or path.is_file())
    names = sorted(path.relative_to(root) for path in found)
    return [name for name in names if not str(name).startswith(LEFT_OUT)]


if __name__ == "__main__":
    main(*sys.argv[1:])

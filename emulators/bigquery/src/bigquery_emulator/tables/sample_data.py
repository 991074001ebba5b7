"""A small stand-in for the public sample that the reference's examples read."""

from __future__ import annotations

from bigquery_emulator.tables import catalog
from bigquery_emulator.tables.database import Database
from bigquery_emulator.tables.fields import checked
from bigquery_emulator.tables.names import DatasetId, TableId

_SAMPLES = DatasetId("bigquery-public-data", "samples")
_SHAKESPEARE = TableId(_SAMPLES, "shakespeare")
_FIELDS = [
    {"name": "word", "type": "STRING", "mode": "REQUIRED"},
    {"name": "word_count", "type": "INTEGER", "mode": "REQUIRED"},
    {"name": "corpus", "type": "STRING", "mode": "REQUIRED"},
    {"name": "corpus_date", "type": "INTEGER", "mode": "REQUIRED"},
]
_CORPORA = (("hamlet", 1600), ("kinglear", 1605), ("macbeth", 1605), ("othello", 1603), ("sonnets", 0))
_WORDS = ("and", "crown", "day", "king", "love", "night", "storm", "sword", "the", "to")


def create_missing_samples(database: Database) -> None:
    """Creates `bigquery-public-data.samples.shakespeare` unless it is there."""
    with database.write() as cursor:
        if catalog.find_dataset(cursor, _SAMPLES) is not None:
            return
        catalog.create_dataset(cursor, _SAMPLES, {"location": "US"})
        table = catalog.create_table(cursor, _SHAKESPEARE, {"schema": {"fields": checked(_FIELDS)}})
        rows = [
            (word, 1 + 7 * place * (number + 1) % 300, corpus, year)
            for place, (corpus, year) in enumerate(_CORPORA, 1)
            for number, word in enumerate(_WORDS)
        ]
        cursor.executemany(f"INSERT INTO {_SHAKESPEARE.sql} VALUES (?, ?, ?, ?)", rows)
        catalog.put_table(cursor, _SHAKESPEARE, table)

"""Views: made by statements and by REST, read as tables, and never written."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import bigquery

from conftest import World


@pytest.fixture
def shop(world: World) -> str:
    """A dataset with a table of orders, and a view of it."""
    name = world.dataset()
    world.query(f"CREATE TABLE {name}.orders (id INT64, who STRING, price NUMERIC)")
    world.query(f"INSERT INTO {name}.orders VALUES (1, 'ada', 2.5), (2, 'bob', 4), (3, 'ada', 1)")
    world.query(
        f"CREATE VIEW {name}.spent OPTIONS (description = 'By name', labels = [('a', 'b')]) AS "
        f"SELECT who, SUM(price) AS price FROM {name}.orders GROUP BY who"
    )
    return name


def test_a_view_is_read_as_a_table_and_shows_what_its_tables_hold(world: World, shop: str) -> None:
    world.query(f"INSERT INTO {shop}.orders VALUES (4, 'bob', 1)")
    rows = world.query(
        f"SELECT o.id, spent.price > 4 FROM {shop}.orders AS o JOIN {shop}.spent ON spent.who = o.who "
        f"WHERE o.id < 3 ORDER BY id"
    )
    assert rows == [(1, False), (2, True)]
    world.query(f"CREATE VIEW {shop}.most AS SELECT MAX(price) AS price FROM {shop}.spent AS s")
    assert [int(price) for (price,) in world.query(f"SELECT v.price FROM `p.{shop}.most` AS v")] == [5]


def test_a_view_is_described_as_one(world: World, shop: str) -> None:
    view = world.client.get_table(f"p.{shop}.spent")
    assert (view.table_type, view.num_rows, view.description, view.labels) == (
        "VIEW", 0, "By name", {"a": "b"},
    )  # fmt: skip
    assert [(field.name, field.field_type) for field in view.schema] == [
        ("who", "STRING"), ("price", "NUMERIC"),
    ]  # fmt: skip
    assert "GROUP BY who" in view.view_query
    assert view.view_use_legacy_sql is False
    listed = {each.table_id: each.table_type for each in world.client.list_tables(shop)}
    assert listed == {"orders": "TABLE", "spent": "VIEW"}
    assert world.query(
        f"SELECT table_name, table_type, is_insertable_into FROM {shop}.INFORMATION_SCHEMA.TABLES ORDER BY 1"
    ) == [("orders", "BASE TABLE", "YES"), ("spent", "VIEW", "NO")]
    ((name, text),) = world.query(f"SELECT table_name, view_definition FROM {shop}.INFORMATION_SCHEMA.VIEWS")
    assert (name, "GROUP BY who" in text) == ("spent", True)
    assert world.query(
        f"SELECT DISTINCT table_name FROM {shop}.INFORMATION_SCHEMA.PARTITIONS"
    ) == [("orders",)]  # fmt: skip


def test_rest_makes_and_changes_views(world: World, shop: str) -> None:
    table = bigquery.Table(f"p.{shop}.one")
    table.view_query = "SELECT 1 AS n"
    made = world.client.create_table(table)
    assert [field.name for field in made.schema] == ["n"]
    made.view_query = f"SELECT id AS m FROM {shop}.orders"
    changed = world.client.update_table(made, ["view_query"])
    assert [field.name for field in changed.schema] == ["m"]
    assert len(world.query(f"SELECT m FROM {shop}.one")) == 3
    world.client.delete_table(f"p.{shop}.one")
    with pytest.raises(exceptions.NotFound):
        world.query(f"SELECT m FROM {shop}.one")
    table.view_use_legacy_sql = True
    with pytest.raises(exceptions.MethodNotImplemented, match="legacy SQL"):
        world.client.create_table(table)


def test_statements_replace_and_drop_views(world: World, shop: str) -> None:
    view = f"{shop}.spent"
    with pytest.raises(exceptions.Conflict):
        world.query(f"CREATE VIEW {view} AS SELECT 1 AS n")
    world.query(f"CREATE VIEW IF NOT EXISTS {view} AS SELECT 1 AS n")
    assert world.schema(view)[0][0] == "who"
    world.query(f"CREATE OR REPLACE VIEW {view} AS SELECT 1 AS n")
    assert world.query(f"SELECT * FROM {view}") == [(1,)]
    world.query(f"ALTER VIEW {view} SET OPTIONS (description = 'new')")
    assert world.client.get_table(f"p.{view}").description == "new"
    world.query(f"DROP VIEW {view}")
    world.query(f"DROP VIEW IF EXISTS {view}")
    with pytest.raises(exceptions.NotFound):
        world.query(f"DROP VIEW {view}")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {d}.spent VALUES ('x', 1)",
        "UPDATE {d}.spent SET who = 'x' WHERE TRUE",
        "DELETE FROM {d}.spent WHERE TRUE",
        "MERGE {d}.spent AS t USING {d}.orders AS s ON FALSE WHEN NOT MATCHED THEN INSERT (who) VALUES ('x')",
        "TRUNCATE TABLE {d}.spent",
        "DROP TABLE {d}.spent",
        "CREATE OR REPLACE TABLE {d}.spent AS SELECT 1 AS n",
        "ALTER TABLE {d}.spent ADD COLUMN n INT64",
        "CREATE OR REPLACE VIEW {d}.orders AS SELECT 1 AS n",
        "DROP VIEW {d}.orders",
    ],
)
def test_what_is_for_the_other_kind_is_refused(world: World, shop: str, statement: str) -> None:
    before = world.query(f"SELECT * FROM {shop}.spent ORDER BY who")
    with pytest.raises(exceptions.BadRequest, match=r"currently a (VIEW|TABLE)"):
        world.query(statement.format(d=shop))
    assert world.query(f"SELECT * FROM {shop}.spent ORDER BY who") == before


def test_jobs_and_rows_do_not_go_into_a_view(world: World, shop: str) -> None:
    client: Any = world.client
    view = f"p.{shop}.spent"
    with pytest.raises(exceptions.BadRequest, match="VIEW"):
        world.load([{"who": "x"}], f"{shop}.spent")
    with pytest.raises(exceptions.BadRequest, match="VIEW"):
        client.insert_rows_json(view, [{"who": "x"}], retry=None)
    with pytest.raises(exceptions.BadRequest, match="VIEW"):
        client.copy_table(view, f"p.{shop}.copy").result()
    with pytest.raises(exceptions.BadRequest, match="VIEW"):
        client.extract_table(view, "gs://b/x.csv").result()
    with pytest.raises(exceptions.BadRequest, match="VIEW"):
        list(client.list_rows(view, retry=None))


def test_a_view_may_be_read_only_so_deep_and_not_without_its_tables(world: World, shop: str) -> None:
    world.query(f"CREATE VIEW {shop}.v0 AS SELECT id FROM {shop}.orders")
    for level in range(1, 16):
        world.query(f"CREATE VIEW {shop}.v{level} AS SELECT id FROM {shop}.v{level - 1}")
    assert len(world.query(f"SELECT * FROM {shop}.v15")) == 3
    world.query(f"CREATE OR REPLACE VIEW {shop}.v0 AS SELECT id FROM {shop}.orders WHERE id > 1")
    with pytest.raises(exceptions.BadRequest, match="nested too deeply"):
        world.query(f"CREATE OR REPLACE VIEW {shop}.v0 AS SELECT id FROM {shop}.v15")
    world.query(f"DROP TABLE {shop}.orders")
    with pytest.raises(exceptions.NotFound, match="orders"):
        world.query(f"SELECT * FROM {shop}.v15")


def test_parameters_and_invalid_queries_make_no_view(world: World, shop: str) -> None:
    for query in ("SELECT @n AS n", "SELECT nothing FROM d.nowhere", "SELECT 1 AS n, 2 AS n"):
        with pytest.raises((exceptions.BadRequest, exceptions.NotFound)):
            world.query(f"CREATE VIEW {shop}.bad AS {query}")
    with pytest.raises(exceptions.MethodNotImplemented, match="MATERIALIZED"):
        world.query(f"CREATE MATERIALIZED VIEW {shop}.bad AS SELECT 1 AS n")
    assert [each.table_id for each in world.client.list_tables(shop)] == ["orders", "spent"]

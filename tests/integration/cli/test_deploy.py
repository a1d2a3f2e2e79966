"""`deploy` before it does anything: what it would do, and what a DBA may review."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from place import Place


@pytest.fixture
def place(places: Callable[..., Place]) -> Place:
    """A place without a ledger."""
    return places(deployed=False)


def test_a_dry_run_says_what_is_to_be_done_and_does_nothing(place: Place) -> None:
    """First all statements, then none; the file is not even made."""
    told = place.call("deploy", "--dry-run", "--json").json["planned"]
    assert "CREATE TABLE orders_unified_snapshot" in told[0]
    assert not place.ledger.exists()
    place.call("deploy")
    assert place.call("deploy", "--dry-run").out.strip().endswith("has schema 0004")


def test_a_dry_run_of_an_older_ledger_prints_what_is_new(place: Place) -> None:
    """Only the steps that it lacks."""
    place.call("deploy")
    place.sql("update alembic_version set version_num = '0003'", database="ledger.db")
    (told,) = place.call("deploy", "--dry-run", "--json").json["planned"]
    assert "CREATE TABLE account_day" in told
    assert "CREATE TABLE operation" not in told


def test_a_board_without_its_key_column_is_named(place: Place) -> None:
    """`--board` would make it; nothing is sent."""
    config = ("--config", place.other(('key_column = "', 'key_column = "OTHER '))[1])
    told = place.call(*config, "deploy", "--board", "--dry-run", "--json").json["planned"]
    assert 'would get the column "OTHER' in told[-1]
    assert place.mutations() == 0


def test_roles_of_a_file(place: Place) -> None:
    """SQLite has none, and that is what is printed."""
    out = place.call("deploy", "--roles").out
    assert "The ledger: sqlite knows no roles" in out
    assert "The source: sqlite knows no roles" in out


def test_roles_of_sql_server(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the schema, because a table that a load makes anew has lost its grants."""
    monkeypatch.setenv("DB", "mssql://sa:canary@db.example/orders?x=canary")
    edits = [(f'url = "sqlite:///{name}.db"', 'url = "env/DB"') for name in ("source", "ledger")]
    out = place.call(*place.other(*edits), "deploy", "--roles").out
    assert "GRANT SELECT ON SCHEMA::[dbo] TO customer_orders_reader;" in out
    granted = "GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::customer_orders TO"
    assert f"{granted} customer_orders_writer;" in out
    assert "-- The source: mssql+mssqlpython://db.example/orders" in out
    assert "canary" not in out


def test_check_names_what_a_ledger_lacks(place: Place) -> None:
    """With the statement that mends it; a run would fail on it."""
    place.call("deploy")
    place.sql("alter table operation drop column missing_labels", database="ledger.db")
    checks = place.call("check", "--json", code=1).json["checks"]
    (row,) = [row for row in checks if row["what"] == "ledger"]
    assert (row["status"], row["hint"]) == (
        "failed",
        "ALTER TABLE operation ADD missing_labels TEXT",
    )
    assert "lacks the column operation.missing_labels" in row["found"]

"""From one schema to the next and back, with what people have in their ledgers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from alembic import command
from books import BOARD, Books
from sqlalchemy import MetaData, Table, insert, inspect

from customer_orders.ledger import Ledger, accounts, database, rechecks, recording
from customer_orders.ledger.recording import Evidence
from customer_orders.ledger.results import Done

#: What the first schema held of a request that was settled after it was unknown for a while, and
#: of one that is still unknown.
REQUESTS = [
    ("r1", "20261123-211700-ab12", None, 100.0, 101.0, 86_501.0, 200.0),
    ("r2", "20261124-211700-cd34", b"{}", 300.0, 301.0, 86_701.0, None),
]
OPERATIONS = [
    ("20261123-211700-ab12", "a", "r1", "delivered"),
    ("20261124-211700-cd34", "b", "r2", "sending"),
    ("20261124-211700-cd34", "c", None, "pending"),
]


def migrate(ledger: Ledger, step: Callable[..., None], revision: str) -> None:
    """Go to a revision, through the ledger's own configuration."""
    with ledger.transaction() as connection:
        step(database._alembic(connection=connection), revision)


def fill(ledger: Ledger) -> None:
    """Rows as the first version of this program wrote them."""
    same = {"kind": "item", "action": "create", "rank": 1, "customer": "TORVANE"}
    same |= {"group_title": "G", "before": "{}", "alias": "op0", "attempts": 1}
    payload = '{"name": "n", "group": "G", "values": {}}'
    names = ("id", "run_id", "body", "first_send", "unknown_since", "recheck_after", "settled")
    tables = reflected(ledger)
    with ledger.transaction() as connection:
        for values in REQUESTS:
            row = dict(zip(names, values, strict=True)) | {"board": BOARD, "monday_user": "1"}
            row["last_send"] = row["first_send"]
            connection.execute(insert(tables["request"]).values(row))
        for run_id, name, request_id, state in OPERATIONS:
            row = {"run_id": run_id, "record_uuid": name, "request_id": request_id, "state": state}
            row |= {"board": BOARD, "target": f"{BOARD}/{name}", "payload": payload, **same}
            connection.execute(insert(tables["operation"]).values(row))


def reflected(ledger: Ledger) -> dict[str, Table]:
    """Our tables as they stand in the database."""
    metadata = MetaData()
    with ledger.transaction() as connection:
        metadata.reflect(connection, schema=database.schema_of(connection.dialect.name))
    return {table.name: table for table in metadata.tables.values()}


def everything(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    tables = reflected(ledger)
    with ledger.transaction() as connection:
        return {
            name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for name, table in tables.items()
            if name != "alembic_version"
        }


@pytest.fixture
def ledger(empty_database: str):
    """A ledger of the first schema, filled."""
    ledger = Ledger(empty_database)
    migrate(ledger, command.upgrade, "0001")
    fill(ledger)
    yield ledger
    ledger.close()


def test_up_and_down_again_keeps_every_row(ledger: Ledger):
    """What the new schema adds is empty, and going back leaves the rows as they were."""
    before = everything(ledger)
    assert [len(before[name]) for name in ("request", "operation")] == [2, 3]
    ledger.deploy()
    assert ledger.revision() == database.head() == "0004"
    after = everything(ledger)
    added = {"status": None, "sends": 1, "doubted": None}
    assert after["request"] == [row | added for row in before["request"]]
    assert (after["account_day"], after["price"]) == ([], [])
    added = {"cell": None, "missing_labels": None}
    assert after["operation"] == [row | added for row in before["operation"]]
    with ledger.transaction() as connection:
        schema = database.schema_of(connection.dialect.name)
        found = inspect(connection).get_indexes("request", schema=schema)
    indexes = {index["name"] for index in found}
    assert "request_by_recheck" in indexes
    migrate(ledger, command.downgrade, "0001")
    assert everything(ledger) == before


def test_what_is_known_of_an_account_may_go(ledger: Ledger):
    """One schema back it is forgotten, and nothing else; forward again it begins afresh."""
    ledger.deploy()
    before = everything(ledger)
    known = accounts.Known(calls=7.0, others=3e6, prices={"create_item": 30_001.0})
    accounts.keep(ledger, "1", "2026-11-25", known)
    assert accounts.known(ledger, "1", "2026-11-25") == known
    migrate(ledger, command.downgrade, "0003")
    assert everything(ledger) == {
        name: rows for name, rows in before.items() if name not in ("account_day", "price")
    }
    ledger.deploy()
    assert everything(ledger) == before


def test_what_was_unknown_before_can_be_settled_after(ledger: Ledger):
    """The stored request is found with its bytes, and its operation can be delivered."""
    ledger.deploy()
    (left,) = recording.unsettled(ledger, BOARD)
    assert (left.id, left.body, left.status, left.unknown_since) == ("r2", b"{}", None, 301.0)
    books = Books(ledger)
    _, held = books.run()
    books.record(held, left, Done(monday_id="5"), by=Evidence.BOARD)
    assert recording.unsettled(ledger, BOARD) == []


def test_what_was_to_be_looked_at_again_does_not_stop_a_run(ledger: Ledger):
    """The first schema kept a time but not the operations: there is nothing to look at."""
    ledger.deploy()
    assert rechecks.doubted(ledger, BOARD) == []

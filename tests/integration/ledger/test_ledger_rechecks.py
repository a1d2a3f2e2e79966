"""What a second look leaves in the ledger: late values, findings, and whose time has passed."""

from __future__ import annotations

import json

import pytest
from books import BOARD, Books, done, line, of_item, of_size, planned, start

from customer_orders.errors import LockLost
from customer_orders.ledger import knowledge, reading, rechecks
from customer_orders.ledger.locks import Lock
from customer_orders.ledger.rechecks import Doubted, Stale
from customer_orders.ledger.recording import Evidence
from customer_orders.ledger.schema import event, request
from customer_orders.model import Finding
from customer_orders.plan import Action, Operation


def settled(books: Books) -> tuple[Lock, list[Doubted]]:
    """A line with one size whose item was unknown for a while; it is whole."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    books.unknown(held, stored)
    books.record(held, stored, *done("5"), by=Evidence.BOARD)
    books.record(held, books.take(run_id, held), *done("6", "7"))
    return held, rechecks.doubted(books.ledger, BOARD)


def look(books: Books, held: Lock, doubts: list[Doubted], *stale: Stale, found=()) -> None:
    """Record a look at this moment."""
    rechecks.rechecked(books.ledger, held, doubts, books.now, stale, found)


def test_a_doubt_is_looked_at_until_its_time_has_passed(books: Books):
    """A look before that ends nothing, the first one after it does."""
    held, doubts = settled(books)
    books.now += 59
    look(books, held, doubts)
    assert rechecks.doubted(books.ledger, BOARD) == doubts
    books.now += 1
    look(books, held, doubts)
    assert rechecks.doubted(books.ledger, BOARD) == []
    (row,) = books.rows(request, id=doubts[0].request_id)
    assert (row.recheck_after, row.doubted) == (None, None)


def test_a_look_counts_for_the_moment_it_began(books: Books):
    """The time may pass while the board is read: then one more look is needed."""
    held, doubts = settled(books)
    began = books.now
    books.now += 100
    rechecks.rechecked(books.ledger, held, doubts, began, [], [])
    assert rechecks.doubted(books.ledger, BOARD) == doubts


def test_only_what_was_looked_at_is_over(books: Books):
    """A request that became settled meanwhile keeps its doubt."""
    held, doubts = settled(books)
    books.now += 100
    look(books, held, [])
    assert rechecks.doubted(books.ledger, BOARD) == doubts


@pytest.mark.parametrize(
    ("operation", "shown"),
    [
        (of_item("a", Action.UPDATE, values={"NOTE": "y"}), {"values": {"NOTE": "y"}}),
        (of_item("a", Action.UPDATE, name="old", values={}), {"name": "old"}),
        (of_item("a", Action.MOVE, group="old"), {"group": "old"}),
        (of_size("a", "M", "9", Action.UPDATE), {"values": {"Order Qty": "9"}}),
    ],
)
def test_late_values_are_booked_as_delivered(books: Books, operation: Operation, shown):
    """Only what was seen changes, and the next plan looks at the line again."""
    held, doubts = settled(books)
    before = knowledge.delivered_items(books.ledger, ["a"])["a"]
    assert books.hashes() == {"a": "hash of a"}
    look(books, held, doubts, Stale(operation=operation, shown=shown))
    after = knowledge.delivered_items(books.ledger, ["a"])["a"]
    assert books.hashes() == {"a": None}
    sizes = operation.size is not None
    expected = dict(before.subitems["M"].values if sizes else before.values)
    found = after.subitems["M"].values if sizes else after.values
    assert found == expected | shown.get("values", {})
    assert after.name == shown.get("name", before.name)
    assert after.group == shown.get("group", before.group)
    assert after.subitems["L"] == before.subitems["L"]


def test_a_look_is_told(books: Books):
    """Findings belong to the run that holds the board; an event counts what was seen."""
    held, doubts = settled(books)
    copy = Finding(rule="duplicate", message="a second item", record_uuid="a", column="9")
    look(books, held, doubts, found=[copy])
    assert [found["rule"] for found in reading.findings(books.ledger)] == ["duplicate"]
    (told,) = books.rows(event, name="rechecked")
    assert json.loads(told.detail) == {"requests": 1, "late": 0, "copies": 1}


def test_who_lost_the_board_books_nothing(books: Books):
    """Late values are not booked by the loser, and no time passes for it."""
    held, doubts = settled(books)
    books.run(planned([line("a")]))
    books.now += 100
    before = books.everything()
    late = Stale(operation=of_item("a", Action.MOVE, group="old"), shown={"group": "old"})
    with pytest.raises(LockLost):
        look(books, held, doubts, late)
    assert books.everything() == before

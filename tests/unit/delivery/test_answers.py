"""What an answer means for each operation: done, refused, without a cell, not done, not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from queueing import BOARD, numbered, of_item, of_size

from customer_orders.delivery.answers import HINTS, lacks_label_right, results_of
from customer_orders.ledger.claiming import Request
from customer_orders.ledger.results import Claimed, Done, Refusal, Reopen, Result, WithoutCell
from customer_orders.model import Board, BoardColumn
from customer_orders.monday import AliasError, Answer, Category
from customer_orders.plan import Action, Operation

COLUMNS = {
    title: BoardColumn(id=number, title=title, type="text")
    for title, number in (("NOTE", "note"), ("SHADE", "shade"), ("LINE KEY", "key"))
}
LIVE = Board(
    id=BOARD,
    name="Orders",
    columns=COLUMNS,
    subitem_columns={"Size": BoardColumn(id="size", title="Size", type="dropdown")},
    groups={},
    items_count=0,
    items_limit=10,
)


def sent(operation: Operation, **payload: Any) -> Claimed:
    """An operation under way, with the ids that the ledger knows."""
    (claimed,) = numbered([replace(operation, payload=payload)])
    size_id = "6" if operation.size and operation.action is not Action.CREATE else None
    return replace(claimed, alias="op0", group_id="g", item_id="5", subitem_id=size_id)


def result(claimed: Claimed, value: Any, error: AliasError | None = None) -> Result | None:
    """What the answer says of the one operation of a request."""
    request = Request(
        id="k", board=BOARD, body=b"", operations=(claimed,), user="1", first_send=0, last_send=0
    )
    errors = {"op0": error} if error else {}
    answer = Answer(data={"op0": value}, errors=errors, replayed=False)
    return results_of(request, answer, LIVE, "LINE KEY").get(1)


def error(category: Category = Category.DATA, column: str | None = None) -> AliasError:
    """An error of the alias."""
    return AliasError(category=category, code="C", message="no", column=column, retry_in=1.0)


VALUES = {"NOTE": "x", "SHADE": "dull", "LINE KEY": "a"}


def create() -> Claimed:
    """An item to be made."""
    return sent(of_item("a"), name="a", values=VALUES)


@pytest.mark.parametrize(
    ("claimed", "known_as"),
    [
        (create(), "77"),
        (sent(of_size("a", "M"), values={}), "77"),
        (sent(of_item("a", Action.MOVE), group="X"), "5"),
        (sent(of_item("a", Action.UPDATE), values={"NOTE": "x"}), "5"),
        (sent(of_size("a", "M", Action.ZERO), values={}), "6"),
    ],
)
def test_what_was_confirmed_is_done(claimed: Claimed, known_as: str):
    """A new thing has the answered id; a change keeps the one that the ledger knows."""
    assert result(claimed, {"id": "77"}) == Done(monday_id=known_as)


@pytest.mark.parametrize("value", [None, {}, {"name": "x"}, {"id": None}, "5"])
def test_what_the_answer_does_not_tell_is_left_out(value: Any):
    """Without an id and without an error nobody knows."""
    assert result(create(), value) is None
    assert result(create(), value, error(Category.UNKNOWN)) is None


@pytest.mark.parametrize("category", [Category.THROTTLE, Category.LOCK, Category.AUTH])
def test_what_was_not_done_is_opened_again(category: Category):
    """Limits, locks and rights say nothing about the value."""
    assert result(create(), None, error(category)) == Reopen(reason="no")


@pytest.mark.parametrize("category", [Category.DATA, Category.GONE])
def test_what_monday_refuses_is_refused_with_a_hint(category: Category):
    """Code, words, and what to do."""
    refused = Refusal(category=category, code="C", error="no", hint=HINTS[category])
    assert result(create(), None, error(category)) == refused


@pytest.mark.parametrize(
    ("claimed", "column", "cell"),
    [
        (create(), "note", "NOTE"),
        (create(), "shade", "SHADE"),
        (create(), "key", None),
        (create(), "unknown", None),
        (sent(of_item("a", Action.UPDATE), values={"NOTE": "x", "SHADE": "y"}), "note", "NOTE"),
        (sent(of_item("a", Action.UPDATE), values={"NOTE": "x"}, name="b"), "note", "NOTE"),
        (sent(of_item("a", Action.UPDATE), values={"NOTE": "x"}), "note", None),
        (sent(of_item("a", Action.UPDATE), values={"SHADE": "x"}, name="b"), "note", None),
        (sent(of_item("a", Action.MOVE), group="X"), "note", None),
        (sent(of_size("a", "M"), values={"Size": "M"}), "size", None),
        (sent(of_size("a", "M", Action.UPDATE), values={"Size": "M"}), "size", None),
    ],
)
def test_an_error_that_names_a_column(claimed: Claimed, column: str, cell: str | None):
    """Costs that cell of an item, where something is left to send; never the key."""
    found = result(claimed, None, error(column=column))
    if cell is None:
        assert isinstance(found, Refusal)
    else:
        assert isinstance(found, WithoutCell)
        assert (found.cell, found.refusal.code) == (cell, "C")


def test_a_column_named_by_an_item_that_is_gone():
    """The item is the trouble, not the cell."""
    assert isinstance(result(create(), None, error(Category.GONE, "note")), Refusal)


def test_a_token_that_may_not_make_labels_loses_the_cell_only():
    """The rest of the item is sent without the new label; without one, the run has to stop."""
    shade = BoardColumn(id="shade", title="SHADE", type="dropdown", labels=frozenset({"NAVY"}))
    live = replace(LIVE, columns=COLUMNS | {"SHADE": shade})
    no_right = error(Category.AUTH)
    new = sent(of_item("a"), values={"NOTE": "1", "SHADE": "TEAL"})
    request = Request(
        id="k", board=BOARD, body=b"", operations=(new,), user="1", first_send=0, last_send=0
    )
    answer = Answer(data={}, errors={"op0": no_right}, replayed=False)
    (found,) = results_of(request, answer, live, "LINE KEY").values()
    assert isinstance(found, WithoutCell)
    assert found.cell == "SHADE"
    assert lacks_label_right(new, no_right, live)
    assert not lacks_label_right(sent(of_item("a"), values={"SHADE": "NAVY"}), no_right, live)

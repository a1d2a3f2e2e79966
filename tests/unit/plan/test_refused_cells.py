"""Single cells that monday refused: held until their value changes, while the rest goes on."""

from __future__ import annotations

import pytest
from planning import LINE, VALUES, delivered, item, knowing, planned, shown

from customer_orders.model import Cell, DeliveredItem, Item
from customer_orders.plan import Outcome

DEARER = item(VALUES | {"CUSTOMER PRICE": "13"})


def with_cells(
    wanted: Item, known: DeliveredItem | None, **cells: Cell
) -> tuple[Outcome, list[tuple[str, str, str | None, object]]]:
    """Outcome and operations of a line of which these cells were refused."""
    held = {LINE: {title.replace("_", " "): cell for title, cell in cells.items()}}
    knowledge = knowing(*([known] if known else []), refused_cells=held)
    line, operations = planned(wanted, knowledge)
    return line.outcome, shown(operations)


def test_a_refused_cell_is_not_sent_again() -> None:
    """The same value for the same cell makes no operation, and the line counts as failed."""
    assert with_cells(DEARER, delivered(item()), CUSTOMER_PRICE="13") == (Outcome.FAILED, [])


def test_the_other_cells_are_sent() -> None:
    """Without the one that is held; the line still counts as failed."""
    wanted = item(VALUES | {"CUSTOMER PRICE": "13", "DROP": "DROP 2"}, {"M": "120", "L": "80"})
    outcome, operations = with_cells(wanted, delivered(item()), CUSTOMER_PRICE="13")
    assert outcome is Outcome.FAILED
    assert operations == [
        ("item", "update", None, {"values": {"DROP": "DROP 2"}}),
        ("subitem", "update", "M", {"values": {"Order Qty": "120"}}),
    ]


def test_a_new_name_goes_out_beside_a_refused_cell() -> None:
    """With nothing but the name in it."""
    wanted = item(VALUES | {"CUSTOMER PRICE": "13"}, name="other")
    outcome, operations = with_cells(wanted, delivered(item()), CUSTOMER_PRICE="13")
    assert (outcome, operations) == (Outcome.FAILED, [("item", "update", None, {"name": "other"})])


@pytest.mark.parametrize("price", ["14", None])
def test_another_value_is_sent(price: Cell) -> None:
    """The row changed: the hold is on a value, not on a cell."""
    wanted = item(VALUES | {"CUSTOMER PRICE": price})
    outcome, operations = with_cells(wanted, delivered(item()), CUSTOMER_PRICE="13")
    assert outcome is Outcome.UPDATED
    assert operations == [("item", "update", None, {"values": {"CUSTOMER PRICE": price}})]


def test_a_blank_that_was_refused_is_held_too() -> None:
    """A blank is a value like any other."""
    wanted = item(VALUES | {"CUSTOMER PRICE": None})
    assert with_cells(wanted, delivered(item()), CUSTOMER_PRICE=None) == (Outcome.FAILED, [])


def test_a_line_that_went_back_is_whole() -> None:
    """The row has the delivered value again: nothing is held, and nothing is to do."""
    assert with_cells(item(), delivered(item()), CUSTOMER_PRICE="13") == (Outcome.UNCHANGED, [])


def test_cells_of_another_line_do_not_count() -> None:
    """A hold is on the cell of one line."""
    knowledge = knowing(delivered(item()), refused_cells={"another": {"CUSTOMER PRICE": "13"}})
    line, operations = planned(DEARER, knowledge)
    assert (line.outcome, len(operations)) == (Outcome.UPDATED, 1)


def test_a_size_that_is_called_like_a_cell_is_sent() -> None:
    """Only cells of the item are held by themselves."""
    wanted = item(sizes={"M": "120", "L": "80"})
    outcome, operations = with_cells(wanted, delivered(item()), M="120")
    assert (outcome, len(operations)) == (Outcome.UPDATED, 1)


def test_an_item_is_not_made_with_a_cell_that_is_held() -> None:
    """It was refused on a create that was not finished; the next plan leaves it out."""
    outcome, operations = with_cells(DEARER, None, CUSTOMER_PRICE="13")
    assert outcome is Outcome.FAILED
    values = operations[0][3]["values"]
    assert "CUSTOMER PRICE" not in values

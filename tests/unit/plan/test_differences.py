"""What the board shows against what it should show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from planning import BOARD, GROUP, LINE, delivered, item

from customer_orders.config import MappingSettings
from customer_orders.model import Item, ShownItem, ShownSubitem
from customer_orders.plan import Difference, DifferenceKind, differences, foreign

TITLES = MappingSettings()


def shown(wanted: Item, **parts: Any) -> ShownItem:
    """The item on the board, as it should be where nothing else is said."""
    found = ShownItem(
        monday_id="5001",
        board=BOARD,
        group=GROUP,
        name=wanted.name,
        values=dict(wanted.values),
        subitems=tuple(
            subitem(s.size, s.quantity, n) for n, s in enumerate(wanted.subitems, start=1)
        ),
    )
    return replace(found, **parts)


def subitem(size: str, quantity: str | None, number: int = 1) -> ShownSubitem:
    """A size on the board."""
    values = {"Size": size, "Order Qty": quantity}
    return ShownSubitem(monday_id=f"70{number}", name=size, values=values)


def compared(
    wanted: Item, *copies: ShownItem, was: Item | None = None
) -> list[tuple[str, str, str | None, str | None]]:
    """The differences in short: kind, what, expected, shown."""
    known = {LINE: delivered(was)} if was else {}
    board: Mapping[str, Sequence[ShownItem]] = {LINE: copies} if copies else {}
    found = differences([wanted], known, board, TITLES)
    return [(str(d.kind), d.what, d.expected, d.shown) for d in found]


def test_a_board_as_it_should_be() -> None:
    """No difference; neither in groups, because people may move items."""
    assert compared(item(), shown(item())) == []
    assert compared(item(), shown(item(), group="Somewhere else")) == []


def test_a_missing_item() -> None:
    """One difference for the item, none for each of its cells and sizes."""
    assert compared(item()) == [("missing", "item", item().name, None)]


@pytest.mark.parametrize(("cell", "shows"), [("180", "190"), ("180", None), (None, "1")])
def test_a_changed_cell(cell: str | None, shows: str | None) -> None:
    """Another value, a cleared one, and one where nothing should be."""
    wanted = item(values={"ORDER QTY": cell})
    found = shown(wanted, values={"ORDER QTY": shows})
    assert compared(wanted, found) == [("changed", "ORDER QTY", cell, shows)]


def test_a_changed_name() -> None:
    """The name is ours."""
    assert compared(item(), shown(item(), name="mine")) == [
        ("changed", "Name", item().name, "mine")
    ]


def test_a_rejected_cell_keeps_what_was_delivered() -> None:
    """The board is compared with the last delivered value, and with nothing where there is none."""
    before = item(values={"CUSTOMER PRICE": "12.5"})
    wanted = item(values={})
    assert compared(wanted, shown(before), was=before) == []
    moved = shown(before, values={"CUSTOMER PRICE": "13"})
    assert compared(wanted, moved, was=before) == [("changed", "CUSTOMER PRICE", "12.5", "13")]
    assert compared(wanted, moved) == []


def test_copies() -> None:
    """The oldest is compared, each other one is a difference."""
    copy = shown(item(), monday_id="5002", name="copy")
    assert compared(item(), shown(item()), copy) == [("duplicate", "item", None, "copy")]


def test_missing_and_changed_sizes() -> None:
    """A size that is not there, and one with another quantity."""
    found = shown(item(), subitems=(subitem("M", "90"),))
    assert compared(item(), found) == [
        ("changed", "size M", "100", "90"),
        ("missing", "size L", "80", None),
    ]


def test_a_size_that_stands_twice() -> None:
    """The second subitem of a size is a copy."""
    twice = (subitem("M", "100"), subitem("L", "80", 2), subitem("M", "100", 3))
    (difference,) = differences([item()], {}, {LINE: [shown(item(), subitems=twice)]}, TITLES)
    assert (difference.kind, difference.monday_id) == (DifferenceKind.DUPLICATE, "703")


def test_a_size_that_is_no_longer_ordered() -> None:
    """It stands at 0; so does one that a person added."""
    wanted = item(sizes={"M": "100"})
    left = shown(wanted, subitems=(subitem("M", "100"), subitem("L", "0", 2)))
    assert compared(wanted, left, was=item()) == []
    assert compared(wanted, left) == []
    still = shown(wanted, subitems=(subitem("M", "100"), subitem("L", "80", 2)))
    assert compared(wanted, still, was=item()) == [("changed", "size L", "0", "80")]
    assert compared(wanted, still) == [("changed", "size L", "0", "80")]
    gone = shown(wanted, subitems=(subitem("M", "100"),))
    assert compared(wanted, gone, was=item()) == [("missing", "size L", "0", None)]


def test_a_rejected_size_keeps_its_quantity() -> None:
    """What was delivered last is expected, until the cell can be used again."""
    wanted = item(sizes={"M": "100"}, rejected_sizes=frozenset({"L"}))
    assert compared(wanted, shown(item()), was=item()) == []
    other = shown(wanted, subitems=(subitem("M", "100"), subitem("L", "5", 2)))
    assert compared(wanted, other, was=item()) == [("changed", "size L", "80", "5")]


def test_items_of_no_line() -> None:
    """Each item under a key that no line has; known keys are left alone."""
    strangers = {"x": [shown(item(), name="a"), shown(item(), name="b")], LINE: [shown(item())]}
    found = list(foreign(strangers, {LINE}))
    assert [(d.kind, d.record_uuid, d.shown) for d in found] == [
        (DifferenceKind.FOREIGN, "x", "a"),
        (DifferenceKind.FOREIGN, "x", "b"),
    ]
    assert all(isinstance(d, Difference) for d in found)

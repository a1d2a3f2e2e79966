"""What the board shows against what it should show: a difference is what a repair would send."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from planning import LINE, NAME, VALUES, delivered, item, knowing, planned

from customer_orders.model import Cell, DeliveredItem, DeliveredSubitem, Item
from customer_orders.plan import (
    Action,
    DifferenceKind,
    Knowledge,
    Operation,
    Surplus,
    Target,
    differences,
    foreign,
)

KEY = {"LINE KEY": LINE}


def standing(wanted: Item, **parts: Any) -> DeliveredItem:
    """The item on the board, as it should be where nothing else is said."""
    return replace(delivered(wanted), **parts)


def sizes(**quantities: Cell) -> dict[str, DeliveredSubitem]:
    """Sizes on the board."""
    return {
        size: DeliveredSubitem(monday_id=f"7{place}", values={"Size": size, "Order Qty": pieces})
        for place, (size, pieces) in enumerate(quantities.items(), 1)
    }


def looked(shown: DeliveredItem | None, was: Item | None = None, **parts: Any) -> Knowledge:
    """What is known after a look at the whole board."""
    found = {LINE: shown} if shown else {}
    known = [delivered(was)] if was else []
    return knowing(*known, found=found, whole_boards=True, **parts)


def repaired(wanted: Item, knowledge: Knowledge) -> list[Operation]:
    """The operations of the way back."""
    return planned(wanted, knowledge)[1]


def compared(
    wanted: Item, shown: DeliveredItem | None, was: Item | None = None, **parts: Any
) -> list[tuple[str, str, Cell, Cell]]:
    """The differences in short: kind, what, expected, shown."""
    knowledge = looked(shown, was, **parts)
    found = differences(repaired(wanted, knowledge), knowledge.found)
    return [(str(d.kind), d.what, d.expected, d.shown) for d in found]


def test_a_board_as_it_should_be() -> None:
    """No difference, and nothing to take over."""
    assert compared(item(), standing(item()), item()) == []
    assert repaired(item(), looked(standing(item()), item())) == []


def test_a_missing_item() -> None:
    """One difference for the item, none for each of its cells and sizes; all of it is made."""
    assert compared(item(), None, item()) == [("missing", "item", NAME, None)]
    made = [(o.kind, o.action) for o in repaired(item(), looked(None, item()))]
    assert made == [(Target.ITEM, Action.CREATE), *[(Target.SUBITEM, Action.CREATE)] * 2]


@pytest.mark.parametrize(("cell", "shows"), [("180", "190"), ("180", None), (None, "1")])
def test_a_changed_cell(cell: Cell, shows: Cell) -> None:
    """Another value, a cleared one, and one where nothing should be."""
    wanted = item(values={"ORDER QTY": cell})
    found = standing(wanted, values={"ORDER QTY": shows})
    assert compared(wanted, found, wanted) == [("changed", "ORDER QTY", cell, shows)]


def test_a_changed_name_and_key() -> None:
    """Both are ours; what the board shows is taken over first, then written again."""
    wanted = item(VALUES | KEY)
    found = standing(wanted, name="mine", values=VALUES | {"LINE KEY": "x"})
    assert compared(wanted, found, wanted) == [
        ("changed", "LINE KEY", LINE, "x"),
        ("changed", "Name", NAME, "mine"),
    ]
    link, update, *_ = repaired(wanted, looked(found, wanted))
    assert (link.action, link.payload["name"]) == (Action.LINK, "mine")
    assert update.payload == {"values": KEY, "name": NAME}


def test_a_rejected_cell_keeps_what_was_delivered() -> None:
    """The board is compared with the last delivered value, and with nothing where there is none."""
    before, wanted = item(values={"CUSTOMER PRICE": "12.5"}), item(values={})
    moved = standing(before, values={"CUSTOMER PRICE": "13"})
    assert compared(wanted, standing(before), before) == []
    assert compared(wanted, moved, before) == [("changed", "CUSTOMER PRICE", "12.5", "13")]
    assert compared(wanted, moved) == []


def test_a_column_that_is_no_longer_mapped_is_left_alone() -> None:
    """What was delivered into it once is not restored: it may be somebody else's by now."""
    was = item(VALUES | {"OLD": "x"})
    assert compared(item(), standing(item()), was) == []


def test_columns_that_are_left_to_people() -> None:
    """Written once, or edited by a person: neither is a difference."""
    left = {"set_once": frozenset({"DROP"}), "keep_board_edits": frozenset({"CUSTOMER PRICE"})}
    found = standing(item(), values=VALUES | {"DROP": "mine", "CUSTOMER PRICE": "1"})
    assert compared(item(), found, item(), **left) == []


def test_missing_and_changed_sizes() -> None:
    """A size that is not there, and one with another quantity."""
    assert compared(item(), standing(item(), subitems=sizes(M="90")), item()) == [
        ("changed", "size M", "100", "90"),
        ("missing", "size L", "80", None),
    ]


@pytest.mark.parametrize(("shows", "told"), [("0", False), (None, False), ("80", True)])
def test_a_size_that_somebody_added(shows: Cell, told: bool) -> None:
    """It must not count, but it is never taken off the board."""
    found = standing(item(), subitems=sizes(M="100", L="80", XL=shows))
    knowledge = {"size_gone": Action.DELETE}
    assert compared(item(), found, item(), **knowledge) == (
        [("changed", "size XL", "0", "80")] if told else []
    )


def test_a_size_that_is_no_longer_ordered() -> None:
    """It stands at 0; where a person took it away, it is not made again."""
    wanted = item(sizes={"M": "100"})
    still = standing(wanted, subitems=sizes(M="100", L="80"))
    assert compared(wanted, still, item()) == [("changed", "size L", "0", "80")]
    gone = looked(standing(wanted), item())
    assert [o.action for o in repaired(wanted, gone)] == [Action.LINK, Action.LINK]


def test_a_rejected_size_keeps_its_quantity() -> None:
    """What was delivered last is expected, until the cell can be used again."""
    wanted = item(sizes={"M": "100"}, rejected_sizes=frozenset({"L"}))
    assert compared(wanted, standing(item()), item()) == []
    other = standing(item(), subitems=sizes(M="100", L="5"))
    assert compared(wanted, other, item()) == [("changed", "size L", "80", "5")]


@pytest.mark.parametrize("size", [None, "M"])
@pytest.mark.parametrize("spare", [True, False])
def test_copies(size: str | None, spare: bool) -> None:
    """One that nobody works on leaves the board, any other loses our key."""
    copy = Surplus(
        monday_id="5002", name="copy", size=size, column="LINE KEY", key=LINE, spare=spare
    )
    knowledge = looked(standing(item()), item(), surplus={LINE: [copy]})
    (operation,) = repaired(item(), knowledge)
    assert operation.kind is Target.COPY
    assert operation.action is (Action.ARCHIVE if spare else Action.UPDATE)
    assert operation.payload.get("values") == (None if spare else {"LINE KEY": None})
    (difference,) = differences([operation], knowledge.found)
    assert (difference.kind, difference.monday_id) == (DifferenceKind.DUPLICATE, "5002")
    assert difference.what == ("size M" if size else "item")


def test_items_of_no_line() -> None:
    """Each is named with the key that it bears."""
    strangers = [standing(item(), name="a"), standing(item(), name="b")]
    found = list(foreign(strangers))
    assert [(d.kind, d.record_uuid, d.shown) for d in found] == [
        (DifferenceKind.FOREIGN, LINE, "a"),
        (DifferenceKind.FOREIGN, LINE, "b"),
    ]

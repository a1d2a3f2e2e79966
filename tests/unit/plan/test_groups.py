"""Which group of a board stands for a title."""

from __future__ import annotations

import pytest

from customer_orders.model import Board
from customer_orders.plan import Action, Operation, Target, usable_groups
from customer_orders.plan.groups import ambiguous_groups

FALL, SPRING = "TORVANE 2025 FALL", "TORVANE SP26"


def board(**groups: tuple[str, ...]) -> Board:
    """A live board with these groups by title."""
    return Board(
        id="9",
        name="Orders",
        columns={},
        subitem_columns={},
        groups=groups,
        items_count=0,
        items_limit=10_000,
    )


def operation(action: Action, *, kind: Target = Target.ITEM, group: str = FALL) -> Operation:
    """One operation on an item of the group."""
    return Operation(
        kind=kind, action=action, board="9", customer="TORVANE", group=group, record_uuid="u1"
    )


def test_a_group_counts_by_its_exact_title() -> None:
    """Without a remembered id, what bears the title is used."""
    assert usable_groups({}, board(**{FALL: ("g1",)})) == {FALL: "g1"}


def test_of_several_the_first_on_the_board() -> None:
    """The board's order decides, so that every run takes the same one."""
    assert usable_groups({}, board(**{FALL: ("g2", "g1")})) == {FALL: "g2"}


def test_a_remembered_group_holds_while_it_is_active() -> None:
    """Whatever people call it, and although another one bears the title now."""
    live = board(**{"Autumn": ("g1",), FALL: ("g7",)})
    assert usable_groups({FALL: "g1"}, live) == {"Autumn": "g1", FALL: "g1"}


def test_a_remembered_group_that_is_gone_does_not_count() -> None:
    """Archived or deleted: the title decides again, or the group is to be made."""
    assert usable_groups({FALL: "g1"}, board(**{FALL: ("g2",)})) == {FALL: "g2"}
    assert usable_groups({FALL: "g1"}, board()) == {}


@pytest.mark.parametrize("action", [Action.CREATE, Action.MOVE])
def test_a_title_that_stands_twice_is_a_finding(action: Action) -> None:
    """One for the title, however many items go there."""
    live = board(**{FALL: ("g1", "g2"), SPRING: ("g3",)})
    going = [operation(action), operation(action), operation(action, group=SPRING)]
    (found,) = ambiguous_groups(going, {"9": live})
    assert (found.rule, found.customer, found.column) == ("groups", "TORVANE", f"{FALL} of board 9")
    assert "2 groups" in found.message
    assert "g1" in found.message


def test_items_that_stay_need_no_group() -> None:
    """Updates and subitems go nowhere, so an ambiguous title is nobody's business."""
    live = board(**{FALL: ("g1", "g2")})
    staying = [operation(Action.UPDATE), operation(Action.CREATE, kind=Target.SUBITEM)]
    assert list(ambiguous_groups(staying, {"9": live})) == []

"""Room on a board: items, labels, and items that stand on a board that is no longer theirs."""

from dataclasses import replace

import pytest
from planning import BOARD, delivered, item, knowing, order_line, plan_of, planned

from customer_orders.errors import PlanRefused
from customer_orders.model import Board, BoardColumn, Item
from customer_orders.plan import Action, Outcome, guard_capacity
from customer_orders.plan.make import stopped_findings


def board(
    *, count: int = 0, limit: int = 10_000, labels: int = 0, type_: str = "dropdown"
) -> Board:
    """A live board whose column DROP knows so many labels."""
    known = frozenset(f"label {number}" for number in range(labels))
    column = BoardColumn(id="c1", title="DROP", type=type_, labels=known)
    texts = {title: BoardColumn(id=title, title=title, type="text") for title in item().values}
    return Board(
        id=BOARD,
        name="Orders",
        columns=texts | {"DROP": column},
        subitem_columns={
            title: BoardColumn(id=title, title=title, type="text")
            for title in ("Size", "Order Qty")
        },
        groups={},
        items_count=count,
        items_limit=limit,
    )


def three_items() -> tuple[Item, ...]:
    """Three items to be made."""
    return tuple(item(record_uuid=f"line {number}") for number in range(3))


@pytest.mark.parametrize(("count", "limit"), [(9_997, 10_000), (0, 3), (9_999_999, 0)])
def test_a_plan_that_fits_passes(count: int, limit: int) -> None:
    """Up to the last place; a board that does not say its limit is not judged."""
    guard_capacity(plan_of(*three_items()), {BOARD: board(count=count, limit=limit)})


def test_a_plan_that_does_not_fit_is_refused_with_the_numbers() -> None:
    """The message says what stands there and what would come."""
    with pytest.raises(PlanRefused) as refusal:
        guard_capacity(plan_of(*three_items()), {BOARD: board(count=9_998)})
    assert refusal.value.message == (
        f'board {BOARD} "Orders" has 9998 of 10000 items, 3 more would be made, 2 would fit'
    )
    assert "--limit" in refusal.value.hint


def test_an_item_on_another_board_is_held() -> None:
    """Its id means nothing on the configured board, so nothing is sent for it."""
    was = replace(delivered(item()), board="9000000009")
    line, operations = planned(item(), knowing(was))
    assert (line.outcome, operations) == (Outcome.SKIPPED, [])
    (finding,) = stopped_findings([(order_line(), item())], knowing(was))
    assert finding.rule == "board"
    assert "9000000009" in finding.message


@pytest.mark.parametrize(("action", "held"), [(Action.ZERO, True), (Action.ARCHIVE, False)])
def test_an_item_takes_100_subitems(action: Action, held: bool) -> None:
    """Those that stay at 0 count; those that leave the board make room."""
    was = item(sizes={f"OLD {number}": "1" for number in range(60)})
    now = item(sizes={f"NEW {number}": "1" for number in range(60)})
    knowledge = knowing(delivered(was), size_gone=action)
    line, operations = planned(now, knowledge)
    assert (line.outcome is Outcome.SKIPPED, operations == []) == (held, held)
    found = list(stopped_findings([(order_line(), now)], knowledge))
    assert [finding.rule for finding in found] == (["capacity"] if held else [])
    assert all("120 subitems" in finding.message for finding in found)

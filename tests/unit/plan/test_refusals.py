"""What is not sent: refused payloads, what hangs on them, unsettled and held lines."""

from collections.abc import Iterator

import pytest
from planning import (
    BOARD,
    GROUP,
    GROUPS,
    LINE,
    VALUES,
    delivered,
    held,
    item,
    knowing,
    order_line,
    planned,
    shown,
)

from customer_orders.model import DeliveredItem, Item, OrderLine
from customer_orders.plan import Action, Knowledge, Operation, Outcome, Target, held_line, make


def refused(*operations: Operation) -> dict[tuple[str, str], str]:
    """The operations as the ledger reports them once monday refused them."""
    return {(o.target, o.action): o.payload_text for o in operations}


def retried(
    wanted: Item, known: DeliveredItem | None, *without: Operation, **parts: object
) -> tuple[Outcome, list[tuple[str, str, str | None, object]]]:
    """Outcome and operations of a line when these operations were refused before."""
    items = [known] if known else []
    line, operations = planned(wanted, knowing(*items, refused=refused(*without), **parts))
    return line.outcome, shown(operations)


def made(wanted: Item, known: DeliveredItem | None = None) -> list[Operation]:
    """The operations of a line of which nothing was refused."""
    return planned(wanted, knowing(*([known] if known else [])))[1]


DEARER = item(VALUES | {"CUSTOMER PRICE": "13"})


def test_refused_update_is_not_sent_again() -> None:
    """The same payload for the same target makes no operation: the line counts as failed."""
    known = delivered(item())
    assert retried(DEARER, known, *made(DEARER, known)) == (Outcome.FAILED, [])


@pytest.mark.parametrize(
    "other",
    [
        item(VALUES | {"CUSTOMER PRICE": "14"}),
        item(VALUES | {"CUSTOMER PRICE": "13", "DROP": "DROP 2"}),
        item(VALUES | {"CUSTOMER PRICE": "13"}, name="other"),
    ],
)
def test_another_payload_is_planned(other: Item) -> None:
    """A row that changed makes another payload, and that one is sent."""
    known = delivered(item())
    outcome, operations = retried(other, known, *made(DEARER, known))
    assert outcome is Outcome.UPDATED
    assert operations == shown(made(other, known))


def test_refusal_of_another_line_does_not_count() -> None:
    """A hold is on a target, not on a payload."""
    known = delivered(item())
    elsewhere = {(f"{BOARD}/another", "update"): made(DEARER, known)[0].payload_text}
    line, operations = planned(DEARER, knowing(known, refused=elsewhere))
    assert (line.outcome, len(operations)) == (Outcome.UPDATED, 1)


def test_refused_subitem_leaves_the_rest() -> None:
    """One size that is refused costs its own operation; the line fails, the rest goes on."""
    known = delivered(item())
    now = item(VALUES | {"CUSTOMER PRICE": "13"}, {"M": "120", "L": "80", "XL": "5"})
    update, medium, extra = made(now, known)
    outcome, operations = retried(now, known, extra)
    assert outcome is Outcome.FAILED
    assert operations == shown([update, medium])


def test_refused_item_update_leaves_the_sizes() -> None:
    """The sizes of a line whose update is refused are still brought up to date."""
    known = delivered(item())
    now = item(VALUES | {"CUSTOMER PRICE": "13"}, {"M": "120", "L": "80"})
    update, medium = made(now, known)
    assert retried(now, known, update) == (Outcome.FAILED, shown([medium]))


def test_refused_create_drops_its_subitems() -> None:
    """Without the item there is nothing that a size could hang on."""
    create, *_sizes = made(item())
    assert retried(item(), None, create) == (Outcome.FAILED, [])


def test_create_with_another_payload_brings_its_subitems() -> None:
    """When the item can be made again its sizes open with it, though they were blocked."""
    operations = made(item())
    now = item(VALUES | {"CUSTOMER PRICE": "13"})
    outcome, again = retried(now, None, *operations)
    assert (outcome, again) == (Outcome.CREATED, shown(made(now)))


def test_refused_subitem_does_not_hold_a_new_item() -> None:
    """An item that is made again is made with all its sizes."""
    operations = made(item())
    assert retried(item(), None, operations[1]) == (Outcome.CREATED, shown(operations))


def ensure(title: str) -> Operation:
    """The operation that makes a group."""
    return Operation(
        kind=Target.GROUP,
        action=Action.ENSURE_GROUP,
        board=BOARD,
        customer="TORVANE",
        group=title,
        payload={"title": title},
    )


def test_refused_group_holds_creates_and_moves() -> None:
    """A line whose group cannot be made fails and sends nothing."""
    assert retried(item(), None, ensure(GROUP), groups={}) == (Outcome.FAILED, [])
    moved = item(group="NEW")
    known = delivered(item())
    assert retried(moved, known, ensure("NEW")) == (Outcome.FAILED, [])


def test_refused_group_that_is_there_now_holds_nothing() -> None:
    """Once somebody made the group, the refusal is history."""
    outcome, operations = retried(item(), None, ensure(GROUP), groups=GROUPS)
    assert (outcome, len(operations)) == (Outcome.CREATED, 3)


def test_refused_group_does_not_hold_an_update() -> None:
    """A line that stays where it was delivered needs no group."""
    known = delivered(item())
    outcome, operations = retried(DEARER, known, ensure(GROUP), groups={})
    assert (outcome, len(operations)) == (Outcome.UPDATED, 1)
    assert retried(item(), known, ensure(GROUP), groups={}) == (Outcome.UNCHANGED, [])


@pytest.mark.parametrize("known", [None, delivered(item())])
def test_unsettled_line_is_pending(known: DeliveredItem | None) -> None:
    """Nothing is planned for a line while the outcome of something sent is not known."""
    items = [known] if known else []
    line, operations = planned(DEARER, knowing(*items, unsettled=frozenset({LINE})))
    assert (line.outcome, operations) == (Outcome.PENDING, [])
    assert line.row_hash == "h1"


def test_unsettled_line_is_pending_before_it_is_refused() -> None:
    """A line with a refused and an unknown operation waits for the unknown one."""
    known = delivered(item())
    knowledge = knowing(known, refused=refused(*made(DEARER, known)), unsettled=frozenset({LINE}))
    line, _ = planned(DEARER, knowledge)
    assert line.outcome is Outcome.PENDING


def test_held_line_is_skipped() -> None:
    """A held line has no operations and no hash; its delivered sizes are quiet."""
    line, operations = planned(held(), knowing(delivered(item())))
    assert (line.line, line.customer, line.outcome) == (LINE, "?", Outcome.SKIPPED)
    assert (line.row_hash, line.quiet_subitems, operations) == (None, 2, [])
    assert (line.po, line.season) == ("100", "SP26")


def test_held_line_that_is_unsettled_is_pending() -> None:
    """What was sent for a line is settled first, held or not."""
    line, operations = planned(held(), knowing(unsettled=frozenset({LINE})))
    assert (line.outcome, operations) == (Outcome.PENDING, [])


def test_row_that_cannot_be_told_is_named_by_its_number() -> None:
    """A held row without a record_uuid is the line `row N`."""
    line = held_line(held(None), knowing(delivered(item())))
    assert (line.line, line.quiet_subitems) == ("row 7", 0)


def test_lines_are_planned_one_by_one() -> None:
    """Lines come out in the order they went in, and only when they are asked for."""
    asked: list[int] = []

    def rendered() -> Iterator[tuple[OrderLine, Item]]:
        for number in range(3):
            asked.append(number)
            yield order_line(f"line {number}"), item(record_uuid=f"line {number}")

    results = make(rendered(), Knowledge(delivered={}))
    assert (next(results)[0].line, asked) == ("line 0", [0])
    assert [line.line for line, _ in results] == ["line 1", "line 2"]

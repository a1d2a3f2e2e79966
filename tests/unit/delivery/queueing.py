"""Planned operations of a few lines, numbered as the ledger numbers them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from customer_orders.delivery.queue import Queue
from customer_orders.ledger.recording import Tally
from customer_orders.ledger.results import Claimed, Done, Refusal, Reopen, Result
from customer_orders.plan import Action, Operation, Target

BOARD = "10"
GROUP = "TORVANE 2025 FALL"
OPEN = Reopen(reason="a limit")
REFUSED = Refusal(category="data", code="", error="")


def group(title: str = GROUP) -> Operation:
    """Make a group."""
    return _operation(Target.GROUP, Action.ENSURE_GROUP, None, None, title)


def of_item(line: str, action: Action = Action.CREATE, title: str = GROUP) -> Operation:
    """Do something with the item of a line."""
    return _operation(Target.ITEM, action, line, None, title)


def of_size(line: str, size: str, action: Action = Action.CREATE, title: str = GROUP) -> Operation:
    """Do something with a size of a line."""
    return _operation(Target.SUBITEM, action, line, size, title)


def _operation(
    kind: Target, action: Action, line: str | None, size: str | None, title: str
) -> Operation:
    return Operation(
        kind=kind,
        action=action,
        board=BOARD,
        customer="TORVANE",
        group=title,
        record_uuid=line,
        size=size,
    )


def whole(line: str, title: str = GROUP) -> list[Operation]:
    """A line with two sizes, from nothing."""
    return [of_item(line, title=title), *(of_size(line, s, title=title) for s in "ML")]


def numbered(operations: Iterable[Operation]) -> list[Claimed]:
    """As a page of the ledger."""
    return [
        Claimed(
            id=number,
            run_id="r",
            operation=operation,
            group_id=None,
            item_id=None,
            subitem_id=None,
        )
        for number, operation in enumerate(operations, 1)
    ]


def filled(*operations: Operation) -> Queue:
    """A queue that has read everything."""
    queue = Queue()
    queue.add(numbered(operations))
    queue.add([])
    return queue


def names(chosen: Iterable[Claimed]) -> list[str]:
    """Targets without their board."""
    return [each.operation.target.partition("/")[2] for each in chosen]


def done(monday_id: str = "1") -> Done:
    """A confirmation."""
    return Done(monday_id=monday_id)


def tell(
    queue: Queue, chosen: Sequence[Claimed], *results: Result, blocked: Iterable[int] = ()
) -> None:
    """What was recorded of a request; the last result goes for the rest, none is not known."""
    padded = [*results, *results[-1:] * (len(chosen) - len(results))]
    found = {each.id: result for each, result in zip(chosen, padded, strict=False)}
    queue.recorded(chosen, found, Tally(blocked=tuple(blocked)))

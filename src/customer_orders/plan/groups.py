"""Which group of a board stands for a title."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from customer_orders.model import Board, Finding
from customer_orders.plan.operations import Action, Operation, Target


def usable_groups(remembered: Mapping[str, str], board: Board) -> dict[str, str]:
    """Title -> id of the groups that need not be made.

    The id that the ledger remembers holds while that group is active, whatever people call it;
    otherwise the exact title counts, and of several the first on the board.
    """
    active = {group_id for ids in board.groups.values() for group_id in ids}
    by_title = {title: ids[0] for title, ids in board.groups.items()}
    return by_title | {t: i for t, i in remembered.items() if i in active}


def ambiguous_groups(
    operations: Iterable[Operation], boards: Mapping[str, Board]
) -> Iterator[Finding]:
    """A finding for each title that items go to and that several groups bear."""
    wanted = {
        (o.board, o.group): o
        for o in operations
        if o.kind is Target.ITEM and o.action in (Action.CREATE, Action.MOVE)
    }
    for (board, title), first in wanted.items():
        ids = boards[board].groups.get(title, ())
        if len(ids) > 1:
            yield Finding(
                rule="groups",
                message=f'{len(ids)} groups of board {board} are called "{title}"; '
                f"the first, {ids[0]}, is used",
                customer=first.customer,
                column=f"{title} of board {board}",
            )

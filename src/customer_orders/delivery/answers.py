"""What an answer means for each operation of its request: done, refused, not done, or not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from customer_orders.errors import Forbidden, RequestRefused
from customer_orders.ledger.claiming import Request
from customer_orders.ledger.results import Claimed, Done, Refusal, Reopen, Result, WithoutCell
from customer_orders.model import Board
from customer_orders.monday import AliasError, Answer, Category, new_labels
from customer_orders.plan import Action, Operation, Target

HINTS = {
    Category.DATA: "mend the value in the source or the mapping; the line is planned again then",
    Category.GONE: "somebody took it off the board; `customer-orders verify --repair` mends it",
    Category.AUTH: "let somebody with the right to change the board add the label, then retry; "
    "or take the column out of [mapping.labels] create",
    Category.GROUP: "its group was archived or deleted meanwhile; the next run makes it again",
}
#: Categories whose operations were certainly not done, and are sent again.
NOT_DONE = (Category.THROTTLE, Category.LOCK, Category.AUTH)


def results_of(
    request: Request, answer: Answer, board: Board, key_column: str
) -> dict[int, Result]:
    """Operation id -> result, by alias; what the answer does not tell is left out."""
    results: dict[int, Result] = {}
    for claimed in request.operations:
        value = answer.data.get(claimed.alias)
        error = answer.errors.get(claimed.alias)
        if isinstance(value, Mapping) and value.get("id"):
            results[claimed.id] = Done(monday_id=_id(claimed, str(value["id"])))
        elif error and error.category is Category.GONE and _may_be_gone(claimed.operation):
            results[claimed.id] = Done(monday_id=_id(claimed, ""))
        elif error is None or error.category is Category.UNKNOWN:
            continue
        elif error.category in NOT_DONE and not lacks_label_right(claimed, error, board):
            results[claimed.id] = Reopen(reason=error.message)
        else:
            results[claimed.id] = _refused(claimed, error, board, key_column)
    return results


def lacks_label_right(claimed: Claimed, error: AliasError, board: Board) -> bool:
    """Whether the token may write, but not make labels: that costs the cell and not the run."""
    return error.category is Category.AUTH and bool(new_labels(claimed.operation, board))


def narrowed(
    request: Request, exc: RequestRefused | Forbidden, board: Board, key_column: str
) -> dict[int, Result]:
    """What becomes of a request that was refused as a whole: halves, until one is to blame.

    Empty where the token's user may not write at all: only a label that is to be made, and that
    the user may not make, is no reason to stop.
    """
    claimed, forbidden = request.operations, isinstance(exc, Forbidden)
    if forbidden and not any(new_labels(each.operation, board) for each in claimed):
        return {}
    if len(claimed) == 1:
        error = AliasError(
            category=Category.AUTH if forbidden else Category.DATA,
            code=exc.code,
            message=exc.message,
            column=None,
            retry_in=0.0,
        )
        return {claimed[0].id: _refused(claimed[0], error, board, key_column)}
    half = (len(claimed) + 1) // 2
    reason = exc.message
    return {c.id: Reopen(reason=reason, part=at // half) for at, c in enumerate(claimed)}


def _may_be_gone(planned: Operation) -> bool:
    """What was to leave the board, or to lose our key, and is not there, is as it should be."""
    return planned.action.removes or planned.kind is Target.COPY


def _id(claimed: Claimed, answered: str) -> str:
    """What makes something is answered with a new id."""
    if claimed.operation.action in (Action.CREATE, Action.ENSURE_GROUP):
        return answered
    return claimed.subitem_id or claimed.item_id or answered


def _refused(
    claimed: Claimed, error: AliasError, board: Board, key_column: str
) -> Refusal | WithoutCell:
    """The whole operation, or only the cell that the error names.

    The key stays: an item without it could not be found again. So do the two cells of a subitem.
    """
    planned = claimed.operation
    refused = Refusal(
        category=error.category, code=error.code, error=error.message, hint=HINTS[error.category]
    )
    if error.category not in (Category.DATA, Category.AUTH):
        return refused
    missing = new_labels(planned, board)
    refused = replace(refused, missing_labels=tuple(missing))
    if planned.kind is not Target.ITEM:
        return refused
    values = planned.payload.get("values", {})
    named = [title for title in values if board.columns[title].id == error.column]
    if error.category is Category.AUTH:
        named = missing
    alone = len(values) == 1 and planned.action is Action.UPDATE and "name" not in planned.payload
    if not named or named == [key_column] or alone:
        return refused
    return WithoutCell(cell=named[0], refusal=refused)

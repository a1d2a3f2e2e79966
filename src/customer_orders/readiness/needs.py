"""What the next run would need, from its plan: lines, guards, labels, room and calls."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

from customer_orders.config import Settings
from customer_orders.delivery import recall
from customer_orders.draft import draft
from customer_orders.errors import CustomerOrdersError
from customer_orders.ledger import Ledger, head, knowledge
from customer_orders.model import Board, Severity
from customer_orders.monday import Session, connect
from customer_orders.plan import (
    Action,
    Draft,
    Filters,
    Outcome,
    Plan,
    Target,
    forecast,
    guard_capacity,
    guard_plan,
    guard_source,
)
from customer_orders.readiness.labels import label_rows
from customer_orders.report import Check

LINES, GUARDS, ITEMS, SUBITEMS = "order lines", "guards", "room for items", "room for subitems"
#: What cannot be asked without a plan.
ROWS = (LINES, GUARDS, "labels", ITEMS, SUBITEMS, "calls")
#: Share of a board's room from which a row warns.
NEARLY_FULL = 0.9


async def needs(settings: Settings, *, open_way: bool) -> list[Check]:
    """The plan of the next run, judged; nothing of it is kept."""
    if not open_way:
        return [Check.unknown(what, needs="source, token and board") for what in ROWS]
    try:
        with _ledger(settings) as ledger:
            async with connect(settings) as session:
                recall(ledger, session)
                whole = await draft(settings, ledger, session, Filters(), force=True)
                below = {
                    board.id: await session.api.board(board.subitems_board)
                    for board in session.boards.values()
                    if board.subitems_board
                }
            guards = Check.of(GUARDS, lambda: _guards(settings, ledger, whole))
    except CustomerOrdersError as exc:
        unknown = [Check.unknown(what, needs="a plan") for what in ROWS[1:]]
        return [Check.failed(LINES, exc), *unknown]
    return [
        _lines(whole.plan),
        guards,
        *label_rows(settings, whole.plan),
        *_items(whole.plan, session.boards.values()),
        *_subitems(whole.plan, below),
        _calls(settings, whole.plan, session),
    ]


@contextmanager
def _ledger(settings: Settings) -> Iterator[Ledger]:
    """The ledger; where it has no tables yet, an empty one that is thrown away."""
    with ExitStack() as stack:
        ledger = stack.enter_context(closing(Ledger(settings.ledger_url)))
        if ledger.revision() != head():
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            ledger = Ledger(f"sqlite:///{(Path(folder) / 'empty.db').as_posix()}")
            ledger.deploy()
            stack.callback(ledger.close)
        yield ledger


def _lines(plan: Plan) -> Check:
    counted = plan.outcomes()
    found = f"{counted.total()} lines: " + (
        ", ".join(f"{counted[word]} {_PLANNED[word]}" for word in _PLANNED if counted[word])
    )
    stopped = counted[Outcome.SKIPPED] + counted[Outcome.FAILED]
    if not stopped:
        return Check.passed(LINES, found)
    why = Counter(f.rule for f in plan.findings if f.severity is Severity.ERROR)
    named = ", ".join(f"{number} by {rule}" for rule, number in sorted(why.items()))
    hint = f"`customer-orders plan` names them: {named}" if named else "see `customer-orders plan`"
    return Check.warned(LINES, found, hint)


#: How an outcome reads before anything was done.
_PLANNED = {
    Outcome.CREATED: "to make",
    Outcome.UPDATED: "to change",
    Outcome.MOVED: "to move",
    Outcome.UNCHANGED: "as they should be",
    Outcome.SKIPPED: "held by a finding",
    Outcome.FAILED: "refused before",
    Outcome.PENDING: "to settle first",
}


def _guards(settings: Settings, ledger: Ledger, whole: Draft) -> str:
    """The mass-change guards, as a run without --force asks them."""
    reading, guard = whole.reading, settings.guard
    last = knowledge.last_read(ledger, reading.scope)
    guard_source(reading.rows, reading.by_customer, last, guard)
    guard_plan(known=whole.known, missing=whole.missing, updated=whole.updated, guard=guard)
    before = f"{last.rows} at the last read" if last else "no read before"
    return (
        f"{reading.rows} rows, {before}; of {whole.known} delivered lines {whole.missing} "
        f"are missing and {whole.updated} change"
    )


def _made(plan: Plan, board: str, kind: Target) -> int:
    wanted = (board, kind, Action.CREATE)
    return sum((o.board, o.kind, o.action) == wanted for o in plan.operations)


def _room(what: str, board: Board, made: int) -> Check:
    found = f"{board.items_count} of {board.items_limit} in use, {made} to make"
    if not board.items_limit:
        return Check.passed(what, f"{board.items_count} in use, {made} to make; no limit is told")
    if board.items_count + made > board.items_limit * NEARLY_FULL:
        return Check.warned(what, found, "archive items, or send customers to another board")
    return Check.passed(what, found)


def _items(plan: Plan, boards: Iterable[Board]) -> Iterator[Check]:
    """Room on each board; a plan that does not fit is refused."""
    boards = list(boards)
    for board in boards:
        what = ITEMS if len(boards) == 1 else f"{ITEMS} on {board.id}"
        mine = replace(plan, operations=tuple(o for o in plan.operations if o.board == board.id))
        try:
            guard_capacity(mine, {board.id: board})
        except CustomerOrdersError as exc:
            yield Check.failed(what, exc)
        else:
            yield _room(what, board, _made(plan, board.id, Target.ITEM))


def _subitems(plan: Plan, below: Mapping[str, Board]) -> Iterator[Check]:
    """Room on each board's board of subitems: a warning, as monday does not say that it counts."""
    for board, subitems in below.items():
        what = SUBITEMS if len(below) == 1 else f"{SUBITEMS} on {board}"
        yield _room(what, subitems, _made(plan, board, Target.SUBITEM))


def _calls(settings: Settings, plan: Plan, session: Session) -> Check:
    estimate = forecast(plan.counts(), session.allowance(settings))
    found = (
        f"{estimate.calls} calls in {estimate.minutes:.1f} minutes; left today: "
        f"{estimate.calls_left} of {estimate.calls_a_day} on the plan {settings.monday.plan}"
    )
    if estimate.fits_today:
        return Check.passed("calls", found)
    hint = f"apply goes on with every run, for {estimate.days} days (UTC); or choose with --limit"
    return Check.warned("calls", found, hint)

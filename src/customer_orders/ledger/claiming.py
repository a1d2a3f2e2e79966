"""Claims operations as stored requests: what is sent was written down before.

States and moves stand in docs/states.md, what a recorded result changes in results.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, Select, String, bindparam, cast, func, insert, literal, select, update

from customer_orders.ledger.database import Ledger, patient
from customer_orders.ledger.locks import Lock, all_ours, guarded
from customer_orders.ledger.results import Claimed, Done, deliver, move
from customer_orders.ledger.rows import CHUNK, operation_of
from customer_orders.ledger.schema import (
    Move,
    State,
    board_group,
    item,
    operation,
    request,
    subitem,
)
from customer_orders.ledger.snapshots import advance, doubt
from customer_orders.plan import Action


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A stored request; its id is its Idempotency-Key."""

    id: str
    board: str
    body: bytes
    operations: tuple[Claimed, ...]
    #: User whose token sent it; only the same one may replay it.
    user: str
    #: When it was first and last claimed for sending, in seconds since 1970.
    first_send: float
    last_send: float
    #: When its outcome was found not to be known; None when nobody was there to find out.
    unknown_since: float | None = None
    #: HTTP status of an answer that did not tell.
    status: int | None = None

    @property
    def lines(self) -> list[str]:
        """The record_uuids of its operations."""
        return lines_of(self.operations)


def with_ids(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Operations with the ids that monday gave to their group, item and subitem."""
    return (
        select(operation)
        .add_columns(
            item.c.monday_id.label("item_id"),
            subitem.c.monday_id.label("subitem_id"),
            board_group.c.monday_id.label("group_id"),
            *columns,
        )
        .outerjoin(item, item.c.record_uuid == operation.c.record_uuid)
        .outerjoin(
            subitem,
            (subitem.c.record_uuid == operation.c.record_uuid)
            & (subitem.c.size == operation.c.size),
        )
        .outerjoin(
            board_group,
            (board_group.c.board == operation.c.board)
            & (board_group.c.title == operation.c.group_title),
        )
    )


def claimed_of(row: Row[Any], alias: str = "") -> Claimed:
    """A row of `with_ids` as an operation of a request."""
    return Claimed(
        id=row.id,
        run_id=row.run_id,
        alias=alias,
        operation=operation_of(row),
        group_id=row.group_id,
        item_id=row.item_id,
        subitem_id=row.subitem_id,
    )


def lines_of(claimed: Iterable[Claimed]) -> list[str]:
    """The record_uuids of operations, each once."""
    found = (c.operation.record_uuid for c in claimed)
    return sorted({record_uuid for record_uuid in found if record_uuid})


_of_run = (
    operation.c.run_id == bindparam("run_id"),
    operation.c.board == bindparam("board"),
    operation.c.state == State.PENDING,
)
PAGE = (
    with_ids()
    .where(*_of_run, operation.c.action != Action.LINK, operation.c.id > bindparam("after"))
    .order_by(operation.c.id)
    .limit(bindparam("most"))
)
LINKS = (
    with_ids()
    .where(*_of_run, operation.c.action == Action.LINK)
    .order_by(operation.c.rank, operation.c.id)
    .limit(CHUNK)
)
_place = func.row_number().over(order_by=operation.c.id) - 1
_numbered = (
    select(operation.c.id, (literal("op") + cast(_place, String(6))).label("alias"))
    .where(operation.c.request_id == bindparam("of"))
    .subquery()
)
ALIASES = update(operation).where(operation.c.id == _numbered.c.id).values(alias=_numbered.c.alias)
NEW_REQUEST = insert(request)


@patient
def page(ledger: Ledger, board: str, run_id: str, after: int, most: int) -> list[Claimed]:
    """The pending operations of a run behind the id `after`, at most `most`, in planned order."""
    which = {"run_id": run_id, "board": board, "after": after, "most": most}
    with ledger.transaction() as connection:
        return [claimed_of(row) for row in connection.execute(PAGE, which).all()]


@patient
def take(
    ledger: Ledger,
    held: Lock,
    chosen: Sequence[Claimed],
    *,
    user: str,
    compose: Callable[[Sequence[Claimed]], bytes],
    doubted: bool = False,
) -> Request:
    """Claim pending operations of one kind as one stored request.

    `doubted` says that the row hashes of their lines are cleared already. Raises LockLost when
    another process has taken the board over.
    """
    in_order = enumerate(sorted(chosen, key=lambda claimed: claimed.id))
    named = tuple(replace(claimed, alias=f"op{place}") for place, claimed in in_order)
    now = ledger.clock()
    stored = Request(
        id=str(uuid.uuid4()),
        board=held.board,
        body=compose(named),
        operations=named,
        user=user,
        first_send=now,
        last_send=now,
    )
    run_id = named[0].run_id
    with guarded(ledger, held) as connection:
        ids = [claimed.id for claimed in named]
        move(connection, held, Move.CLAIM, ids, request_id=stored.id)
        connection.execute(ALIASES, {"of": stored.id})
        if not doubted:
            doubt(connection, run_id, stored.lines, now)
        connection.execute(
            NEW_REQUEST,
            {
                "id": stored.id,
                "run_id": run_id,
                "board": held.board,
                "body": stored.body,
                "monday_user": user,
                "first_send": now,
                "last_send": now,
            },
        )
    return stored


@patient
def take_again(ledger: Ledger, held: Lock, stored: Request) -> Request:
    """Claim one more send of the same bytes under the same key. Raises LockLost."""
    now = ledger.clock()
    again = (
        update(request)
        .where(request.c.id == stored.id, request.c.body.is_not(None))
        .values(last_send=now, sends=request.c.sends + 1)
    )
    with guarded(ledger, held) as connection:
        all_ours(connection.execute(again).rowcount, 1, held)
    return replace(stored, last_send=now)


def take_over_links(ledger: Ledger, held: Lock, run_id: str) -> tuple[int, int]:
    """Deliver the links of a run: what stands on the board is taken over, and nothing is sent.

    Returns how many links there were, and how many lines are whole by them.
    """
    links = lines = 0
    while (found := _take_over(ledger, held, run_id))[0]:
        links, lines = links + found[0], lines + found[1]
    return links, lines


@patient
def _take_over(ledger: Ledger, held: Lock, run_id: str) -> tuple[int, int]:
    which = {"run_id": run_id, "board": held.board}
    with guarded(ledger, held) as connection:
        chosen = [claimed_of(row) for row in connection.execute(LINKS, which).all()]
        now, lines = ledger.clock(), lines_of(chosen)
        if chosen:
            move(connection, held, Move.CLAIM, [link.id for link in chosen])
            doubt(connection, run_id, lines, now)
        done = [(link, Done(monday_id=link.operation.payload["monday_id"])) for link in chosen]
        deliver(connection, held, done)
        return len(chosen), advance(connection, run_id, lines, now)

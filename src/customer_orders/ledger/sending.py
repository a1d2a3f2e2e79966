"""The state machine of operations: claim, deliver, refuse, block, release.

Each move is one guarded UPDATE that must touch every row it names and checks the lock's token.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    exists,
    insert,
    or_,
    select,
    update,
)

from customer_orders.errors import LockLost
from customer_orders.ledger.database import Ledger
from customer_orders.ledger.locks import Lock
from customer_orders.ledger.rows import OPEN, operation_of, to_json
from customer_orders.ledger.runs import advance, note
from customer_orders.ledger.schema import (
    Move,
    State,
    board_group,
    item,
    lock,
    operation,
    request,
    run,
    run_line,
    snapshot,
    subitem,
)
from customer_orders.plan import Action, Operation, Target

#: Operations looked at when the next request is packed.
PAGE = 500
#: Categories of a refusal: data is held until it changes, gone until `verify --repair`.
BLOCKED = "blocked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """An operation of a request, with monday's ids filled in where they are known."""

    id: int
    run_id: str
    alias: str
    operation: Operation
    group_id: str | None
    item_id: str | None
    subitem_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A stored request; its id is its Idempotency-Key."""

    id: str
    board: str
    body: bytes
    operations: tuple[Claimed, ...]
    #: When it was last sent, in seconds since 1970.
    last_send: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """monday confirmed the operation, or the board shows that it was done."""

    monday_id: str
    #: What was read from the board, in the shape of a link's payload; None: what was sent holds.
    read: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """monday refused this operation."""

    #: `data` or `gone`; both hold the same payload back.
    category: str
    code: str
    error: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reopen:
    """The operation was certainly not done, and will be sent in a new request."""

    reason: str


Result = Done | Refusal | Reopen


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What one recording changed, for progress."""

    delivered: int = 0
    failed: int = 0
    reopened: int = 0
    blocked: int = field(default=0)


def take(
    ledger: Ledger,
    held: Lock,
    run_id: str,
    *,
    most: int,
    at_least: int,
    user: str,
    compose: Callable[[Sequence[Claimed]], bytes],
) -> Request | None:
    """Claim up to `most` ready operations of one kind as one stored request.

    Operations are ready when nothing before them in their line, nor their group, is open. Returns
    None when fewer than `at_least` of any kind are ready: more may be when others are recorded.
    """
    with ledger.transaction() as connection:
        ready = connection.execute(_ready(run_id, held.board)).all()
        kinds = sorted(ready, key=_kind)
        packs = [list(rows) for _, rows in groupby(kinds, key=_kind)]
        pack = max(packs, key=len, default=[])[:most]
        if len(pack) < max(at_least, 1):
            return None
        chosen = [_claimed(row, f"op{place}") for place, row in enumerate(pack)]
        now = ledger.clock()
        stored = Request(
            id=str(uuid.uuid4()),
            board=held.board,
            body=compose(chosen),
            operations=tuple(chosen),
            last_send=now,
        )
        _claim(connection, held, run_id, chosen, stored.id, now)
        connection.execute(
            insert(request).values(
                id=stored.id,
                run_id=run_id,
                board=held.board,
                body=stored.body,
                monday_user=user,
                first_send=now,
                last_send=now,
            )
        )
        return stored


def take_over_links(ledger: Ledger, held: Lock, run_id: str) -> int:
    """Deliver the links of a run: what stands on the board is taken over, and nothing is sent."""
    with ledger.transaction() as connection:
        rows = connection.execute(
            _with_ids().where(
                operation.c.run_id == run_id,
                operation.c.board == held.board,
                operation.c.state == State.PENDING,
                operation.c.action == Action.LINK,
            )
        ).all()
        links = [_claimed(row, "") for row in rows]
        now = ledger.clock()
        if links:
            _claim(connection, held, run_id, links, None, now)
        for link in links:
            monday_id = link.operation.payload["monday_id"]
            _deliver(connection, held, link, Done(monday_id=monday_id))
        advance(connection, run_id, _lines(links), now)
    return len(links)


def record(
    ledger: Ledger,
    held: Lock,
    stored: Request,
    results: Mapping[int, Result],
    detail: Mapping[str, Any],
) -> Tally:
    """Record what became of a request's operations, and advance the lines that are whole."""
    by_id = {claimed.id: claimed for claimed in stored.operations}
    counted = {Done: 0, Refusal: 0, Reopen: 0}
    blocked = 0
    with ledger.transaction() as connection:
        for operation_id, result in results.items():
            claimed = by_id[operation_id]
            counted[type(result)] += 1
            if isinstance(result, Done):
                _deliver(connection, held, claimed, result)
            elif isinstance(result, Refusal):
                blocked += _refuse(connection, held, claimed, result)
            else:
                _move(connection, held, Move.RELEASE, [operation_id], error=result.reason)
        now = ledger.clock()
        for run_id, of_run in _by_run(by_id[operation_id] for operation_id in results):
            advance(connection, run_id, _lines(of_run), now)
            note(connection, now, run_id, "recorded", detail, stored.id)
        if set(results) == set(by_id):
            settled = update(request).where(request.c.id == stored.id)
            connection.execute(settled.values(settled=now, body=None))
    return Tally(
        delivered=counted[Done], failed=counted[Refusal], reopened=counted[Reopen], blocked=blocked
    )


def mark_unknown(ledger: Ledger, held: Lock, stored: Request, reason: str, recheck: float) -> None:
    """Nobody knows what became of a request: its operations stay `sending`."""
    now = ledger.clock()
    with ledger.transaction() as connection:
        touched = connection.execute(
            update(request)
            .where(request.c.id == stored.id, _holds(held))
            .values(unknown_since=now, recheck_after=now + recheck)
        )
        _all(touched.rowcount, 1, held)
        run_id = stored.operations[0].run_id
        note(connection, now, run_id, "unknown", {"reason": reason}, stored.id)


def unsettled(ledger: Ledger, board: str) -> list[Request]:
    """Requests whose outcome is not known, of this run and of earlier ones."""
    sending = (
        _with_ids(request.c.last_send, request.c.body)
        .join(request, request.c.id == operation.c.request_id)
        .where(operation.c.board == board, operation.c.state == State.SENDING)
        .order_by(request.c.first_send, operation.c.request_id, operation.c.id)
    )
    with ledger.transaction() as connection:
        rows = connection.execute(sending).all()
    requests = []
    for request_id, of_request in groupby(rows, key=lambda row: row.request_id):
        members = list(of_request)
        requests.append(
            Request(
                id=request_id,
                board=board,
                body=members[0].body,
                operations=tuple(_claimed(row, row.alias) for row in members),
                last_send=members[0].last_send,
            )
        )
    return requests


def pending_count(ledger: Ledger, run_id: str) -> int:
    """Operations of a run that are still to be sent or settled."""
    with ledger.transaction() as connection:
        open_ones = select(operation.c.id).where(
            operation.c.run_id == run_id, operation.c.state.in_(OPEN)
        )
        return len(connection.execute(open_ones).all())


def _with_ids(*columns: Any) -> Select[*tuple[Any, ...]]:
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


def _ready(run_id: str, board: str) -> Select[*tuple[Any, ...]]:
    earlier, group = operation.alias("earlier"), operation.alias("own_group")
    waits_in_line = exists().where(
        earlier.c.record_uuid == operation.c.record_uuid,
        earlier.c.state.in_(OPEN),
        earlier.c.rank < operation.c.rank,
    )
    waits_for_group = exists().where(
        group.c.board == operation.c.board,
        group.c.group_title == operation.c.group_title,
        group.c.kind == Target.GROUP,
        group.c.state.in_(OPEN),
    )
    return (
        _with_ids()
        .where(
            operation.c.run_id == run_id,
            operation.c.board == board,
            operation.c.state == State.PENDING,
            operation.c.action != Action.LINK,
            ~waits_in_line,
            or_(operation.c.kind == Target.GROUP, ~waits_for_group),
        )
        .order_by(operation.c.id)
        .limit(PAGE)
    )


def _kind(row: Row[*tuple[Any, ...]]) -> tuple[int, str, str]:
    return row.rank, row.kind, row.action


def _claimed(row: Row[*tuple[Any, ...]], alias: str) -> Claimed:
    return Claimed(
        id=row.id,
        run_id=row.run_id,
        alias=alias,
        operation=operation_of(row),
        group_id=row.group_id,
        item_id=row.item_id,
        subitem_id=row.subitem_id,
    )


def _holds(held: Lock) -> ColumnElement[bool]:
    return exists().where(
        lock.c.board == held.board, lock.c.token == held.token, lock.c.held.is_(True)
    )


def _all(touched: int, wanted: int, held: Lock) -> None:
    if touched != wanted:
        raise LockLost(
            f"board {held.board}: {wanted - touched} of {wanted} rows were not ours to change",
            hint="another process took the board over; it settles what is under way",
        )


def _move(
    connection: Connection, held: Lock, move: Move, ids: Sequence[int], **values: Any
) -> None:
    """One guarded transition of operations. Raises LockLost unless it touched all of them."""
    before, after = move.value
    touched = connection.execute(
        update(operation)
        .where(operation.c.id.in_(ids), operation.c.state == before, _holds(held))
        .values(state=after, **values)
    )
    _all(touched.rowcount, len(ids), held)


def _claim(
    connection: Connection,
    held: Lock,
    run_id: str,
    chosen: Sequence[Claimed],
    request_id: str | None,
    now: float,
) -> None:
    ids = [claimed.id for claimed in chosen]
    attempts = operation.c.attempts + 1
    _move(connection, held, Move.CLAIM, ids, request_id=request_id, attempts=attempts)
    connection.execute(
        update(operation).where(operation.c.id == bindparam("of")).values(alias=bindparam("as")),
        [{"of": claimed.id, "as": claimed.alias} for claimed in chosen],
    )
    _doubt(connection, run_id, _lines(chosen), now)


def _doubt(connection: Connection, run_id: str, lines: Sequence[str], now: float) -> None:
    """From here on nobody may say that these lines are fully delivered."""
    planned = (run_line.c.run_id == run_id) & (run_line.c.line == snapshot.c.record_uuid)
    seen = select(run_line.c.planned_hash).where(planned).scalar_subquery()
    connection.execute(
        update(snapshot)
        .where(snapshot.c.record_uuid.in_(lines))
        .values(row_hash=None, seen_hash=seen)
    )
    first_sight = (
        select(
            run_line.c.line,
            run_line.c.line_key,
            run_line.c.ordinal,
            run_line.c.customer,
            run_line.c.planned_hash,
            run.c.mapping_version,
            bindparam("now", now),
            bindparam("reads", 0),
        )
        .join(run, run.c.id == run_line.c.run_id)
        .where(
            run_line.c.run_id == run_id,
            run_line.c.line.in_(lines),
            ~exists().where(snapshot.c.record_uuid == run_line.c.line),
        )
    )
    columns = (
        "record_uuid line_key ordinal customer seen_hash mapping_version first_seen missing_reads"
    )
    connection.execute(insert(snapshot).from_select(columns.split(), first_sight))


def _deliver(connection: Connection, held: Lock, claimed: Claimed, done: Done) -> None:
    """Delivered: the state, and the production row that it stands for."""
    _move(connection, held, Move.DELIVER, [claimed.id], category=None, code=None, error=None)
    planned = claimed.operation
    payload = done.read or planned.payload
    match planned.kind:
        case Target.GROUP:
            key = {"board": planned.board, "title": planned.group}
            _put(connection, board_group, key, {"monday_id": done.monday_id})
        case Target.ITEM:
            _put_item(connection, planned, done, payload)
        case Target.SUBITEM:
            _put_subitem(connection, planned, done, payload)


def _put_item(
    connection: Connection, planned: Operation, done: Done, payload: Mapping[str, Any]
) -> None:
    key = {"record_uuid": planned.record_uuid}
    known = connection.execute(select(item).filter_by(**key)).first()
    values = json.loads(known.delivered) if known else {}
    changes = {"delivered": to_json(values | dict(payload.get("values", {})))}
    changes |= {"name": payload["name"]} if "name" in payload else {}
    changes |= {"group_title": payload["group"]} if "group" in payload else {}
    _put(connection, item, key, {"monday_id": done.monday_id, "board": planned.board} | changes)


def _put_subitem(
    connection: Connection, planned: Operation, done: Done, payload: Mapping[str, Any]
) -> None:
    key = {"record_uuid": planned.record_uuid, "size": planned.size}
    known = connection.execute(select(subitem).filter_by(**key)).first()
    values = json.loads(known.delivered) if known else {}
    merged = to_json(values | dict(payload["values"]))
    _put(connection, subitem, key, {"monday_id": done.monday_id, "delivered": merged})


def _put(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Update the row with this key, or insert it: in every engine's own words."""
    if connection.execute(update(table).filter_by(**key).values(values)).rowcount == 0:
        connection.execute(insert(table).values({**key, **values}))


def _refuse(connection: Connection, held: Lock, claimed: Claimed, refusal: Refusal) -> int:
    """Failed, and what depends on it blocked in the same transaction. Returns how many."""
    _move(
        connection,
        held,
        Move.REFUSE,
        [claimed.id],
        category=refusal.category,
        code=refusal.code,
        error=refusal.error,
        hint=refusal.hint,
    )
    dependants = _dependants(connection, claimed)
    if dependants:
        why = f"waits for {claimed.operation.target}, which was refused: {refusal.error}"
        _move(connection, held, Move.BLOCK, dependants, category=BLOCKED, error=why)
    return len(dependants)


def _dependants(connection: Connection, claimed: Claimed) -> list[int]:
    planned = claimed.operation
    waiting = select(operation.c.id).where(
        operation.c.run_id == claimed.run_id, operation.c.state == State.PENDING
    )
    if planned.action is Action.CREATE and planned.kind is Target.ITEM:
        waiting = waiting.where(operation.c.record_uuid == planned.record_uuid)
    elif planned.kind is Target.GROUP:
        # An operation carries its item's group, so this takes whole lines.
        waiting = waiting.where(
            operation.c.board == planned.board, operation.c.group_title == planned.group
        )
    else:
        return []
    return list(connection.scalars(waiting))


def _lines(claimed: Iterable[Claimed]) -> list[str]:
    found = (c.operation.record_uuid for c in claimed)
    return sorted({record_uuid for record_uuid in found if record_uuid})


def _by_run(claimed: Iterable[Claimed]) -> list[tuple[str, list[Claimed]]]:
    ordered = sorted(claimed, key=lambda c: c.run_id)
    return [(run_id, list(of_run)) for run_id, of_run in groupby(ordered, lambda c: c.run_id)]

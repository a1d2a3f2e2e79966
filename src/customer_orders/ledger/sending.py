"""Claims operations as stored requests, and records what became of them.

What a result changes in the production tables stands in results.py, the states in docs/states.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, exists, insert, or_, select, update

from customer_orders.ledger.database import Ledger
from customer_orders.ledger.locks import Lock, all_ours, holds
from customer_orders.ledger.results import (
    Claimed,
    Done,
    Refusal,
    Reopen,
    Result,
    deliver,
    move,
    refuse,
    release,
)
from customer_orders.ledger.rows import CHUNK, OPEN, operation_of
from customer_orders.ledger.runs import advance, note
from customer_orders.ledger.schema import (
    Move,
    State,
    board_group,
    item,
    operation,
    request,
    run,
    run_line,
    snapshot,
    subitem,
)
from customer_orders.plan import Action, Target

#: Kinds of mutations: so many times a request hold a full one of some kind.
KINDS = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A stored request; its id is its Idempotency-Key."""

    id: str
    board: str
    body: bytes
    operations: tuple[Claimed, ...]
    #: When it was last claimed for sending, in seconds since 1970.
    last_send: float
    #: When its outcome was found not to be known; None when nobody was there to find out.
    unknown_since: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What one recording changed, for progress."""

    delivered: int = 0
    failed: int = 0
    reopened: int = 0
    blocked: int = 0


def ready(ledger: Ledger, held: Lock, run_id: str, most: int) -> int:
    """How many operations of one kind `take` would claim now, at most `most`."""
    with ledger.transaction() as connection:
        return len(_largest(connection, run_id, held.board, most))


def take(
    ledger: Ledger,
    held: Lock,
    run_id: str,
    *,
    most: int,
    user: str,
    compose: Callable[[Sequence[Claimed]], bytes],
) -> Request | None:
    """Claim up to `most` ready operations of one kind as one stored request, if there are any.

    Operations are ready when nothing before them in their line, nor their group, is open, and the
    outcome of nothing in their line is unknown.
    """
    with ledger.transaction() as connection:
        ids = _largest(connection, run_id, held.board, most)
        if not ids:
            return None
        pack = _with_ids().where(operation.c.id.in_(ids)).order_by(operation.c.id)
        rows = connection.execute(pack).all()
        chosen = [_claimed(row, f"op{place}") for place, row in enumerate(rows)]
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
    links = (
        _with_ids()
        .where(
            operation.c.run_id == run_id,
            operation.c.board == held.board,
            operation.c.state == State.PENDING,
            operation.c.action == Action.LINK,
        )
        .order_by(operation.c.rank, operation.c.id)
        .limit(CHUNK)
    )
    taken = 0
    while found := _take_over(ledger, held, run_id, links):
        taken += found
    return taken


def _take_over(ledger: Ledger, held: Lock, run_id: str, links: Select[*tuple[Any, ...]]) -> int:
    with ledger.transaction() as connection:
        chosen = [_claimed(row, "") for row in connection.execute(links).all()]
        now = ledger.clock()
        if chosen:
            _claim(connection, held, run_id, chosen, None, now)
        done = [(link, Done(monday_id=link.operation.payload["monday_id"])) for link in chosen]
        deliver(connection, held, done)
        advance(connection, run_id, _lines(chosen), now)
    return len(chosen)


def record(
    ledger: Ledger,
    held: Lock,
    stored: Request,
    results: Mapping[int, Result],
    detail: Mapping[str, Any],
) -> Tally:
    """Record what became of a request's operations, and advance the lines that are whole."""
    by_id = {claimed.id: claimed for claimed in stored.operations}
    done = [(by_id[i], result) for i, result in results.items() if isinstance(result, Done)]
    refused = [(by_id[i], result) for i, result in results.items() if isinstance(result, Refusal)]
    reopened = [(by_id[i], result) for i, result in results.items() if isinstance(result, Reopen)]
    with ledger.transaction() as connection:
        deliver(connection, held, done)
        blocked = sum(refuse(connection, held, claimed, result) for claimed, result in refused)
        for claimed, result in reopened:
            release(connection, held, claimed, result)
        now = ledger.clock()
        for run_id, of_run in _by_run(by_id[operation_id] for operation_id in results):
            advance(connection, run_id, _lines(of_run), now)
            note(connection, now, run_id, "recorded", detail, stored.id)
        if set(results) == set(by_id):
            settled = update(request).where(request.c.id == stored.id)
            connection.execute(settled.values(settled=now, body=None))
    return Tally(delivered=len(done), failed=len(refused), reopened=len(reopened), blocked=blocked)


def mark_unknown(ledger: Ledger, held: Lock, stored: Request, reason: str, recheck: float) -> None:
    """Nobody knows what became of a request: its operations stay `sending`."""
    now = ledger.clock()
    with ledger.transaction() as connection:
        touched = connection.execute(
            update(request)
            .where(request.c.id == stored.id, holds(held))
            .values(unknown_since=now, recheck_after=now + recheck)
        )
        all_ours(touched.rowcount, 1, held)
        run_id = stored.operations[0].run_id
        note(connection, now, run_id, "unknown", {"reason": reason}, stored.id)


def unsettled(ledger: Ledger, board: str) -> list[Request]:
    """Requests whose outcome is not known, of this run and of earlier ones."""
    sending = (
        _with_ids(request.c.last_send, request.c.unknown_since, request.c.body)
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
                unknown_since=members[0].unknown_since,
            )
        )
    return requests


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


def _ready(run_id: str, board: str, most: int) -> Select[*tuple[Any, ...]]:
    earlier, group = operation.alias("earlier"), operation.alias("own_group")
    unknown = operation.alias("unknown")
    waits_in_line = exists().where(
        earlier.c.record_uuid == operation.c.record_uuid,
        earlier.c.state.in_(OPEN),
        earlier.c.rank < operation.c.rank,
    )
    waits_to_be_settled = exists().where(
        unknown.c.record_uuid == operation.c.record_uuid,
        unknown.c.state == State.SENDING,
        request.c.id == unknown.c.request_id,
        request.c.unknown_since.is_not(None),
    )
    waits_for_group = exists().where(
        group.c.board == operation.c.board,
        group.c.group_title == operation.c.group_title,
        group.c.kind == Target.GROUP,
        group.c.state.in_(OPEN),
    )
    return (
        select(operation.c.id, operation.c.rank, operation.c.kind, operation.c.action)
        .where(
            operation.c.run_id == run_id,
            operation.c.board == board,
            operation.c.state == State.PENDING,
            operation.c.action != Action.LINK,
            ~waits_in_line,
            ~waits_to_be_settled,
            or_(operation.c.kind == Target.GROUP, ~waits_for_group),
        )
        .order_by(operation.c.id)
        .limit(most)
    )


def _largest(connection: Connection, run_id: str, board: str, most: int) -> list[int]:
    """Ids of the ready operations of the kind that has most of them, at most `most`.

    Of equals, the kind that comes first in a line's order.
    """
    ready = connection.execute(_ready(run_id, board, KINDS * most)).all()
    kinds = groupby(sorted(ready, key=_kind), key=_kind)
    largest = max((list(of_kind) for _, of_kind in kinds), key=len, default=[])
    return [row.id for row in largest[:most]]


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
    move(connection, held, Move.CLAIM, ids, request_id=request_id, attempts=attempts)
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


def _lines(claimed: Iterable[Claimed]) -> list[str]:
    found = (c.operation.record_uuid for c in claimed)
    return sorted({record_uuid for record_uuid in found if record_uuid})


def _by_run(claimed: Iterable[Claimed]) -> list[tuple[str, list[Claimed]]]:
    ordered = sorted(claimed, key=lambda c: c.run_id)
    return [(run_id, list(of_run)) for run_id, of_run in groupby(ordered, lambda c: c.run_id)]

"""Records what became of requests: by their answer, or by evidence where nobody answered."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select, update

from customer_orders.errors import LedgerError
from customer_orders.ledger.claiming import Request, claimed_of, lines_of, with_ids
from customer_orders.ledger.database import Ledger, patient
from customer_orders.ledger.events import note
from customer_orders.ledger.locks import Lock, all_ours, guarded
from customer_orders.ledger.results import (
    Claimed,
    Done,
    Refusal,
    Reopen,
    Result,
    WithoutCell,
    deliver,
    refuse,
    release,
    take_out,
)
from customer_orders.ledger.rows import operation_as_json, to_json
from customer_orders.ledger.schema import State, operation, request
from customer_orders.ledger.snapshots import advance
from customer_orders.plan import Operation


class Evidence(enum.StrEnum):
    """What results rest on."""

    #: The answer to the only send, as it came.
    ANSWER = "answer"
    #: A replay that monday marked as the cached answer of an earlier send.
    REPLAY = "replay"
    #: What the board shows after the call can no longer be running.
    BOARD = "board"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What one recording changed."""

    delivered: int = 0
    failed: int = 0
    reopened: int = 0
    #: Lines that are whole on the board now.
    lines: int = 0
    #: Ids of the operations that wait for a refused one.
    blocked: tuple[int, ...] = ()
    #: Operation id -> what is left of an operation that lost a cell.
    rests: Mapping[int, Operation] = field(default_factory=dict)


_of_request: BindParameter[str] = bindparam("of")
SINCE = select(request.c.unknown_since).where(request.c.id == _of_request)
SETTLED = (
    update(request).where(request.c.id == _of_request).values(settled=bindparam("now"), body=None)
)
#: monday cached the answer of the one earlier send: nothing of it can come late.
CERTAIN = (
    update(request)
    .where(request.c.id == _of_request, request.c.sends == 2)
    .values(recheck_after=None, doubted=None)
)
#: HTTP status of an answer that told some of it.
PARTLY = 200
#: A request with a status is not replayed: what was recorded would be carried out once more.
TOLD_IN_PART = (
    update(request)
    .where(request.c.id == _of_request)
    .values(status=func.coalesce(request.c.status, PARTLY))
)
UNKNOWN = (
    update(request)
    .where(request.c.id == _of_request)
    .values(
        unknown_since=bindparam("now"),
        status=func.coalesce(bindparam("answered"), request.c.status),
        recheck_after=func.coalesce(request.c.recheck_after, bindparam("until")),
        doubted=func.coalesce(request.c.doubted, bindparam("targets")),
    )
)
UNSETTLED = (
    with_ids(
        request.c.first_send,
        request.c.last_send,
        request.c.unknown_since,
        request.c.status,
        request.c.monday_user,
        request.c.body,
    )
    .join(request, request.c.id == operation.c.request_id)
    .where(operation.c.board == bindparam("board"), operation.c.state == State.SENDING)
    .order_by(request.c.first_send, operation.c.request_id, operation.c.id)
)


@patient
def record(
    ledger: Ledger,
    held: Lock,
    stored: Request,
    results: Mapping[int, Result],
    detail: Mapping[str, Any],
    evidence: Evidence = Evidence.ANSWER,
) -> Tally:
    """Record what became of a request's operations, and advance the lines that are whole.

    Raises LedgerError when the request's outcome is not known and there is no evidence.
    """
    by_id = {claimed.id: claimed for claimed in stored.operations}
    now = ledger.clock()
    with guarded(ledger, held) as connection:
        _no_guess(connection, stored, evidence)
        tally = _record(connection, held, by_id, results)
        whole = 0
        for run_id, of_run in _by_run(by_id[operation_id] for operation_id in results):
            whole += advance(connection, run_id, lines_of(of_run), now)
            counts = {
                "delivered": tally.delivered,
                "failed": tally.failed,
                "reopened": tally.reopened,
            }
            detail = {**detail, **counts, "evidence": evidence}
            note(connection, now, run_id, "recorded", detail, stored.id)
        if set(results) == set(by_id):
            connection.execute(SETTLED, {"of": stored.id, "now": now})
            if evidence is Evidence.REPLAY:
                connection.execute(CERTAIN, {"of": stored.id})
        else:
            connection.execute(TOLD_IN_PART, {"of": stored.id})
    return replace(tally, lines=whole)


def _no_guess(connection: Connection, stored: Request, evidence: Evidence) -> None:
    """Once unknown, a request is settled by evidence alone (docs/delivery.md)."""
    if evidence is Evidence.ANSWER and connection.scalar(SINCE, {"of": stored.id}) is not None:
        raise LedgerError(
            f"request {stored.id}: its outcome is not known, so an answer cannot settle it",
            hint="this is an error of the program; the board is looked at by the next run",
        )


def _record(
    connection: Connection,
    held: Lock,
    by_id: Mapping[int, Claimed],
    results: Mapping[int, Result],
) -> Tally:
    done: list[tuple[Claimed, Done]] = []
    blocked: list[int] = []
    rests: dict[int, Operation] = {}
    failed = reopened = 0
    for operation_id, result in results.items():
        claimed = by_id[operation_id]
        match result:
            case Done():
                done.append((claimed, result))
            case Refusal():
                blocked += refuse(connection, held, claimed, result)
                failed += 1
            case WithoutCell():
                rests[operation_id] = take_out(connection, held, claimed, result)
                reopened += 1
            case Reopen():
                release(connection, held, claimed, result)
                reopened += 1
    deliver(connection, held, done)
    return Tally(
        delivered=len(done),
        failed=failed,
        reopened=reopened,
        blocked=tuple(blocked),
        rests=rests,
    )


@patient
def mark_unknown(
    ledger: Ledger,
    held: Lock,
    stored: Request,
    reason: str,
    recheck: float,
    status: int | None = None,
) -> None:
    """Nobody knows what became of a request: its operations stay `sending`.

    They are looked at again until `recheck` seconds have passed. `status` is that of an answer
    that did not tell.
    """
    now = ledger.clock()
    values = {
        "of": stored.id,
        "now": now,
        "answered": status,
        "until": now + recheck,
        "targets": to_json([operation_as_json(c.operation) for c in stored.operations]),
    }
    with guarded(ledger, held) as connection:
        all_ours(connection.execute(UNKNOWN, values).rowcount, 1, held)
        run_id = stored.operations[0].run_id
        note(connection, now, run_id, "unknown", {"reason": reason, "status": status}, stored.id)


@patient
def unsettled(ledger: Ledger, board: str) -> list[Request]:
    """Requests whose outcome is not known, of this run and of earlier ones."""
    with ledger.transaction() as connection:
        rows = connection.execute(UNSETTLED, {"board": board}).all()
    requests = []
    for request_id, of_request in groupby(rows, key=lambda row: row.request_id):
        members = list(of_request)
        first = members[0]
        requests.append(
            Request(
                id=request_id,
                board=board,
                body=first.body,
                operations=tuple(claimed_of(row, row.alias) for row in members),
                user=first.monday_user,
                first_send=first.first_send,
                last_send=first.last_send,
                unknown_since=first.unknown_since,
                status=first.status,
            )
        )
    return requests


def _by_run(claimed: Iterable[Claimed]) -> list[tuple[str, list[Claimed]]]:
    ordered = sorted(claimed, key=lambda c: c.run_id)
    return [(run_id, list(of_run)) for run_id, of_run in groupby(ordered, lambda c: c.run_id)]

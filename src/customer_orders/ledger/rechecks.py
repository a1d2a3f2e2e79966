"""What was ever unknown, until its re-check time has passed: late creates, late values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from customer_orders.ledger import findings
from customer_orders.ledger.database import Ledger, patient
from customer_orders.ledger.events import note
from customer_orders.ledger.locks import OURS, Lock, guarded
from customer_orders.ledger.production import Shown, displace, forget, put
from customer_orders.ledger.rows import chunks, operation_from_json, to_json
from customer_orders.ledger.schema import item, lock, request, subitem
from customer_orders.ledger.snapshots import distrust
from customer_orders.model import Finding
from customer_orders.plan import Operation, Target

HOLDER = select(lock.c.run_id).where(*OURS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubted:
    """An operation whose outcome was not known for a while."""

    request_id: str
    #: When its request was first sent, in seconds since 1970.
    first_send: float
    operation: Operation


@dataclass(frozen=True, kw_only=True, slots=True)
class Stale:
    """A late value: the board shows what the operation sent, and something else was delivered."""

    operation: Operation
    #: What the board shows of it, in the shape of a payload; None: it was taken off the board.
    shown: Mapping[str, Any] | None


@patient
def doubted(ledger: Ledger, board: str) -> list[Doubted]:
    """The operations of a board to be looked at again, those of requests that are settled."""
    due = select(request).where(
        request.c.board == board,
        request.c.recheck_after.is_not(None),
        request.c.doubted.is_not(None),
        request.c.settled.is_not(None),
    )
    with ledger.transaction() as connection:
        return [
            Doubted(
                request_id=row.id,
                first_send=row.first_send,
                operation=operation_from_json(each),
            )
            for row in connection.execute(due.order_by(request.c.first_send, request.c.id))
            for each in json.loads(row.doubted)
        ]


@patient
def rechecked(
    ledger: Ledger,
    held: Lock,
    looked_at: Sequence[Doubted],
    when: float,
    stale: Sequence[Stale],
    found: Sequence[Finding],
) -> None:
    """Record a look at `when`: late values as delivered, findings, and whose time has passed.

    The next plan corrects the late values. Raises LockLost.
    """
    requests = sorted({doubt.request_id for doubt in looked_at})
    with guarded(ledger, held) as connection:
        for late in stale:
            _take_as_delivered(connection, late)
        distrust(connection, sorted({late.operation.record_uuid or "" for late in stale}))
        run_id = connection.execute(HOLDER, held.guard).scalar_one()
        findings.keep(connection, run_id, found)
        over = update(request).where(request.c.recheck_after <= when)
        for chunk in chunks(requests):
            of_chunk = over.where(request.c.id.in_(chunk))
            connection.execute(of_chunk.values(recheck_after=None, doubted=None))
        detail = {"requests": len(requests), "late": len(stale), "copies": len(found)}
        note(connection, ledger.clock(), run_id, "rechecked", detail)


def _take_as_delivered(connection: Any, late: Stale) -> None:
    planned, shown = late.operation, late.shown
    if shown is None:
        forget(connection, [planned])
        return
    if "monday_id" in shown:
        seen = Shown(planned=planned, monday_id=shown["monday_id"], payload=shown, found=True)
        displace(connection, [seen])
        put(connection, [seen])
        return
    table, key = item, {"record_uuid": planned.record_uuid}
    if planned.kind is Target.SUBITEM:
        table, key = subitem, key | {"size": planned.size}
    row = connection.execute(select(table).filter_by(**key)).one()
    values = {"delivered": to_json(json.loads(row.delivered) | dict(shown.get("values", {})))}
    values |= {"name": shown["name"]} if "name" in shown else {}
    values |= {"group_title": shown["group"]} if "group" in shown else {}
    connection.execute(update(table).filter_by(**key).values(values))

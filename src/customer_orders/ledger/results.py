"""What a result changes: the operation's state, and the production rows that it stands for.

Every change of state goes through `move`: one guarded UPDATE that must touch every row it names
and checks the lock's token in the same statement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from customer_orders.ledger import findings
from customer_orders.ledger.locks import Lock, all_ours, holds
from customer_orders.ledger.rows import DIFFERS, chunks, operation_of, to_json
from customer_orders.ledger.schema import Move, State, board_group, item, operation, subitem
from customer_orders.plan import Action, Operation, Target

#: Category of what was never sent because something it depends on was refused.
BLOCKED = "blocked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """An operation that was claimed, with monday's ids filled in where they are known."""

    id: int
    run_id: str
    alias: str
    operation: Operation
    group_id: str | None
    item_id: str | None
    subitem_id: str | None


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


def move(connection: Connection, held: Lock, step: Move, ids: Sequence[int], **values: Any) -> None:
    """One transition of operations. Raises LockLost unless it touched all of them."""
    before, after = step.value
    touched = 0
    for chunk in chunks(ids):
        touched += connection.execute(
            update(operation)
            .where(operation.c.id.in_(chunk), operation.c.state == before, holds(held))
            .values(state=after, **values)
        ).rowcount
    all_ours(touched, len(ids), held)


def deliver(connection: Connection, held: Lock, claimed: Claimed, done: Done) -> None:
    """Delivered: the state, and the production row that it stands for."""
    planned = claimed.operation
    category = DIFFERS if _differs(planned, done.read) else None
    cleared = {"category": category, "code": None, "error": None, "hint": None}
    move(connection, held, Move.DELIVER, [claimed.id], **cleared)
    payload = done.read or planned.payload
    match planned.kind:
        case Target.GROUP:
            key = {"board": planned.board, "title": planned.group}
            _put(connection, board_group, key, {"monday_id": done.monday_id})
        case Target.ITEM:
            _put_item(connection, planned, done, payload)
        case Target.SUBITEM:
            _put_subitem(connection, planned, done, payload)


def refuse(connection: Connection, held: Lock, claimed: Claimed, refusal: Refusal) -> int:
    """Failed, with a finding, and what depends on it blocked. Returns how many were blocked."""
    move(
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
    why = f"waits for {claimed.operation.target}, which was refused: {refusal.error}"
    move(connection, held, Move.BLOCK, list(dependants), category=BLOCKED, error=why)
    planned = claimed.operation
    remarks = [findings.refused(planned, f"{planned.action} was refused: {refusal.error}")]
    if planned.kind is Target.GROUP:
        remarks += [findings.refused(o, why) for o in dependants.values() if o.size is None]
    findings.keep(connection, claimed.run_id, remarks)
    return len(dependants)


def release(connection: Connection, held: Lock, claimed: Claimed, reopen: Reopen) -> None:
    """Pending again: it was certainly not done."""
    move(connection, held, Move.RELEASE, [claimed.id], error=reopen.reason)


def _differs(planned: Operation, read: Mapping[str, Any] | None) -> bool:
    """Whether the board shows something else than the operation sent."""
    if read is None:
        return False
    sent, shown = planned.payload, read.get("values", {})
    values = sent.get("values", {})
    if any(shown.get(title) != cell for title, cell in values.items()):
        return True
    if any(read[part] != sent[part] for part in ("name", "group") if part in sent and part in read):
        return True
    # What is created has no cell but those that were sent.
    extra = [title for title, cell in shown.items() if cell is not None and title not in values]
    return planned.action is Action.CREATE and bool(extra)


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


def _dependants(connection: Connection, claimed: Claimed) -> dict[int, Operation]:
    """The pending operations of the run that cannot be done without this one."""
    planned = claimed.operation
    waiting = select(operation).where(
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
        return {}
    return {row.id: operation_of(row) for row in connection.execute(waiting)}

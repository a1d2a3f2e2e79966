"""What a result changes: the operation's state, and the production rows that it stands for.

Every change of state goes through `move`: one guarded UPDATE that must touch every row it names
and checks the lock's token in the same statement.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select, update

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


def deliver(connection: Connection, held: Lock, done: Sequence[tuple[Claimed, Done]]) -> None:
    """Delivered: the states, and the production rows that they stand for."""
    cleared = {"code": None, "error": None, "hint": None}
    for category in (None, DIFFERS):
        ids = [c.id for c, d in done if _differs(c.operation, d.read) is (category is not None)]
        move(connection, held, Move.DELIVER, ids, category=category, **cleared)
    for claimed, result in done:
        _put_production(connection, claimed.operation, result)


def _put_production(connection: Connection, planned: Operation, done: Done) -> None:
    payload = done.read or planned.payload
    key: dict[str, str | None]
    match planned.kind:
        case Target.GROUP:
            key = {"board": planned.board, "title": planned.group}
            _put(connection, board_group, key, lambda _: {"monday_id": done.monday_id})
        case Target.ITEM:
            made = {"monday_id": done.monday_id, "board": planned.board}
            key = {"record_uuid": planned.record_uuid}
            _put(connection, item, key, lambda row: made | _item_values(row, payload))
        case Target.SUBITEM:
            made = {"monday_id": done.monday_id}
            key = {"record_uuid": planned.record_uuid, "size": planned.size}
            _put(connection, subitem, key, lambda row: made | _delivered(row, payload))


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


def _item_values(row: Row[Any] | None, payload: Mapping[str, Any]) -> dict[str, Any]:
    changes = _delivered(row, payload)
    changes |= {"name": payload["name"]} if "name" in payload else {}
    return changes | ({"group_title": payload["group"]} if "group" in payload else {})


def _delivered(row: Row[Any] | None, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The values that stood there, with those of the payload over them."""
    known = json.loads(row.delivered) if row else {}
    return {"delivered": to_json(known | dict(payload.get("values", {})))}


def _put(
    connection: Connection,
    table: Table,
    key: Mapping[str, Any],
    values: Callable[[Row[Any] | None], Mapping[str, Any]],
) -> None:
    """Write the row with this key, from what it was: in every engine's own words."""
    row = connection.execute(select(table).filter_by(**key)).first()
    if row is None:
        connection.execute(insert(table).values({**key, **values(row)}))
    else:
        connection.execute(update(table).filter_by(**key).values(values(row)))


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

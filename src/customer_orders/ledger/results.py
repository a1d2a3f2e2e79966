"""What a result changes: the operation's state, and the production rows that it stands for.

Every change of state goes through `move`: one guarded UPDATE that must touch every row it names
and runs in a transaction in which the board stays ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Update,
    bindparam,
    insert,
    select,
    update,
)

from customer_orders.ledger import findings
from customer_orders.ledger.locks import Lock, all_ours
from customer_orders.ledger.production import Shown, displace, forget, put
from customer_orders.ledger.rows import DIFFERS, chunks, operation_of, operation_row, to_json
from customer_orders.ledger.schema import Move, State, operation
from customer_orders.ledger.snapshots import distrust
from customer_orders.plan import Action, Operation, Target

#: Category of what was never sent because something it depends on was refused.
BLOCKED = "blocked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """An operation of a request, with monday's ids filled in where they are known."""

    id: int
    run_id: str
    #: Place in its request; empty until it has one.
    alias: str = ""
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

    #: monday's category; some hold the same payload back (`knowledge.HOLDING_CATEGORIES`).
    category: str
    code: str
    error: str
    hint: str = ""
    #: Titles of the columns that had not the label of their cell; it holds until they have.
    missing_labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WithoutCell:
    """monday refused one cell of this operation: the rest is sent again without it."""

    #: Title of the column.
    cell: str
    refusal: Refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Reopen:
    """The operation was certainly not done, and will be sent in a new request."""

    reason: str
    #: Which half of a refused request it belongs to; each is sent by itself.
    part: int | None = None


Result = Done | Refusal | WithoutCell | Reopen


def move(connection: Connection, held: Lock, step: Move, ids: Sequence[int], **values: Any) -> None:
    """One transition of operations. Raises LockLost unless it touched all of them."""
    statement = _moving(step, tuple(sorted(values)))
    new = {f"new_{name}": value for name, value in values.items()}
    touched = 0
    for chunk in chunks(ids):
        touched += connection.execute(statement, {"ids": list(chunk), **new}).rowcount
    all_ours(touched, len(ids), held)


@cache
def _moving(step: Move, names: tuple[str, ...]) -> Update:
    """The guarded UPDATE of a transition, built once."""
    before, after = step.value
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    if step is Move.CLAIM:
        values["attempts"] = operation.c.attempts + 1
    ids: BindParameter[int] = bindparam("ids", expanding=True)
    guarded = update(operation).where(operation.c.id.in_(ids), operation.c.state == before)
    return guarded.values(state=after, **values)


def deliver(connection: Connection, held: Lock, done: Sequence[tuple[Claimed, Done]]) -> None:
    """Delivered: the states, and the production rows that they stand for."""
    cleared = {"code": None, "error": None, "hint": None}
    for category in (None, DIFFERS):
        ids = [c.id for c, d in done if _differs(c.operation, d.read) is (category is not None)]
        move(connection, held, Move.DELIVER, ids, category=category, **cleared)
    shown = [_shown(c.operation, d) for c, d in done]
    distrust(connection, displace(connection, shown))
    put(connection, [each for each in shown if not each.planned.action.removes])
    forget(connection, [each.planned for each in shown if each.planned.action.removes])


def _shown(planned: Operation, done: Done) -> Shown:
    return Shown(
        planned=planned,
        monday_id=done.monday_id,
        payload=done.read or planned.payload,
        found=planned.action is Action.LINK or done.read is not None,
    )


def refuse(connection: Connection, held: Lock, claimed: Claimed, refusal: Refusal) -> list[int]:
    """Failed, with a finding, and what depends on it blocked. Returns the ids of the blocked."""
    move(
        connection,
        held,
        Move.REFUSE,
        [claimed.id],
        category=refusal.category,
        code=refusal.code,
        error=refusal.error,
        hint=refusal.hint,
        missing_labels=to_json(refusal.missing_labels),
    )
    dependants = _dependants(connection, claimed)
    why = f"waits for {claimed.operation.target}, which was refused: {refusal.error}"
    move(connection, held, Move.BLOCK, list(dependants), category=BLOCKED, error=why)
    planned = claimed.operation
    remarks = [findings.refused(planned, f"{planned.action} was refused: {refusal.error}")]
    if planned.kind is Target.GROUP:
        remarks += [findings.refused(o, why) for o in dependants.values() if o.size is None]
    findings.keep(connection, claimed.run_id, remarks)
    return list(dependants)


def release(connection: Connection, held: Lock, claimed: Claimed, reopen: Reopen) -> None:
    """Pending again: it was certainly not done."""
    move(connection, held, Move.RELEASE, [claimed.id], error=reopen.reason)


def take_out(
    connection: Connection, held: Lock, claimed: Claimed, without: WithoutCell
) -> Operation:
    """Split one cell off an item's operation: it fails by itself, the rest is pending again.

    Returns the rest.
    """
    whole, cell, refusal = claimed.operation, without.cell, without.refusal
    alone = replace(
        whole,
        action=Action.UPDATE,
        payload={"values": {cell: whole.payload["values"][cell]}},
        before={"values": {cell: whole.before.get("values", {}).get(cell)}},
    )
    failed = operation_row(alone, claimed.run_id) | {
        "state": State.FAILED,
        "cell": cell,
        "attempts": 1,
        "category": refusal.category,
        "code": refusal.code,
        "error": refusal.error,
        "hint": refusal.hint,
        "missing_labels": to_json([t for t in refusal.missing_labels if t == cell]),
    }
    connection.execute(insert(operation), failed)
    rest = replace(whole, payload=_without(whole, cell))
    move(
        connection,
        held,
        Move.RELEASE,
        [claimed.id],
        payload=rest.payload_text,
        error=f'sent again without "{cell}": {refusal.error}',
    )
    message = f'"{cell}" was refused, the rest was sent: {refusal.error}'
    findings.keep(connection, claimed.run_id, [findings.refused(alone, message, cell=cell)])
    return rest


def _without(whole: Operation, cell: str) -> dict[str, Any]:
    """The payload as the next plan will make it: an update has no empty object of values."""
    values = {title: value for title, value in whole.payload["values"].items() if title != cell}
    payload = {**whole.payload, "values": values}
    if not values and whole.action is Action.UPDATE:
        del payload["values"]
    return payload


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

"""Small things every statement module needs: the last run, JSON columns, chunks, operations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from sqlalchemy import Row, select

from customer_orders.ledger.schema import State, run
from customer_orders.plan import Action, Operation, Target, sorted_json

#: The latest run first.
NEWEST = (run.c.started.desc(), run.c.id.desc())
LAST_SCOPE = select(run.c.scope).where(run.c.source_rows.is_not(None)).order_by(*NEWEST).limit(1)
#: Values in one IN list: below every engine's limit on parameters.
CHUNK = 500
#: States of an operation that is not finished.
OPEN = (State.PENDING, State.SENDING)
#: Category of an operation that was done, while the board shows something else than it sent: its
#: line is not whole, and is compared again by the next run.
DIFFERS = "differs"

#: An enumeration takes longer to find its members.
TARGETS = {kind.value: kind for kind in Target}
ACTIONS = {action.value: action for action in Action}

Value = TypeVar("Value")


def to_json(value: Any) -> str:
    """JSON with sorted keys, as every JSON column holds it."""
    return sorted_json(value)


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in lists that an IN can take."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def operation_row(operation: Operation, run_id: str) -> dict[str, Any]:
    """A planned operation as a row of `operation`."""
    return {
        "run_id": run_id,
        "board": operation.board,
        "target": operation.target,
        "kind": operation.kind,
        "action": operation.action,
        "rank": operation.rank,
        "customer": operation.customer,
        "group_title": operation.group,
        "record_uuid": operation.record_uuid,
        "size": operation.size,
        "payload": operation.payload_text,
        "before": to_json(operation.before),
        "state": State.PENDING,
        "attempts": 0,
    }


def operation_as_json(operation: Operation) -> dict[str, Any]:
    """An operation that is kept apart from its row."""
    return asdict(operation)


def operation_from_json(document: Mapping[str, Any]) -> Operation:
    """What `operation_as_json` gave."""
    kind, action = Target(document["kind"]), Action(document["action"])
    return Operation(**{**document, "kind": kind, "action": action})


def operation_of(row: Row[Any]) -> Operation:
    """A row of `operation` as the operation that was planned."""
    return Operation(
        kind=TARGETS[row.kind],
        action=ACTIONS[row.action],
        board=row.board,
        customer=row.customer,
        group=row.group_title,
        record_uuid=row.record_uuid,
        size=row.size,
        payload=json.loads(row.payload),
        before=json.loads(row.before),
    )

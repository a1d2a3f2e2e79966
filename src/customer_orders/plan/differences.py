"""What the board shows against what it should show: the findings of `verify`.

A difference is what a repair would send, in the words of the board; so the two never disagree.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from customer_orders.model import Cell, DeliveredItem
from customer_orders.plan.operations import Action, Operation, Target


class DifferenceKind(enum.StrEnum):
    #: The line has no item, or the size no subitem.
    MISSING = "missing"
    #: A column or the name shows something else.
    CHANGED = "changed"
    #: A line or a size stands twice.
    DUPLICATE = "duplicate"
    #: An item bears a key that no line has.
    FOREIGN = "foreign"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing in which the board is not as it should be."""

    kind: DifferenceKind
    record_uuid: str
    what: str
    expected: Cell = None
    shown: Cell = None
    monday_id: str | None = None


def differences(
    operations: Iterable[Operation], standing: Mapping[str, DeliveredItem]
) -> Iterator[Difference]:
    """The differences that a repair would take away; `standing` are the items on the board."""
    for operation in operations:
        item = standing.get(operation.record_uuid or "")
        match operation.kind, operation.action:
            case (Target.GROUP, _) | (_, Action.LINK):
                pass
            case Target.COPY, _:
                yield _copy(operation)
            case Target.ITEM, Action.CREATE:
                yield _missing(operation, "item", operation.payload["name"])
            case Target.SUBITEM, Action.CREATE:
                # Without an item, the line is missing as a whole.
                if item:
                    quantity = list(operation.payload["values"].values())[-1]
                    yield _missing(operation, f"size {operation.size}", quantity)
            case _:
                yield from _cells(operation, item)


def foreign(items: Iterable[DeliveredItem]) -> Iterator[Difference]:
    """Items that bear a key of no line."""
    for item in items:
        yield Difference(
            kind=DifferenceKind.FOREIGN,
            record_uuid=item.record_uuid,
            what="item",
            shown=item.name,
            monday_id=item.monday_id,
        )


def _missing(operation: Operation, what: str, expected: Cell) -> Difference:
    return Difference(
        kind=DifferenceKind.MISSING,
        record_uuid=operation.record_uuid or "",
        what=what,
        expected=expected,
    )


def _copy(operation: Operation) -> Difference:
    return Difference(
        kind=DifferenceKind.DUPLICATE,
        record_uuid=operation.record_uuid or "",
        what=f"size {operation.size}" if operation.size else "item",
        shown=operation.before["name"],
        monday_id=operation.payload["monday_id"],
    )


def _cells(operation: Operation, item: DeliveredItem | None) -> Iterator[Difference]:
    """One for each cell of an item, its name and its group; one for the quantity of a size."""
    after, before = _flat(operation.payload), _flat(operation.before)
    subitem = item.subitems.get(operation.size or "") if item else None
    holder = subitem or item
    for title in after or before:
        yield Difference(
            kind=DifferenceKind.CHANGED,
            record_uuid=operation.record_uuid or "",
            what=f"size {operation.size}" if operation.size else title,
            expected=after.get(title),
            shown=before.get(title),
            monday_id=holder.monday_id if holder else None,
        )


def _flat(payload: Mapping[str, Any]) -> dict[str, Cell]:
    parts = {"name": "Name", "group": "Group"}
    named = {parts[key]: cell for key, cell in payload.items() if key in parts}
    return {**payload.get("values", {}), **named}

"""The difference of one line: what the board should show against what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from customer_orders.model import Cell, DeliveredItem, DeliveredSubitem, Item
from customer_orders.plan.knowledge import Knowledge
from customer_orders.plan.operations import Action, Operation, Target

ZERO = "0"


class LineDiff:
    """The operations of a line, in the order they must be done."""

    def __init__(self, item: Item, knowledge: Knowledge) -> None:
        self.item = item
        self.knowledge = knowledge
        self.known = knowledge.delivered.get(item.record_uuid)
        self.found = found = knowledge.found.get(item.record_uuid)
        #: What the item shows now; None when it is to be made.
        self.base = self.known or found
        delivered = self.known.subitems if self.known else {}
        #: Subitems that stand on the board and not in the ledger.
        self.late = {s: x for s, x in found.subitems.items() if s not in delivered} if found else {}
        self.subitems = {**delivered, **self.late}
        #: Subitems that are as they should be.
        self.quiet_subitems = 0
        #: Changed cells that are not sent, because monday refused the same value.
        self.refused_cells: set[str] = set()

    def operations(self) -> Iterator[Operation]:
        """All of them; what is quiet or refused is counted on the way."""
        if self.base is None:
            yield self._operation(Target.ITEM, Action.CREATE, payload=self._whole_item())
        else:
            if self.known is None:
                yield self._operation(Target.ITEM, Action.LINK, payload=_as_read(self.base))
            yield from self._item_changes(self.base)
        yield from self._subitem_changes()

    def _whole_item(self) -> dict[str, Any]:
        filled = {title: cell for title, cell in self.item.values.items() if cell is not None}
        values = self._without_refused(filled)
        return {"name": self.item.name, "group": self.item.group, "values": values}

    def _without_refused(self, values: Mapping[str, Cell]) -> dict[str, Cell]:
        """The cells but for those that monday refused with the same value."""
        refused = self.knowledge.refused_cells.get(self.item.record_uuid, {})
        held = {t for t in values.keys() & refused.keys() if values[t] == refused[t]}
        self.refused_cells = held
        return {title: cell for title, cell in values.items() if title not in held}

    def _item_changes(self, base: DeliveredItem) -> Iterator[Operation]:
        item = self.item
        if item.group != base.group:
            yield self._operation(
                Target.ITEM,
                Action.MOVE,
                payload={"group": item.group},
                before={"group": base.group},
            )
        changed = self._without_refused(self._ours_to_change(base))
        payload: dict[str, Any] = {"values": changed} if changed else {}
        before: dict[str, Any] = {"values": {t: base.values.get(t) for t in changed}}
        if item.name != base.name:
            payload["name"], before["name"] = item.name, base.name
        if payload:
            yield self._operation(Target.ITEM, Action.UPDATE, payload=payload, before=before)

    def _ours_to_change(self, base: DeliveredItem) -> dict[str, Cell]:
        """The changed cells, but for those that the configuration leaves to people."""
        left = self.knowledge.set_once | self.edited().keys()
        return {
            title: cell
            for title, cell in self.item.values.items()
            if cell != base.values.get(title) and title not in left
        }

    def edited(self) -> dict[str, Cell]:
        """Title -> what a person wrote since, of columns that keep such edits."""
        if self.known is None or self.found is None:
            return {}
        was, now = self.known.values, self.found.values
        return {
            title: now.get(title)
            for title in self.knowledge.keep_board_edits
            if now.get(title) not in (was.get(title), self.item.values.get(title))
        }

    def _subitem_changes(self) -> Iterator[Operation]:
        for size, subitem in self.late.items():
            yield self._operation(Target.SUBITEM, Action.LINK, size, payload=_subitem_read(subitem))
        wanted = {subitem.size: subitem.quantity for subitem in self.item.subitems}
        for size, quantity in wanted.items():
            if size in self.subitems:
                yield from self._quantity(Action.UPDATE, size, quantity)
            else:
                yield self._operation(
                    Target.SUBITEM, Action.CREATE, size, payload=self._whole_subitem(size, quantity)
                )
        unwanted = self.subitems.keys() - wanted.keys()
        self.quiet_subitems += len(unwanted & self.item.rejected_sizes)
        for size in sorted(unwanted - self.item.rejected_sizes):
            yield from self._gone(size)

    def _whole_subitem(self, size: str, quantity: str) -> dict[str, Any]:
        knowledge = self.knowledge
        values = {knowledge.size_column: size, knowledge.quantity_column: quantity}
        return {"name": size, "values": values}

    def _gone(self, size: str) -> Iterator[Operation]:
        """A size that is no longer ordered; only what was delivered is ever taken off the board.

        A cancelled line keeps its sizes, at 0: it may become active again.
        """
        action = self.knowledge.size_gone
        if not action.removes or self.item.cancelled or size in self.late:
            yield from self._quantity(Action.ZERO, size, ZERO)
            return
        before = {"values": dict(self.subitems[size].values)}
        yield self._operation(Target.SUBITEM, action, size, payload={}, before=before)

    def _quantity(self, action: Action, size: str, quantity: str) -> Iterator[Operation]:
        title = self.knowledge.quantity_column
        before = self.subitems[size].values.get(title)
        if before == quantity:
            self.quiet_subitems += 1
            return
        yield self._operation(
            Target.SUBITEM,
            action,
            size,
            payload={"values": {title: quantity}},
            before={"values": {title: before}},
        )

    def _operation(
        self,
        kind: Target,
        action: Action,
        size: str | None = None,
        *,
        payload: Mapping[str, Any],
        before: Mapping[str, Any] | None = None,
    ) -> Operation:
        return Operation(
            kind=kind,
            action=action,
            board=self.item.board,
            customer=self.item.customer,
            group=self.item.group,
            record_uuid=self.item.record_uuid,
            size=size,
            payload=payload,
            before=before or {},
        )


def _as_read(item: DeliveredItem) -> dict[str, Any]:
    return {
        "monday_id": item.monday_id,
        "name": item.name,
        "group": item.group,
        "values": dict(item.values),
    }


def _subitem_read(subitem: DeliveredSubitem) -> dict[str, Any]:
    return {"monday_id": subitem.monday_id, "values": dict(subitem.values)}

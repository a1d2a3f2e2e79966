"""The difference of one line: what the board should show against what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
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
        self.found = knowledge.found.get(item.record_uuid)
        #: What the item shows now; None when it is to be made.
        self.base = self.found if knowledge.whole_boards else self.known or self.found
        #: Subitems that stand there; of them, those that the ledger does not know so.
        self.subitems, self.late = self._standing()
        #: Subitems that are as they should be.
        self.quiet_subitems = 0
        #: Changed cells that are not sent, because monday refused the same value.
        self.refused_cells: set[str] = set()

    def _standing(self) -> tuple[Mapping[str, DeliveredSubitem], Mapping[str, DeliveredSubitem]]:
        delivered = self.known.subitems if self.known else {}
        found = self.found.subitems if self.found else {}
        if self.knowledge.whole_boards:
            return found, found if self._linked() else {}
        late = {size: subitem for size, subitem in found.items() if size not in delivered}
        # A person wrote another size into it: it stands for what it shows.
        ids = {subitem.monday_id for subitem in late.values()}
        stays = {size: sub for size, sub in delivered.items() if sub.monday_id not in ids}
        return {**stays, **late}, late

    def _linked(self) -> bool:
        """Whether the ledger is to take over what the board shows."""
        if self.base is None or self.known is None:
            return self.base is not None
        return self.knowledge.whole_boards and _differs(self.known, self._as_known(self.base))

    def _as_known(self, base: DeliveredItem) -> DeliveredItem:
        """What was read, but for the columns whose edits are told by what was delivered."""
        if self.known is None:
            return base
        kept = {t: self.known.values.get(t) for t in self.knowledge.keep_board_edits}
        return replace(base, values={**base.values, **kept})

    def subitems_after(self) -> int:
        """How many subitems the item has when all is done."""
        wanted = self._wanted().keys()
        gone = self.subitems.keys() - wanted if self.knowledge.size_gone.removes else set()
        return len((self.subitems.keys() | wanted) - gone)

    def operations(self) -> Iterator[Operation]:
        """All of them; what is quiet or refused is counted on the way."""
        if self.base is None:
            yield self._operation(Target.ITEM, Action.CREATE, payload=self._whole_item())
        else:
            base = self._as_known(self.base)
            if self._linked():
                yield self._operation(Target.ITEM, Action.LINK, payload=_as_read(base))
            yield from self._item_changes(base)
        yield from self._subitem_changes()
        yield from self._surplus()

    def _whole_item(self) -> dict[str, Any]:
        filled = {title: cell for title, cell in self.item.values.items() if cell is not None}
        values = self._without_refused(filled)
        return {"name": self.item.name, "group": self.item.group, "values": values}

    def _without_refused(self, values: Mapping[str, Cell]) -> dict[str, Cell]:
        """The cells but for those that monday refused with the same value."""
        lifted = self.item.record_uuid in self.knowledge.lifted
        refused = {} if lifted else self.knowledge.refused_cells.get(self.item.record_uuid, {})
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
            for title, cell in {**self._rejected(), **self.item.values}.items()
            if cell != base.values.get(title) and title not in left
        }

    def _rejected(self) -> Mapping[str, Cell]:
        """Cells that cannot be used now: what was delivered last holds, wherever it is read."""
        if self.known is None or self.found is None:
            return {}
        return {t: c for t, c in self.known.values.items() if t in self.found.values}

    def edited(self) -> dict[str, Cell]:
        """Title -> what a person wrote since, of columns that keep such edits."""
        if self.known is None or self.found is None:
            return {}
        was, now = self.known.values, self.found.values
        return {
            title: now.get(title)
            for title in self.knowledge.keep_board_edits & now.keys()
            if now.get(title) not in (was.get(title), self.item.values.get(title))
        }

    def _subitem_changes(self) -> Iterator[Operation]:
        for size, subitem in self.late.items():
            yield self._operation(Target.SUBITEM, Action.LINK, size, payload=_subitem_read(subitem))
        wanted = self._wanted()
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

    def _wanted(self) -> dict[str, Cell]:
        """Size -> quantity; where the cell cannot be used, what was delivered last holds."""
        delivered = self.known.subitems if self.known else {}
        title = self.knowledge.quantity_column
        kept = {
            size: subitem.values.get(title)
            for size, subitem in delivered.items()
            if size in self.item.rejected_sizes
        }
        return {**kept, **{subitem.size: subitem.quantity for subitem in self.item.subitems}}

    def _whole_subitem(self, size: str, quantity: Cell) -> dict[str, Any]:
        knowledge = self.knowledge
        values = {knowledge.size_column: size, knowledge.quantity_column: quantity}
        return {"name": size, "values": values}

    def _gone(self, size: str) -> Iterator[Operation]:
        """A size that is no longer ordered; only what was delivered is ever taken off the board.

        A cancelled line keeps its sizes, at 0: it may become active again.
        """
        action = self.knowledge.size_gone
        ours = self.known is not None and size in self.known.subitems
        if not ours and not self.subitems[size].values.get(self.knowledge.quantity_column):
            self.quiet_subitems += 1
        elif not action.removes or self.item.cancelled or not ours:
            yield from self._quantity(Action.ZERO, size, ZERO)
        else:
            before = {"values": dict(self.subitems[size].values)}
            yield self._operation(Target.SUBITEM, action, size, payload={}, before=before)

    def _surplus(self) -> Iterator[Operation]:
        """Copies: ours leave the board when nobody works on them, all others lose our key."""
        for copy in self.knowledge.surplus.get(self.item.record_uuid, ()):
            before = {"name": copy.name, "values": {copy.column: copy.key}}
            action = Action.ARCHIVE if copy.spare else Action.UPDATE
            payload = {} if copy.spare else {"values": {copy.column: None}}
            yield self._operation(
                Target.COPY,
                action,
                copy.size,
                payload={"monday_id": copy.monday_id, **payload},
                before=before,
            )

    def _quantity(self, action: Action, size: str, quantity: Cell) -> Iterator[Operation]:
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


def _differs(known: DeliveredItem, shown: DeliveredItem) -> bool:
    """Whether the board shows something else than was delivered; groups are people's to choose."""
    return (
        (known.monday_id, known.name) != (shown.monday_id, shown.name)
        or _filled(known.values, shown.values) != _filled(shown.values, shown.values)
        or {s: (x.monday_id, _filled(x.values, x.values)) for s, x in known.subitems.items()}
        != {s: (x.monday_id, _filled(x.values, x.values)) for s, x in shown.subitems.items()}
    )


def _filled(values: Mapping[str, Cell], among: Mapping[str, Cell]) -> dict[str, Cell]:
    """The cells that hold something, of the columns that were read."""
    return {t: cell for t, cell in values.items() if cell is not None and t in among}


def _as_read(item: DeliveredItem) -> dict[str, Any]:
    return {
        "monday_id": item.monday_id,
        "name": item.name,
        "group": item.group,
        "values": dict(item.values),
    }


def _subitem_read(subitem: DeliveredSubitem) -> dict[str, Any]:
    return {"monday_id": subitem.monday_id, "values": dict(subitem.values)}

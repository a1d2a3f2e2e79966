"""Makes the plan: what should be there against what was delivered, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from customer_orders.model import (
    Cell,
    DeliveredItem,
    DeliveredSubitem,
    Finding,
    Held,
    Item,
    OrderLine,
    Severity,
)
from customer_orders.plan.operations import Action, Operation, Target
from customer_orders.plan.plan import Outcome, PlannedLine

ZERO = "0"


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known before planning: the ledger, the live boards, and the look-ups."""

    #: record_uuid -> item as it was delivered.
    delivered: Mapping[str, DeliveredItem]
    #: record_uuid -> item read from the board under our key, where a create was to be planned.
    found: Mapping[str, DeliveredItem] = field(default_factory=dict)
    #: Board id -> title -> id of the groups that need not be made.
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: (target, action) -> payload text of operations that monday refused.
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    #: record_uuid -> title -> value of single cells that monday refused.
    refused_cells: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    #: Lines with operations whose outcome is not known.
    unsettled: frozenset[str] = frozenset()
    #: Titles of the subitem columns: size and quantity.
    size_column: str = "Size"
    quantity_column: str = "Order Qty"


def make(
    rendered: Iterable[tuple[OrderLine, Item | Held]], knowledge: Knowledge
) -> Iterator[tuple[PlannedLine, list[Operation]]]:
    """Plan line by line; the operations of a line are in the order they must be done."""
    for line, result in rendered:
        if isinstance(result, Held):
            yield held_line(result, knowledge), []
        elif stranded := _stranded(result, knowledge):
            yield held_line(stranded, knowledge), []
        elif line.record_uuid in knowledge.unsettled:
            known = knowledge.delivered.get(line.record_uuid)
            waiting = len(known.subitems) if known else 0
            yield _planned(line, result, Outcome.PENDING, quiet_subitems=waiting), []
        else:
            yield _with_refusals(line, result, _LineDiff(result, knowledge), knowledge)


def held_line(held: Held, knowledge: Knowledge) -> PlannedLine:
    """A line that is stopped with a finding; it is pending while something sent is unknown."""
    unsettled = held.record_uuid in knowledge.unsettled
    known = knowledge.delivered.get(held.record_uuid or "")
    return PlannedLine(
        line=held.record_uuid or f"row {held.finding.row}",
        customer=held.customer,
        outcome=Outcome.PENDING if unsettled else Outcome.SKIPPED,
        quiet_subitems=len(known.subitems) if known else 0,
        po=held.po,
        season=held.season,
    )


def stranded_findings(
    rendered: Iterable[tuple[OrderLine, Item | Held]], knowledge: Knowledge
) -> Iterator[Finding]:
    """The findings of lines whose item stands on a board that is no longer theirs."""
    for _, result in rendered:
        if isinstance(result, Item) and (stranded := _stranded(result, knowledge)):
            yield stranded.finding


def _stranded(item: Item, knowledge: Knowledge) -> Held | None:
    """A line that the configuration sends to another board than the one its item stands on."""
    known = knowledge.delivered.get(item.record_uuid)
    if known is None or known.board == item.board:
        return None
    finding = Finding(
        rule="board",
        message=f"its item {known.monday_id} stands on board {known.board}, the configuration "
        f"says {item.board}; an item is not moved between boards, so the line is not sent",
        severity=Severity.ERROR,
        record_uuid=item.record_uuid,
        customer=item.customer,
    )
    return Held(
        record_uuid=item.record_uuid,
        customer=item.customer,
        finding=finding,
        po=item.po,
        season=item.season,
    )


def ensure_groups(operations: Iterable[Operation], knowledge: Knowledge) -> list[Operation]:
    """One operation for each group that items go to and the board does not have."""
    wanted: dict[tuple[str, str], str] = {}
    for operation in operations:
        if operation.needs_group:
            wanted.setdefault((operation.board, operation.group), operation.customer)
    return [
        _ensure_group(board, title, customer)
        for (board, title), customer in sorted(wanted.items())
        if title not in knowledge.groups.get(board, {})
    ]


def _ensure_group(board: str, title: str, customer: str) -> Operation:
    return Operation(
        kind=Target.GROUP,
        action=Action.ENSURE_GROUP,
        board=board,
        customer=customer,
        group=title,
        payload={"title": title},
    )


def missing_finding(record_uuid: str, customer: str, reads: int, warn_after: int) -> Finding:
    """The remark about a line that the source no longer has; its item stays as it is."""
    return Finding(
        rule="missing",
        message=f"not in the source for {reads} complete reads; its item stays as it is",
        severity=Severity.WARNING if reads >= warn_after else Severity.INFO,
        record_uuid=record_uuid,
        customer=customer,
    )


def _with_refusals(
    line: OrderLine, item: Item, diff: _LineDiff, knowledge: Knowledge
) -> tuple[PlannedLine, list[Operation]]:
    """Leave out what monday refused and would refuse again, and what hangs on it."""
    operations = list(diff.operations())
    kept = _kept(operations, item, knowledge)
    whole = len(kept) == len(operations) and not diff.refused_cells
    outcome = _outcome(operations) if whole else Outcome.FAILED
    planned = _planned(line, item, outcome, quiet_subitems=diff.quiet_subitems)
    return replace(planned, refused_subitems=_sizes(operations) - _sizes(kept)), kept


def _sizes(operations: Iterable[Operation]) -> int:
    """How many subitems the operations write to."""
    return sum(o.kind is Target.SUBITEM and o.action is not Action.LINK for o in operations)


def _kept(operations: list[Operation], item: Item, knowledge: Knowledge) -> list[Operation]:
    """What is sent: nothing where the group or the item itself cannot be made."""
    if any(o.needs_group for o in operations) and _group_refused(item, knowledge):
        return []
    creates = [o for o in operations if o.kind is Target.ITEM and o.action is Action.CREATE]
    if creates:
        # The sizes were refused under another item, or because this one was.
        return [] if _refused(creates[0], knowledge) else operations
    return [o for o in operations if not _refused(o, knowledge)]


def _refused(operation: Operation, knowledge: Knowledge) -> bool:
    refused = knowledge.refused.get((operation.target, operation.action))
    return refused is not None and refused == operation.payload_text


def _group_refused(item: Item, knowledge: Knowledge) -> bool:
    if item.group in knowledge.groups.get(item.board, {}):
        return False
    return _refused(_ensure_group(item.board, item.group, item.customer), knowledge)


def _outcome(operations: Iterable[Operation]) -> Outcome:
    done = {(o.kind, o.action) for o in operations if o.action is not Action.LINK}
    if (Target.ITEM, Action.CREATE) in done:
        return Outcome.CREATED
    if (Target.ITEM, Action.MOVE) in done:
        return Outcome.MOVED
    return Outcome.UPDATED if done else Outcome.UNCHANGED


def _planned(line: OrderLine, item: Item, outcome: Outcome, quiet_subitems: int = 0) -> PlannedLine:
    return PlannedLine(
        line=line.record_uuid,
        customer=item.customer,
        outcome=outcome,
        row_hash=line.row_hash,
        line_key=line.line_key,
        ordinal=line.ordinal,
        quiet_subitems=quiet_subitems,
        po=item.po,
        season=item.season,
    )


class _LineDiff:
    """The difference of one line: what the board should show against what it shows."""

    def __init__(self, item: Item, knowledge: Knowledge) -> None:
        self.item = item
        self.knowledge = knowledge
        self.known = knowledge.delivered.get(item.record_uuid)
        found = knowledge.found.get(item.record_uuid)
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
        changed = {t: c for t, c in item.values.items() if c != base.values.get(t)}
        changed = self._without_refused(changed)
        payload: dict[str, Any] = {"values": changed} if changed else {}
        before: dict[str, Any] = {"values": {t: base.values.get(t) for t in changed}}
        if item.name != base.name:
            payload["name"], before["name"] = item.name, base.name
        if payload:
            yield self._operation(Target.ITEM, Action.UPDATE, payload=payload, before=before)

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
            yield from self._quantity(Action.ZERO, size, ZERO)

    def _whole_subitem(self, size: str, quantity: str) -> dict[str, Any]:
        knowledge = self.knowledge
        values = {knowledge.size_column: size, knowledge.quantity_column: quantity}
        return {"name": size, "values": values}

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

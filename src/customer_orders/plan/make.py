"""Makes the plan: what should be there against what was delivered, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from customer_orders.model import (
    SUBITEMS_PER_ITEM,
    Finding,
    Held,
    Item,
    OrderLine,
    Rendered,
    Severity,
    shown,
)
from customer_orders.plan.knowledge import Knowledge
from customer_orders.plan.line import LineDiff
from customer_orders.plan.operations import Action, Operation, Target
from customer_orders.plan.plan import Outcome, PlannedLine


def make(rendered: Rendered, knowledge: Knowledge) -> Iterator[tuple[PlannedLine, list[Operation]]]:
    """Plan line by line; the operations of a line are in the order they must be done."""
    for line, result in rendered:
        if isinstance(result, Held):
            yield held_line(result, knowledge), []
        elif stopped := _stopped(result, knowledge):
            yield held_line(stopped, knowledge), []
        elif line.record_uuid in knowledge.unsettled:
            known = knowledge.delivered.get(line.record_uuid)
            waiting = len(known.subitems) if known else 0
            yield _planned(line, result, Outcome.PENDING, quiet_subitems=waiting), []
        else:
            yield _with_refusals(line, result, LineDiff(result, knowledge), knowledge)


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


def stopped_findings(rendered: Rendered, knowledge: Knowledge) -> Iterator[Finding]:
    """The findings of lines that their item or its board cannot take."""
    for _, result in rendered:
        if isinstance(result, Item) and (stopped := _stopped(result, knowledge)):
            yield stopped.finding


def kept_edits(rendered: Rendered, knowledge: Knowledge) -> Iterator[Finding]:
    """A finding for each cell that is left as a person wrote it."""
    for _, result in rendered:
        if isinstance(result, Item) and result.record_uuid in knowledge.found:
            for title, cell in LineDiff(result, knowledge).edited().items():
                yield Finding(
                    rule="edited",
                    message=f'"{title}" was changed on the board and is left so; '
                    f'the source says "{result.values.get(title) or ""}"',
                    severity=Severity.INFO,
                    record_uuid=result.record_uuid,
                    customer=result.customer,
                    column=title,
                    value=shown(cell),
                )


def _stopped(item: Item, knowledge: Knowledge) -> Held | None:
    """A line whose item stands on another board than the configured one, or would be too full."""
    known = knowledge.delivered.get(item.record_uuid)
    if known is not None and known.board != item.board:
        return _held(
            item,
            "board",
            f"its item {known.monday_id} stands on board {known.board}, the configuration "
            f"says {item.board}; an item is not moved between boards, so the line is not sent",
        )
    subitems = LineDiff(item, knowledge).subitems_after()
    if subitems > SUBITEMS_PER_ITEM:
        return _held(
            item,
            "capacity",
            f"its item would have {subitems} subitems, with those that stay at 0; an item takes "
            f"{SUBITEMS_PER_ITEM}, so the line is not sent",
        )
    return None


def _held(item: Item, rule: str, message: str) -> Held:
    finding = Finding(
        rule=rule,
        message=message,
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


def _with_refusals(
    line: OrderLine, item: Item, diff: LineDiff, knowledge: Knowledge
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
        return [] if knowledge.refuses(creates[0]) else operations
    return [o for o in operations if not knowledge.refuses(o)]


def _group_refused(item: Item, knowledge: Knowledge) -> bool:
    if item.record_uuid in knowledge.lifted or item.group in knowledge.groups.get(item.board, {}):
        return False
    return knowledge.refuses(_ensure_group(item.board, item.group, item.customer))


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

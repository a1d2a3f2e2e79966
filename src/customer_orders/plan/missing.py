"""Delivered lines that the source no longer has: reported, and archived only where configured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from customer_orders.config import RuleSettings
from customer_orders.model import Finding, Severity
from customer_orders.plan.knowledge import Knowledge
from customer_orders.plan.operations import Action, Operation, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingLine:
    """A line with an item that a complete read did not have."""

    record_uuid: str
    customer: str
    #: Complete reads of this scope without it, in a row, with the one just made.
    reads: int

    def departs(self, rules: RuleSettings) -> bool:
        """Whether its item is to be archived."""
        return rules.line_gone == "archive" and self.reads >= rules.line_gone_after


def missing_finding(line: MissingLine, rules: RuleSettings) -> Finding:
    """The remark about a missing line."""
    fate = "is archived" if line.departs(rules) else "stays as it is"
    return Finding(
        rule="missing",
        message=f"not in the source for {line.reads} complete reads; its item {fate}",
        severity=Severity.WARNING if line.reads >= rules.line_gone_after else Severity.INFO,
        record_uuid=line.record_uuid,
        customer=line.customer,
    )


def archive_missing(
    missing: Iterable[MissingLine], rules: RuleSettings, knowledge: Knowledge
) -> Iterator[Operation]:
    """Archive the items of lines that were missing for long enough, subitems and all."""
    for line in missing:
        known = knowledge.delivered.get(line.record_uuid)
        settled = line.record_uuid not in knowledge.unsettled
        if known and settled and line.departs(rules) and known.board in knowledge.groups:
            archive = Operation(
                kind=Target.ITEM,
                action=Action.ARCHIVE,
                board=known.board,
                customer=line.customer,
                group=known.group,
                record_uuid=line.record_uuid,
                before={"name": known.name, "group": known.group},
            )
            if not knowledge.refuses(archive):
                yield archive

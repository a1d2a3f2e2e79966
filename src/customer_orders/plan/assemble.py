"""Puts the plan together: the lines that were looked at, and all that stands around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from customer_orders.config import RuleSettings
from customer_orders.model import Board, Finding, Held, Rendered, Severity, Unchanged
from customer_orders.plan.groups import ambiguous_groups
from customer_orders.plan.knowledge import Knowledge
from customer_orders.plan.make import ensure_groups, held_line, kept_edits, make, stopped_findings
from customer_orders.plan.missing import MissingLine, archive_missing, missing_finding
from customer_orders.plan.operations import Operation
from customer_orders.plan.plan import Plan, PlannedLine


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What detection found beside the lines that are looked at."""

    #: Rows whose line cannot be told.
    untold: tuple[Held, ...]
    unchanged: tuple[Unchanged, ...]
    #: Delivered lines that the source no longer has.
    missing: tuple[MissingLine, ...]
    #: Every record_uuid that the source no longer has, delivered or not.
    absent: tuple[str, ...]
    #: Blank rows.
    dropped: int
    #: What becomes of what is gone.
    rules: RuleSettings


def assemble(
    rendered: Rendered,
    findings: Iterable[Finding],
    knowledge: Knowledge,
    around: Surroundings,
    boards: Mapping[str, Board],
) -> Plan:
    """The whole plan, before any filter."""
    made = list(make(rendered, knowledge))
    lines = [held_line(held, knowledge) for held in around.untold] + [line for line, _ in made]
    operations = [operation for _, of_line in _in_turn(made) for operation in of_line]
    operations += archive_missing(around.missing, around.rules, knowledge)
    return Plan(
        operations=(*ensure_groups(operations, knowledge), *operations),
        lines=tuple(lines),
        unchanged=around.unchanged,
        findings=(
            *findings,
            *_findings(around),
            *stopped_findings(rendered, knowledge),
            *kept_edits(rendered, knowledge),
            *ambiguous_groups(operations, boards),
        ),
        missing=around.absent,
        to_settle=tuple(line.line for line in lines if line.line in knowledge.unsettled),
        dropped=around.dropped,
    )


def _in_turn(
    made: Sequence[tuple[PlannedLine, list[Operation]]],
) -> list[tuple[PlannedLine, list[Operation]]]:
    """A line of each customer in turn, so that a small one does not wait for a large one."""
    turns: Counter[str] = Counter()
    places = []
    for line, of_line in made:
        turns[line.customer] += bool(of_line)
        places.append(turns[line.customer])
    return [made[i] for i in sorted(range(len(made)), key=places.__getitem__)]


def _findings(around: Surroundings) -> Iterator[Finding]:
    yield from (held.finding for held in around.untold)
    yield from (missing_finding(line, around.rules) for line in around.missing)
    if around.dropped:
        yield Finding(
            rule="blank rows",
            message=f"{around.dropped} rows without key cells and without quantity were dropped",
            severity=Severity.INFO,
        )

"""The mass-change guard: a plan that looks like an accident refuses itself, with the numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from customer_orders.config import GuardSettings
from customer_orders.errors import PlanRefused
from customer_orders.model import Board
from customer_orders.plan.operations import Action, Target
from customer_orders.plan.plan import Plan

OVERRIDE = "look at the source and the plan; --force applies it all the same"


@dataclass(frozen=True, kw_only=True, slots=True)
class LastRead:
    """The last complete read of the same scope."""

    rows: int
    #: Name in the source -> rows.
    by_customer: Mapping[str, int]


def guard_source(
    rows: int, by_customer: Mapping[str, int], last: LastRead | None, guard: GuardSettings
) -> None:
    """Raise PlanRefused when the source shrank or grew beyond belief since the last read."""
    if last is None:
        return
    faults = list(_size_faults("the source", rows, last.rows, guard))
    for customer, before in sorted(last.by_customer.items()):
        faults += _size_faults(f'"{customer}"', by_customer.get(customer, 0), before, guard)
    if faults:
        raise PlanRefused("; ".join(faults), hint=f"[guard] source_rows; {OVERRIDE}")


def _size_faults(what: str, rows: int, before: int, guard: GuardSettings) -> Iterator[str]:
    if before < guard.floor:
        return
    if not before * guard.source_rows <= rows <= before / guard.source_rows:
        yield f"{what} has {rows} rows, the last complete read had {before}"


def guard_plan(*, known: int, missing: int, updated: int, guard: GuardSettings) -> None:
    """Raise PlanRefused when too many delivered lines are missing or would be changed.

    `known` counts delivered lines; lines that were never delivered are in none of the figures.
    """
    if known < guard.floor:
        return
    shares = {"missing from the source": missing, "to be changed": updated}
    faults = [
        f"{number} of {known} delivered lines are {what} ({number / known:.1%}, "
        f"allowed {guard.changed_or_missing:.1%})"
        for what, number in shares.items()
        if number > known * guard.changed_or_missing
    ]
    if faults:
        raise PlanRefused("; ".join(faults), hint=f"[guard] changed_or_missing; {OVERRIDE}")


def guard_capacity(plan: Plan, boards: Mapping[str, Board]) -> None:
    """Raise PlanRefused when a board has no room for the items that would be made."""
    made = Counter(
        o.board for o in plan.operations if o.kind is Target.ITEM and o.action is Action.CREATE
    )
    faults = [
        f'board {board} "{boards[board].name}" has {boards[board].items_count} of '
        f"{boards[board].items_limit} items, {number} more would be made, "
        f"{boards[board].room} would fit"
        for board, number in made.items()
        if boards[board].items_limit and number > boards[board].room
    ]
    if faults:
        raise PlanRefused(
            "; ".join(faults),
            hint="archive items, send some customers to another board, or apply with --limit",
        )

"""The labels that the next run needs and a board does not have: made, or refused."""

from __future__ import annotations

from collections.abc import Iterator

from customer_orders.config import Settings
from customer_orders.model import LabelUse
from customer_orders.plan import Plan
from customer_orders.readiness.wording import some
from customer_orders.report import Check


def label_rows(settings: Settings, plan: Plan) -> Iterator[Check]:
    """One row for each label column that lines need, and one for columns that become full."""
    for use in plan.labels:
        prefix = "labels" if len(settings.boards) == 1 else f"labels of {use.board}"
        may_make = use.column in settings.mapping.labels.create
        yield _row(f"{prefix}: {use.column}", use, may_make=may_make)
    full = [found for found in plan.findings if found.rule == "labels"]
    if full:
        found = "; ".join(x.message for x in full)
        yield Check.warned("room for labels", found, "clear labels that nothing uses any more")
    else:
        yield Check.passed("room for labels", "every label column has room")


def _row(what: str, use: LabelUse, *, may_make: bool) -> Check:
    needed = len(use.used) + len(use.made) + len(use.refused)
    found = f"{use.known} on the board, {needed} in the plan"
    if use.made:
        found += f"; {len(use.made)} will be made: {some(use.made)}"
    if not use.refused:
        return Check.passed(what, found if use.made else f"{found}, none missing")
    hint = "add the labels on the board, or map the values in [mapping.columns]"
    if not may_make:
        hint += "; [mapping.labels] create would let the column make them"
    return Check.warned(what, f"{found}; {len(use.refused)} refused: {some(use.refused)}", hint)

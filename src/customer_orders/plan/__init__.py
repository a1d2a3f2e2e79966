"""Desired against delivered: a plan of operations, with its guards. Pure."""

from customer_orders.plan.assemble import Surroundings, assemble
from customer_orders.plan.differences import Difference, DifferenceKind, differences, foreign
from customer_orders.plan.forecast import (
    MUTATION_COST,
    TARGET_SECONDS,
    Allowance,
    Estimate,
    forecast,
)
from customer_orders.plan.groups import usable_groups
from customer_orders.plan.guards import LastRead, guard_capacity, guard_plan, guard_source
from customer_orders.plan.make import Knowledge, ensure_groups, held_line, make, missing_finding
from customer_orders.plan.operations import Action, Operation, Target
from customer_orders.plan.plan import (
    Filters,
    Outcome,
    Plan,
    Planned,
    PlannedLine,
    Reading,
)

__all__ = [
    "MUTATION_COST",
    "TARGET_SECONDS",
    "Action",
    "Allowance",
    "Difference",
    "DifferenceKind",
    "Estimate",
    "Filters",
    "Knowledge",
    "LastRead",
    "Operation",
    "Outcome",
    "Plan",
    "Planned",
    "PlannedLine",
    "Reading",
    "Surroundings",
    "Target",
    "assemble",
    "differences",
    "ensure_groups",
    "forecast",
    "foreign",
    "guard_capacity",
    "guard_plan",
    "guard_source",
    "held_line",
    "make",
    "missing_finding",
    "usable_groups",
]

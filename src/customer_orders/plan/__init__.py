"""Desired against delivered: a plan of operations, with its guards. Pure."""

from customer_orders.plan.assemble import Surroundings, assemble
from customer_orders.plan.differences import Difference, DifferenceKind, differences, foreign
from customer_orders.plan.forecast import (
    FIRST_LANES,
    FIRST_SIZE,
    MUTATION_COST,
    TARGET_SECONDS,
    Allowance,
    Estimate,
    forecast,
)
from customer_orders.plan.groups import usable_groups
from customer_orders.plan.guards import LastRead, guard_capacity, guard_plan, guard_source
from customer_orders.plan.knowledge import Knowledge, Surplus
from customer_orders.plan.make import ensure_groups, held_line, make
from customer_orders.plan.missing import MissingLine, missing_finding
from customer_orders.plan.operations import Action, Operation, Target, checksum_of, sorted_json
from customer_orders.plan.plan import (
    ALL_RUNS,
    Draft,
    Filters,
    Outcome,
    Plan,
    Planned,
    PlannedLine,
    Reading,
)

__all__ = [
    "ALL_RUNS",
    "FIRST_LANES",
    "FIRST_SIZE",
    "MUTATION_COST",
    "TARGET_SECONDS",
    "Action",
    "Allowance",
    "Difference",
    "DifferenceKind",
    "Draft",
    "Estimate",
    "Filters",
    "Knowledge",
    "LastRead",
    "MissingLine",
    "Operation",
    "Outcome",
    "Plan",
    "Planned",
    "PlannedLine",
    "Reading",
    "Surplus",
    "Surroundings",
    "Target",
    "assemble",
    "checksum_of",
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
    "sorted_json",
    "usable_groups",
]

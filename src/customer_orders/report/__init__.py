"""What a run did, as text, JSON and HTML, all from one structure."""

from customer_orders.report.checks import Check
from customer_orders.report.closing import Closing
from customer_orders.report.export import write_findings
from customer_orders.report.plans import (
    differences_document,
    kept_plan,
    plan_document,
    read_plan,
    write_plan,
)
from customer_orders.report.progress import ApplyProgress
from customer_orders.report.run import Run
from customer_orders.report.text import (
    print_checks,
    print_differences,
    print_findings,
    print_plan,
    print_run,
    print_runs,
    print_status,
    print_story,
)

__all__ = [
    "ApplyProgress",
    "Check",
    "Closing",
    "Run",
    "differences_document",
    "kept_plan",
    "plan_document",
    "print_checks",
    "print_differences",
    "print_findings",
    "print_plan",
    "print_run",
    "print_runs",
    "print_status",
    "print_story",
    "read_plan",
    "write_findings",
    "write_plan",
]

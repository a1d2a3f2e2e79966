"""The tables of `check`, `findings`, `runs`, `status` and `verify`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from customer_orders.plan import Difference
from customer_orders.report.checks import Check
from customer_orders.report.grid import Grid
from customer_orders.report.grids import day
from customer_orders.report.shown import shortened

Document = Mapping[str, Any]


def checks_grid(checks: Sequence[Check]) -> Grid:
    """The readiness of a set-up, with what mends it."""
    return Grid(
        id="checks",
        title=f"Checks: {len(checks)}",
        columns=("status", "what", "found, and what mends it"),
        rows=[[check.status, check.what, (check.found, check.hint)] for check in checks],
    )


def findings_grid(found: Sequence[Document]) -> Grid:
    """Data-quality remarks, each with where it was found."""
    return Grid(
        id="findings",
        title=f"Findings: {len(found)}",
        columns=("id", "severity", "finding", "first seen", "last seen"),
        rows=[
            [
                each["id"],
                each["severity"],
                (f"{each['rule']}: {each['message']}", _place(each)),
                day(each["first_seen"]),
                (day(each["last_seen"]), "" if each["state"] == "open" else each["state"]),
            ]
            for each in found
        ],
    )


def _place(found: Document) -> str:
    """Customer, row, column and value, as far as they are known."""
    row = f"row {found['source_row']}" if found["source_row"] else None
    named = [found["customer"], row, found["source_column"]]
    place = ", ".join(shortened(part) for part in named if part)
    return f"{place}: {shortened(found['value'])}" if found["value"] else place


def runs_grid(found: Sequence[Document]) -> Grid:
    """The latest runs; one that was broken off has no report."""
    words = ("created", "updated", "moved", "failed")
    totals = ("mutations", "seconds")
    rows = []
    for run in found:
        report = run["report"] or {}
        counts = report.get("items", {})
        rows.append(
            [
                run["id"],
                run["status"],
                *(counts.get(word) for word in words),
                *(report.get(word) for word in totals),
            ]
        )
    return Grid(
        id="runs",
        title=f"Runs: {len(found)}, the latest first",
        columns=("run", "status", *words, *totals),
        numbers=frozenset((*words, *totals)),
        rows=rows,
        whole=True,
    )


def status_grid(found: Document) -> Grid:
    """What the ledger holds."""
    names = ("lines", "delivered_lines", "missing_lines", "items", "subitems")
    states = sorted(found["operations"].items())
    return Grid(
        id="status",
        title=f"Ledger {found['ledger']}",
        columns=("what", "number"),
        numbers=frozenset(("number",)),
        rows=[
            *([name.replace("_", " "), found[name]] for name in names),
            *([f"operations {state}", number] for state, number in states),
            ["open findings", found["open_findings"]],
        ],
        whole=True,
    )


def differences_grid(found: Sequence[Difference], compared: int) -> Grid:
    """What `verify` found."""
    return Grid(
        id="differences",
        title=f"Differences: {len(found)} in {compared:,} lines",
        columns=("kind", "line", "what", "expected", "shown", "item"),
        rows=[[d.kind, d.record_uuid, d.what, d.expected, d.shown, d.monday_id] for d in found],
    )

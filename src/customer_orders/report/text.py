"""Tables for a terminal. Everything that came from data is escaped: it is text, never markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from customer_orders.plan import Difference
from customer_orders.report.checks import WARNING, Check
from customer_orders.report.grid import Grid
from customer_orders.report.grids import advice, headline, reason, run_grids
from customer_orders.report.listings import (
    checks_grid,
    differences_grid,
    findings_grid,
    runs_grid,
    status_grid,
)
from customer_orders.report.plan_grids import plan_grids, sample
from customer_orders.report.shown import cell, seen, visible

STYLES = {
    "SUCCESS": "green",
    "NO_CHANGES": "green",
    "ATTENTION": "yellow",
    "FAILED": "red",
    "passed": "green",
    "warning": "yellow",
    "failed": "red",
    "error": "red",
}
#: Tables that a terminal leaves to the page and to `findings`.
LEFT_OUT = ("findings", "made")
#: Columns that hold ids: a printed id works in the next command, so it is never cut.
IDS = ("id", "run", "line", "item")


def _table(grid: Grid) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for name in grid.columns:
        justify: Any = "right" if name in grid.numbers else "left"
        table.add_column(name, justify=justify, no_wrap=name in IDS, overflow="fold")
    for row in grid.rows:
        table.add_row(*(_styled(cell(value)) for value in row))
    return table


def _styled(text: str) -> str:
    style = STYLES.get(text)
    return f"[{style}]{text}[/]" if style else escape(text)


def _print_grid(console: Console, grid: Grid) -> None:
    console.print(Text(visible(grid.title), style="bold"))
    console.print(_table(grid))
    if grid.more:
        console.print(f"and {grid.more:,} more; --json gives them")


def _say(console: Console, sentence: str) -> None:
    """One line of text, whatever is in it."""
    console.print(Text(sentence))


def print_plan(console: Console, plan: Mapping[str, Any], show: int = 0) -> None:
    """What an apply would do, from the plan's document; `show` adds a sample of payloads."""
    estimate = plan["estimate"]
    for grid in plan_grids(plan):
        _print_grid(console, grid.first())
    if not plan["operations"]:
        _say(console, "No changes.")
    binds = f", bound by {estimate['binds']}" if estimate["binds"] else ""
    _say(
        console,
        f"calls {estimate['calls']:,}, complexity {estimate['complexity']:,}, "
        f"minutes {estimate['minutes']:.1f}{binds}",
    )
    _say(
        console,
        f"findings {len(plan['findings'])}, missing lines {len(plan['missing'])}, "
        f"lines to settle {len(plan['to_settle'])}, blank rows dropped {plan['dropped']}",
    )
    if estimate["calls"] and not estimate["others_known"]:
        _say(
            console,
            "No run has written on this account yet: beside other programs it takes longer.",
        )
    if not estimate["fits_today"]:
        console.print(
            f"[yellow]Today {estimate['calls_left']} of {estimate['calls_a_day']} calls are left: "
            "applying stops when they are used, and goes on with the next run; "
            f"it takes {estimate['days']} days (UTC).[/]"
        )
    for operation in sample(plan["operations"], show):
        parts = ("target", "action", "before", "payload")
        console.print_json(data=seen({name: operation[name] for name in parts}))
    filters = ", ".join(f"{name} {value}" for name, value in plan["filters"].items())
    _say(console, f"filters {cell(filters) or 'none'}")
    _say(console, f"checksum {cell(plan['checksum'])}")


def print_run(console: Console, run: Mapping[str, Any]) -> None:
    """What a run did, from its document."""
    console.print(Text(f"Run {run['id']}: {visible(run['name'])}", style="bold"))
    for grid in run_grids(run):
        if grid.id not in LEFT_OUT:
            _print_grid(console, grid.first())
    said = f"{headline(run)} {reason(run)}".strip()
    console.print(f"{_styled(run['status'])}  {escape(said)}", highlight=False)
    _say(
        console,
        f"groups made {run['groups']['created']}, labels made {len(run['made']['labels'])}, "
        f"mutations {run['mutations']:,}, calls {run['api_calls']:,}, "
        f"seconds {run['seconds']:.1f}, open findings {run['findings']['open']:,}",
    )
    for todo in advice(run):
        _say(console, f"next: {todo}")
    _say(console, f"report {cell(run['report'])}")


def print_checks(console: Console, checks: Sequence[Check]) -> None:
    """The readiness table, and whether a run can go."""
    _print_grid(console, checks_grid(checks))
    failed = sum(not check.holds for check in checks)
    warned = sum(check.status == WARNING for check in checks)
    ready = f"not ready: {failed} of {len(checks)} failed" if failed else "ready to run"
    _say(console, f"{ready}, {warned} to look at" if warned else ready)


def print_differences(console: Console, found: Sequence[Difference], compared: int) -> None:
    """What `verify` found."""
    if found:
        _print_grid(console, differences_grid(found, compared).first())
    else:
        console.print(f"[green]The board is as it should be[/]: {compared} lines compared.")


def print_findings(console: Console, found: Sequence[Mapping[str, Any]]) -> None:
    """All of them: `findings` chooses."""
    _print_grid(console, findings_grid(found))


def print_runs(console: Console, found: Sequence[Mapping[str, Any]]) -> None:
    """The latest runs."""
    _print_grid(console, runs_grid(found))


def print_status(console: Console, found: Mapping[str, Any]) -> None:
    """The state of the ledger, who holds a lock, and the last run."""
    _print_grid(console, status_grid(found))
    for lock in found["locks"]:
        holder = cell(f"{lock['holder']} (run {lock['run_id']})")
        _say(console, f"board {lock['board']} is being written by {holder}")
    if last := found["last_run"]:
        console.print(f"last run {escape(last['id'])} {_styled(last['status'])}")


def print_story(console: Console, found: Mapping[str, Any]) -> None:
    """Everything behind an id: a run by its report, the rest as JSON, which has every shape."""
    report = found.get("run", {}).get("report")
    if report:
        print_run(console, report)
        if error := report["error"]:
            _say(console, f"error: {visible(error['message'])}")
        _say(console, "--json gives its lines, operations and events")
    else:
        console.print_json(data=seen(dict(found)), default=str)

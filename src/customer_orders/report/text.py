"""Tables for a terminal. Everything that came from data is escaped: it is text, never markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from customer_orders.plan import Difference, Estimate, Outcome, Plan, Planned
from customer_orders.report.checks import Check
from customer_orders.report.run import COUNTED, Run

STYLES = {
    "SUCCESS": "green",
    "NO_CHANGES": "green",
    "ATTENTION": "yellow",
    "FAILED": "red",
    "passed": "green",
    "warning": "yellow",
    "failed": "red",
}
#: Columns that hold ids.
IDS = ("id", "run", "line", "item")
#: Rows that a table shows before it says how many more there are.
ROWS = 20


def _table(*columns: str, numbers: Iterable[str] = ()) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        # A printed id works in the next command, so it is never cut.
        table.add_column(
            column, justify="right" if column in numbers else "left", no_wrap=column in IDS
        )
    return table


def _show(console: Console, title: str, table: Table) -> None:
    console.print(Text(title, style="bold"))
    console.print(table)


def _add(table: Table, *cells: Any) -> None:
    table.add_row(*("" if cell is None else escape(str(cell)) for cell in cells))


def _styled(word: str) -> str:
    return f"[{STYLES.get(word, 'default')}]{escape(word)}[/]"


def print_plan(console: Console, planned: Planned, show: int = 0) -> None:
    """What an apply would do, by customer and by kind; `show` adds a sample of payloads."""
    plan = planned.plan
    counts = plan.counts()
    _print_customers(console, plan)
    table = _table("what", "number", numbers={"number"})
    for (kind, action), number in sorted(counts.items()):
        _add(table, f"{action.partition('_')[0]} {kind}", number)
    if counts:
        _show(console, "Operations", table)
    else:
        console.print("No changes.")
    _print_estimate(console, planned.estimate)
    console.print(
        f"findings {len(plan.findings)}, missing lines {len(plan.missing)}, "
        f"lines to settle {len(plan.to_settle)}, blank rows dropped {plan.dropped}"
    )
    for operation in plan.operations[:show]:
        console.print_json(
            data={
                "target": operation.target,
                "action": operation.action,
                "before": dict(operation.before),
                "payload": dict(operation.payload),
            }
        )
    console.print(f"checksum {plan.checksum}")


def _print_estimate(console: Console, estimate: Estimate) -> None:
    binds = f", bound by {estimate.binds}" if estimate.binds else ""
    console.print(
        f"calls {estimate.calls}, complexity {estimate.complexity:,}, "
        f"minutes {estimate.minutes:.1f}{binds}"
    )
    if not estimate.fits_today:
        console.print(
            f"[yellow]Today {estimate.calls_left} of {estimate.calls_a_day} calls are left: "
            f"applying stops when they are used, and goes on with the next run; "
            f"it takes {estimate.days} days (UTC).[/]"
        )


def _print_customers(console: Console, plan: Plan) -> None:
    rows: dict[str, dict[Outcome, int]] = {}
    for line in plan.lines:
        row = rows.setdefault(line.customer, {})
        row[line.outcome] = row.get(line.outcome, 0) + 1
    for tally in plan.unchanged:
        row = rows.setdefault(tally.customer, {})
        row[Outcome.UNCHANGED] = row.get(Outcome.UNCHANGED, 0) + tally.lines
    words = [word.value for word in COUNTED]
    table = _table("customer", *words, numbers=set(words))
    for customer, row in sorted(rows.items()):
        _add(table, customer, *(row.get(word, 0) for word in COUNTED))
    _show(console, "Lines by customer", table)


def print_run(console: Console, run: Run) -> None:
    """What a run did."""
    document = run.as_json()
    kinds = ("items", "subitems")
    table = _table("", *kinds, numbers=set(kinds))
    for word in ("selected", *(word.value for word in COUNTED)):
        _add(table, word, *(document[kind][word] for kind in kinds))
    _show(console, f"Run {run.id}: {run.name}", table)
    console.print(
        f"{_styled(run.status)}  groups made {run.groups_created}, mutations {run.mutations}, "
        f"calls {run.api_calls}, seconds {run.seconds:.1f}, open findings {run.open_findings}"
    )
    if run.failures:
        failures = _table("customer", "target", "code", "error", "what to do")
        for failure in run.failures:
            _add(failures, *(failure[k] for k in ("customer", "target", "code", "error", "hint")))
        _show(console, "Refused by monday", failures)
    console.print(f"report {escape(run.report)}")


def print_checks(console: Console, checks: Sequence[Check]) -> None:
    """The readiness table."""
    table = _table("", "what", "found", "what to do")
    for check in checks:
        found = (escape(text) for text in (check.what, check.found, check.hint))
        table.add_row(_styled(check.status), *found)
    console.print(table)


def print_differences(console: Console, found: Sequence[Difference], compared: int) -> None:
    """What `verify` found."""
    if not found:
        console.print(f"[green]The board is as it should be[/]: {compared} lines compared.")
        return
    columns = ("kind", "line", "what", "expected", "shown", "item")
    table = _table(*columns)
    for d in found[:ROWS]:
        _add(table, d.kind, d.record_uuid, d.what, d.expected, d.shown, d.monday_id)
    _show(console, f"Differences: {len(found)} in {compared} lines", table)
    _more(console, len(found))


def print_findings(console: Console, found: Sequence[Mapping[str, Any]]) -> None:
    """Data-quality remarks."""
    table = _table("id", "severity", "rule", "customer", "row", "message", "value")
    names = ("id", "severity", "rule", "customer", "source_row", "message", "value")
    for finding in found:
        _add(table, *(finding[name] for name in names))
    _show(console, f"Findings: {len(found)}", table)


def print_runs(console: Console, found: Sequence[Mapping[str, Any]]) -> None:
    """The latest runs."""
    columns = ("run", "status", "created", "updated", "moved", "failed", "mutations", "seconds")
    table = _table(*columns, numbers=set(columns[2:]))
    for run in found:
        report = run["report"] or {}
        items = report.get("items", {})
        counts = (items.get(word, "") for word in ("created", "updated", "moved", "failed"))
        totals = (report.get("mutations", ""), report.get("seconds", ""))
        table.add_row(escape(run["id"]), _styled(run["status"]), *map(str, (*counts, *totals)))
    console.print(table)


def print_status(console: Console, found: Mapping[str, Any]) -> None:
    """The state of the ledger."""
    table = _table("what", "number", numbers={"number"})
    for name in ("lines", "delivered_lines", "missing_lines", "items", "subitems"):
        _add(table, name.replace("_", " "), found[name])
    for state, number in sorted(found["operations"].items()):
        _add(table, f"operations {state}", number)
    _add(table, "open findings", found["open_findings"])
    _show(console, f"Ledger {found['ledger']}", table)
    for lock in found["locks"]:
        _print_lock(console, lock)
    if last := found["last_run"]:
        console.print(f"last run {escape(last['id'])} {_styled(last['status'])}")


def _print_lock(console: Console, lock: Mapping[str, Any]) -> None:
    holder = escape(f"{lock['holder']} (run {lock['run_id']})")
    console.print(f"board {escape(lock['board'])} is being written by {holder}")


def print_story(console: Console, found: Mapping[str, Any]) -> None:
    """Everything behind an id, as JSON: it has too many shapes for a table."""
    console.print_json(data=dict(found), default=str)


def _more(console: Console, number: int) -> None:
    if number > ROWS:
        console.print(f"and {number - ROWS} more; --json gives all of them")

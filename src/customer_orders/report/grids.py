"""The tables of a run, made once: terminal, Markdown and HTML print the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from customer_orders.report.grid import Grid, filled
from customer_orders.report.run import ARRIVED, COUNTED, arrived_share, share_status
from customer_orders.report.shown import shortened, visible

Document = Mapping[str, Any]
WORDS = ("selected", *(word.value for word in COUNTED))


def arrived(counts: Mapping[str, int]) -> int:
    """Lines of a count that stand on the board as they should."""
    return sum(counts[word] for word in ARRIVED)


def share(counts: Mapping[str, int]) -> str:
    """Share of the lines that arrived, never rounded up to all of them."""
    if not counts["selected"]:
        return "-"
    return f"{1000 * arrived(counts) // counts['selected'] / 10:.1f} %"


def run_grids(run: Document) -> Iterator[Grid]:
    """Every table of a report that has rows, in the order of the report."""
    tables = (
        _counts(run),
        _customers(run),
        _failures(run),
        _changes(run),
        _finding_rules(run),
        _findings(run),
        _cost(run),
        _waited(run),
        _made(run),
    )
    return filled(tables)


def _counts(run: Document) -> Grid:
    kinds = ("items", "subitems")
    return Grid(
        id="counts",
        title="Lines and sizes",
        columns=("outcome", *kinds),
        numbers=frozenset(kinds),
        rows=[[word, *(run[kind][word] for kind in kinds)] for word in WORDS if run["counted"]],
        whole=True,
    )


def _customers(run: Document) -> Grid:
    """The worst first, so that a table that is cut shows them."""
    staged = run["staged_only"]
    worst_first = sorted(
        run["customers"].items(), key=lambda each: arrived_share(each[1], staged_only=staged)
    )
    return Grid(
        id="customers",
        title="By customer",
        columns=("customer", "status", "arrived", *WORDS),
        numbers=frozenset(("arrived", *WORDS)),
        rows=[
            [
                name,
                share_status(counts, staged_only=staged).value,
                share(counts),
                *(counts[word] for word in WORDS),
            ]
            for name, counts in worst_first
        ],
    )


def _failures(run: Document) -> Grid:
    return Grid(
        id="failures",
        title="Refused by monday",
        columns=("category", "code", "lines", "operations", "first lines", "error", "what to do"),
        numbers=frozenset(("lines", "operations")),
        rows=[
            [
                kind["category"],
                kind["code"],
                kind["lines"],
                kind["operations"],
                ", ".join(map(_refused, kind["first"])),
                kind["error"],
                kind["hint"],
            ]
            for kind in run["failure_kinds"]
        ],
    )


def _refused(first: Document) -> str:
    """A line by its number, with the cell when only that was refused; or a group."""
    if first["group"]:
        return f"group {first['group']}"
    name = str(first["order"] or first["line"])
    return f"{name} ({first['cell']})" if first["cell"] else name


def _changes(run: Document) -> Grid:
    columns = ("customer", "order", "what", "before", "after", "state")
    return Grid(
        id="changes",
        title="Changes",
        columns=columns,
        rows=[[change[name] for name in columns] for change in run["changes"]["shown"]],
        total=run["changes"]["total"],
    )


def _finding_rules(run: Document) -> Grid:
    columns = ("rule", "severity", "open", "new", "resolved")
    return Grid(
        id="finding-rules",
        title="Findings by rule",
        columns=columns,
        numbers=frozenset(columns[2:]),
        rows=[[row[name] for name in columns] for row in run["findings"]["rules"]],
    )


def _findings(run: Document) -> Grid:
    columns = ("id", "new", "severity", "customer", "row", "column", "value", "message", "since")
    return Grid(
        id="findings",
        title="Open findings",
        columns=columns,
        numbers=frozenset(("row",)),
        rows=[
            [
                each["id"],
                "new" if each["new"] else "",
                *(each[name] for name in ("severity", "customer", "source_row", "source_column")),
                shortened(each["value"]),
                each["message"],
                day(each["first_seen"]),
            ]
            for each in run["findings"]["shown"]
        ],
        total=run["findings"]["open"],
    )


def day(moment: str | None) -> str | None:
    """The day of a moment, for a table."""
    return moment and moment[:10]


def _made(run: Document) -> Grid:
    groups = [["group", made["group"], made["customer"]] for made in run["made"]["groups"]]
    labels = [["label", made["label"], made["column"]] for made in run["made"]["labels"]]
    return Grid(
        id="made",
        title="Groups and labels made",
        columns=("what", "title", "for"),
        rows=groups + labels,
    )


def _cost(run: Document) -> Grid:
    known = {"estimated": run["estimate"], "actual": run["actual"]}
    told = {name: figures for name, figures in known.items() if figures}
    return Grid(
        id="cost",
        title="Estimate and actual",
        columns=("what", *told),
        numbers=frozenset(told),
        rows=[[word, *(figures[word] for figures in told.values())] for word in run["actual"]],
        whole=True,
    )


def _waited(run: Document) -> Grid:
    return Grid(
        id="waited",
        title="Waiting",
        columns=("cause", "seconds"),
        numbers=frozenset(("seconds",)),
        rows=[[cause, seconds] for cause, seconds in run["waited"].items()],
    )


def headline(run: Document) -> str:
    """The run in one sentence."""
    counts = run["items"]
    if not run["counted"]:
        return "The ledger could not be read at the end: this report has no counts."
    if not counts["selected"]:
        ended = "The run ended before a line was counted."
        return ended if run["error"] else "No line was selected."
    of_all = f"of {counts['selected']:,} lines are"
    if run["staged_only"]:
        return f"{counts['pending']:,} {of_all} staged; nothing was sent."
    stopped = "Stopped before the end: " if run["stopped"] else ""
    return (
        f"{stopped}{arrived(counts):,} {of_all} on the board as they should be ({share(counts)})."
    )


def ending(run: Document) -> str:
    """What an error means for the run."""
    return "The run was stopped" if run["stopped"] else "The run failed"


def reason(run: Document) -> str:
    """Why the status is less than a success, where no error says it."""
    if run["error"] or run["status"] not in ("ATTENTION", "FAILED") or not run["customers"]:
        return ""
    staged = run["staged_only"]
    name, counts = min(
        run["customers"].items(), key=lambda each: arrived_share(each[1], staged_only=staged)
    )
    return f"The worst customer decides the status: {visible(shortened(name))}, {share(counts)}."


def advice(run: Document) -> list[str]:
    """What to do next, the most urgent first; nothing when nothing is to be done."""
    counts, todo = run["items"], list[str]()
    if run["error"]:
        todo.append(visible(run["error"]["hint"] or "look at the log"))
    if counts["failed"]:
        todo.append(
            f"lines refused: {counts['failed']:,}; mend the row, the mapping or the label that the "
            "error names, and the next run sends them again"
        )
    if counts["pending"] and not (run["staged_only"] or run["stopped"]):
        todo.append(f"lines pending: {counts['pending']:,}; run again, and they go on")
    if run["staged_only"]:
        todo.append("the next `customer-orders apply` sends what is still right")
    if counts["skipped"]:
        todo.append(
            f"lines held: {counts['skipped']:,}; `customer-orders findings --severity error` "
            "gives the reason of each"
        )
    if run["findings"]["new"]:
        todo.append(
            f"new findings: {run['findings']['new']:,}; "
            f"`customer-orders findings --new-in {run['id']}` lists them"
        )
    return todo


def facts(run: Document) -> list[tuple[str, str]]:
    """What else there is to know of a run, by name."""
    filters = ", ".join(f"{name} {value}" for name, value in run["filters"].items())
    return [
        ("run", run["id"]),
        ("command", run["name"]),
        ("started", run["started"] or "not known"),
        ("seconds", f"{run['seconds']:,}"),
        ("filters", visible(filters) or "none"),
        ("groups made", f"{run['groups']['created']:,}"),
        ("mutations", f"{run['mutations']:,}"),
        ("calls, reads among them", f"{run['api_calls']:,}"),
        ("operations delivered a second", f"{run['rate']['per_second']:,}"),
        ("blank rows dropped", f"{run['dropped']:,}"),
        ("open findings", f"{run['findings']['open']:,}"),
        ("plan checksum", run["checksum"] or "none: the plan was not made"),
    ]

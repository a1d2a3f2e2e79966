"""The labels that the next run needs and a board does not have: made, or refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from customer_orders.config import BoardSettings, Settings
from customer_orders.mapping import subitem_targets
from customer_orders.model import Board, BoardColumn, Finding
from customer_orders.plan import Plan, Target
from customer_orders.report import Check

#: Rules of findings about a cell whose label cannot be used.
REFUSED = ("label", "value")
#: Titles that a row names before it says how many more there are.
NAMED = 5
LABELLED = ("dropdown", "status")


def label_rows(settings: Settings, plan: Plan, boards: Mapping[str, Board]) -> Iterator[Check]:
    """One row for each label column that is written, and one for columns that become full."""
    for configured in settings.boards:
        live = boards[configured.id]
        wanted = _wanted(plan, live)
        refused = _refused(settings, plan, configured)
        prefix = "labels" if len(boards) == 1 else f"labels of {live.id}"
        for title, column in _columns(settings, live).items():
            what = f"{prefix}: {title}"
            may_make = title in settings.mapping.labels.create
            yield _row(what, column, wanted[title], refused[title], may_make=may_make)
    full = [found for found in plan.findings if found.rule == "labels"]
    if full:
        found = "; ".join(x.message for x in full)
        yield Check.warned("room for labels", found, "clear labels that nothing uses any more")
    else:
        yield Check.passed("room for labels", "every label column has room")


def _columns(settings: Settings, live: Board) -> dict[str, BoardColumn]:
    """The label columns that are written, by title."""
    found = {t: live.columns[t] for t in settings.columns if live.columns[t].type in LABELLED}
    sizes = {
        t: live.subitem_columns[t] for t, k in subitem_targets(settings).items() if k in LABELLED
    }
    return found | sizes


def _wanted(plan: Plan, live: Board) -> defaultdict[str, set[str]]:
    """Title -> labels that the plan would send."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for operation in plan.operations:
        if operation.board == live.id and operation.kind is not Target.GROUP:
            for title, label in operation.payload.get("values", {}).items():
                if label:
                    wanted[title].add(label)
    return wanted


def _refused(
    settings: Settings, plan: Plan, configured: BoardSettings
) -> defaultdict[str, list[str]]:
    """Title -> one value for each cell that is not sent, because its label cannot be used."""
    titles = {rule.source: title for title, rule in settings.columns.items()}
    refused: defaultdict[str, list[str]] = defaultdict(list)
    for found in plan.findings:
        if found.rule not in REFUSED or not _of_board(found, configured):
            continue
        if title := titles.get(found.column or ""):
            refused[title].append(found.value or "")
        else:
            # A size is a column of the source, and its name is the label.
            refused[settings.mapping.subitem_size].append(found.column or "")
    return refused


def _of_board(found: Finding, configured: BoardSettings) -> bool:
    return configured.customers is None or found.customer in configured.customers


def _row(
    what: str, column: BoardColumn, wanted: set[str], refused: list[str], *, may_make: bool
) -> Check:
    new = wanted - column.labels
    found = f"{len(column.labels)} on the board, {len(wanted | set(refused))} in the plan"
    if new:
        found += f"; {len(new)} will be made: {some(new)}"
    if not refused:
        return Check.passed(what, found if new else f"{found}, none missing")
    values = set(refused)
    hint = "add the labels on the board, or map the values in [mapping.columns]"
    if not may_make:
        hint += "; [mapping.labels] create would let the column make them"
    return Check.warned(
        what, f"{found}; {len(values)} refused: {some(values)} (cells: {len(refused)})", hint
    )


def some(titles: Collection[str]) -> str:
    """The first of them by name, and how many more there are."""
    shown = sorted(titles)[:NAMED]
    more = len(titles) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")

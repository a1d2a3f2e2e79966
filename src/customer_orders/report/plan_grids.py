"""The tables of a plan, from its document: a fresh plan and a kept one are shown alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from customer_orders.plan import Action, Target
from customer_orders.report.changed import cells
from customer_orders.report.grid import Grid, filled
from customer_orders.report.run import COUNTED

Document = Mapping[str, Any]
#: What the table by group counts: (kind, action) of its operations.
DONE: Mapping[str, tuple[Target, Action]] = {
    "items made": (Target.ITEM, Action.CREATE),
    "linked": (Target.ITEM, Action.LINK),
    "changed": (Target.ITEM, Action.UPDATE),
    "moved": (Target.ITEM, Action.MOVE),
    "sizes made": (Target.SUBITEM, Action.CREATE),
    "sizes changed": (Target.SUBITEM, Action.UPDATE),
    "to zero": (Target.SUBITEM, Action.ZERO),
}


def plan_grids(plan: Document) -> Iterator[Grid]:
    """Every table of a plan that has rows."""
    return filled(
        (
            _customers(plan),
            _groups(plan),
            _changes(plan),
            _operations(plan),
            _labels(plan),
            _findings(plan),
        )
    )


def _customers(plan: Document) -> Grid:
    words = [word.value for word in COUNTED]
    return Grid(
        id="customers",
        title="Lines by customer",
        columns=("customer", *words),
        numbers=frozenset(words),
        rows=[
            [customer, *(counts.get(word, 0) for word in words)]
            for customer, counts in plan["customers"].items()
        ],
    )


def _groups(plan: Document) -> Grid:
    counted: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    for o in plan["operations"]:
        counts = counted.setdefault((o["customer"], o["group"]), Counter())
        counts[o["kind"], o["action"]] += 1
    new = {o["group"] for o in plan["operations"] if o["action"] == Action.ENSURE_GROUP}
    return Grid(
        id="groups",
        title="By customer and group",
        columns=("customer", "group", "new", *DONE),
        numbers=frozenset(DONE),
        rows=[
            [customer, group, "new" if group in new else "", *(counts[x] for x in DONE.values())]
            for (customer, group), counts in sorted(counted.items())
        ],
    )


def _changes(plan: Document) -> Grid:
    made = {o["line"] for o in plan["operations"] if _makes_item(o)}
    rows = [
        [o["customer"], plan["orders"].get(o["line"]), what, before, after]
        for o in plan["operations"]
        if o["line"] not in made and o["action"] not in (Action.ENSURE_GROUP, Action.LINK)
        for what, before, after in cells(o["kind"], o["size"], o["payload"], o["before"])
    ]
    return Grid(
        id="changes",
        title="Changes",
        columns=("customer", "order", "what", "before", "after"),
        rows=rows,
    )


def _makes_item(operation: Document) -> bool:
    return bool(operation["kind"] == Target.ITEM and operation["action"] == Action.CREATE)


def _operations(plan: Document) -> Grid:
    counts = Counter((o["action"], o["kind"]) for o in plan["operations"])
    return Grid(
        id="operations",
        title="Operations",
        columns=("what", "number"),
        numbers=frozenset(("number",)),
        rows=[
            [f"{action.partition('_')[0]} {kind}", number]
            for (action, kind), number in sorted(counts.items())
        ],
    )


def _labels(plan: Document) -> Grid:
    """The label columns where something is made or refused."""
    return Grid(
        id="labels",
        title="Labels",
        columns=("board", "column", "known", "to be made", "refused"),
        numbers=frozenset(("known",)),
        rows=[
            [
                use["board"],
                use["column"],
                use["known"],
                *map(", ".join, (use["made"], use["refused"])),
            ]
            for use in plan["labels"]
            if use["made"] or use["refused"]
        ],
    )


def _findings(plan: Document) -> Grid:
    first: dict[tuple[str, str], str] = {}
    counts = Counter((f["severity"], f["rule"]) for f in plan["findings"])
    for f in plan["findings"]:
        first.setdefault((f["severity"], f["rule"]), f["message"])
    return Grid(
        id="findings",
        title="Findings",
        columns=("severity", "rule", "number", "the first"),
        numbers=frozenset(("number",)),
        rows=[[*kind, number, first[kind]] for kind, number in sorted(counts.items())],
    )


def sample(operations: Sequence[Document], most: int) -> list[Document]:
    """So many operations, of every kind in turn, so that few show what there is."""
    kinds: dict[tuple[str, str], list[Document]] = {}
    for operation in operations:
        kinds.setdefault((operation["kind"], operation["action"]), []).append(operation)
    in_turn = (
        (place, number, operation)
        for number, of_kind in enumerate(kinds.values())
        for place, operation in enumerate(of_kind[:most])
    )
    chosen = sorted(in_turn, key=lambda each: each[:2])[:most]
    return [operation for _, _, operation in chosen]

"""What a report says beyond the counts: changes, refusals, findings, what was made, the pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from customer_orders.ledger import Ledger, reading, retelling
from customer_orders.model import LABELLED, Board
from customer_orders.plan import Estimate, Target
from customer_orders.report.changed import cells, order_of

Document = Mapping[str, Any]

#: Changed cells and findings that a report holds; the ledger has all of them.
MOST_CHANGES = 200
MOST_FINDINGS = 50
#: Bars of the picture of the pace.
STRETCHES = 40
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, kw_only=True)
class Details:
    """Read once, when the run ends."""

    #: Changed cells of lines that stood on the board before.
    changed: int = 0
    changes: Sequence[Document] = ()
    #: Failed operations by category and code, with the first lines.
    failure_kinds: Sequence[Document] = ()
    #: By rule: open, new in this run, resolved by it.
    finding_counts: Sequence[Document] = ()
    #: The open findings, new ones and errors first.
    findings: Sequence[Document] = ()
    groups: Sequence[Document] = ()
    labels: Sequence[Document] = ()
    #: What the plan expected; None when no plan was made.
    estimate: Estimate | None = None
    #: Seconds since the first request was settled -> operations delivered until the next.
    pace: Sequence[Document] = ()

    def as_json(self, seconds: float) -> dict[str, Any]:
        """The part of the RUN document that these details make."""
        delivered = _sum(self.pace, "delivered")
        return {
            "changes": {"total": self.changed, "shown": list(self.changes)},
            "failure_kinds": list(self.failure_kinds),
            "findings": {
                "open": _sum(self.finding_counts, "open"),
                "new": _sum(self.finding_counts, "new"),
                "resolved": _sum(self.finding_counts, "resolved"),
                "rules": list(self.finding_counts),
                "shown": list(self.findings),
            },
            "made": {"groups": list(self.groups), "labels": list(self.labels)},
            "estimate": self.estimate.as_json() if self.estimate else None,
            "rate": {
                "delivered": delivered,
                "per_second": round(delivered / seconds, 2) if seconds > 0 else 0.0,
                "pace": list(self.pace),
            },
        }


def details_of(
    ledger: Ledger, run_id: str, boards: Mapping[str, Board], estimate: Estimate | None
) -> Details:
    """Everything that the ledger tells of a run; `boards` are as they were before it."""
    changed, shown = _changes(ledger, run_id)
    return Details(
        changed=changed,
        changes=shown,
        failure_kinds=[_kind(kind) for kind in retelling.failure_kinds(ledger, run_id)],
        finding_counts=retelling.finding_counts(ledger, run_id),
        findings=_findings(ledger, run_id),
        groups=retelling.groups_made(ledger, run_id),
        labels=_labels(ledger, run_id, boards),
        estimate=estimate,
        pace=stretches(retelling.pace(ledger, run_id)),
    )


def _sum(rows: Sequence[Document], word: str) -> int:
    return sum(int(row[word]) for row in rows)


def _changes(ledger: Ledger, run_id: str) -> tuple[int, list[Document]]:
    total, shown = 0, list[Document]()
    for done in retelling.changes(ledger, run_id):
        for what, before, after in cells(
            done["kind"], done["size"], done["payload"], done["before"]
        ):
            total += 1
            if len(shown) < MOST_CHANGES:
                shown.append(
                    {
                        "customer": done["customer"],
                        "line": done["line"],
                        "order": order_of(done["line_key"]),
                        "name": done["name"],
                        "what": what,
                        "before": before,
                        "after": after,
                        "state": done["state"],
                    }
                )
    return total, shown


def _kind(kind: Document) -> Document:
    parts = ("line", "group", "cell")
    first = [
        {"order": order_of(x["line_key"]), **{part: x[part] for part in parts}}
        for x in kind["first"]
    ]
    return {**kind, "first": first}


def _findings(ledger: Ledger, run_id: str) -> list[Document]:
    found = reading.findings(ledger)
    found.sort(key=lambda f: (f["first_run"] != run_id, SEVERITIES.index(f["severity"])))
    return [{**each, "new": each["first_run"] == run_id} for each in found[:MOST_FINDINGS]]


def _labels(ledger: Ledger, run_id: str, boards: Mapping[str, Board]) -> list[Document]:
    """Labels that were sent and that the board did not have before: monday made them."""
    made: dict[tuple[str, str, str], None] = {}
    for board_id, kind, values in retelling.values_written(ledger, run_id):
        board = boards.get(board_id)
        if board is None:
            continue
        columns = board.subitem_columns if kind == Target.SUBITEM else board.columns
        for title, label in values.items():
            column = columns.get(title)
            labelled = column is not None and column.type in LABELLED
            if column is not None and labelled and label and label not in column.labels:
                made[board_id, title, label] = None
    return [{"board": b, "column": title, "label": label} for b, title, label in sorted(made)]


def stretches(pace: Sequence[tuple[float, int]], most: int = STRETCHES) -> list[Document]:
    """The pace in stretches of equal length: where each begins, and what it delivered."""
    if not pace:
        return []
    start, end = pace[0][0], pace[-1][0]
    number = min(most, len(pace))
    length = (end - start) / number or 1.0
    delivered = [0] * number
    for at, done in pace:
        delivered[min(int((at - start) / length), number - 1)] += done
    return [
        {"from": round(place * length, 2), "seconds": round(length, 3), "delivered": done}
        for place, done in enumerate(delivered)
    ]

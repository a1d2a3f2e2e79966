"""The RUN structure (contract.md): what a run did, counted once for every use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from customer_orders.config import redacted
from customer_orders.errors import CustomerOrdersError
from customer_orders.ledger import Ledger, RunStatus, reading, runs
from customer_orders.plan import Outcome

#: Share of lines that arrived: from here SUCCESS, from there ATTENTION (design.md, invariant 3).
SUCCESS_SHARE = 0.95
ATTENTION_SHARE = 0.80
ARRIVED = (Outcome.CREATED, Outcome.UPDATED, Outcome.MOVED, Outcome.UNCHANGED)
#: Order of the counts in every report.
COUNTED = (*ARRIVED, Outcome.SKIPPED, Outcome.FAILED, Outcome.PENDING)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: the only source of every figure that is printed, stored or sent."""

    id: str
    name: str
    status: RunStatus
    groups_created: int
    #: Outcome -> lines, and outcome -> subitems; `selected` is their sum.
    items: Mapping[str, int]
    subitems: Mapping[str, int]
    #: Customer -> outcome -> lines.
    customers: Mapping[str, Mapping[str, int]]
    mutations: int
    api_calls: int
    seconds: float
    #: Path of the written page.
    report: str
    checksum: str | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    dropped: int = 0
    staged_only: bool = False
    open_findings: int = 0
    #: The first refused operations.
    failures: tuple[Mapping[str, Any], ...] = ()
    #: Seconds waited, by cause.
    waited: Mapping[str, float] = field(default_factory=dict)
    error: CustomerOrdersError | None = None

    @property
    def exit_code(self) -> int:
        """contract.md, Commands: the error's own code, 2 when lines failed, else 0."""
        if self.error is not None:
            return self.error.exit_code
        return 2 if self.items.get(Outcome.FAILED) else 0

    def as_json(self) -> dict[str, Any]:
        """The RUN document."""
        error = self.error
        return {
            "name": self.name,
            "id": self.id,
            "status": self.status,
            "groups": {"created": self.groups_created},
            "items": _counts(self.items),
            "subitems": _counts(self.subitems),
            "customers": {name: _counts(c) for name, c in sorted(self.customers.items())},
            "mutations": self.mutations,
            "api_calls": self.api_calls,
            "seconds": round(self.seconds, 3),
            "report": self.report,
            "checksum": self.checksum,
            "filters": dict(self.filters),
            "dropped": self.dropped,
            "staged_only": self.staged_only,
            "open_findings": self.open_findings,
            "failures": [dict(failure) for failure in self.failures],
            "waited": {cause: round(s, 1) for cause, s in sorted(self.waited.items())},
            "error": error and {"message": redacted(error.message), "hint": redacted(error.hint)},
        }


def _counts(counted: Mapping[str, int]) -> dict[str, int]:
    shown = {word.value: counted.get(word, 0) for word in COUNTED}
    return {"selected": sum(shown.values())} | shown


def of_run(
    ledger: Ledger,
    run_id: str,
    *,
    name: str,
    mutations: int,
    api_calls: int,
    waited: Mapping[str, float],
    report: str,
    staged_only: bool,
    error: CustomerOrdersError | None,
) -> Run:
    """Count a run from the ledger, after `settle_outcomes`."""
    facts = runs.facts(ledger, run_id)
    lines = runs.line_counts(ledger, run_id)
    customers = _by_customer(lines)
    return Run(
        id=run_id,
        name=name,
        status=_status(customers, mutations, staged_only=staged_only, failed=error is not None),
        groups_created=runs.groups_created(ledger, run_id),
        items=_total(lines),
        subitems=_total(runs.subitem_counts(ledger, run_id)),
        customers=customers,
        mutations=mutations,
        api_calls=api_calls,
        seconds=ledger.clock() - facts.started,
        report=report,
        checksum=facts.checksum,
        filters=facts.filters,
        dropped=facts.dropped,
        staged_only=staged_only,
        open_findings=len(reading.findings(ledger)),
        failures=tuple(reading.failures(ledger, run_id)),
        waited=waited,
        error=error,
    )


def _by_customer(counted: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    customers: dict[str, dict[str, int]] = {}
    for (customer, outcome), number in counted.items():
        customers.setdefault(customer, {})[outcome] = number
    return customers


def _total(counted: Counter[tuple[str, str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for (_, outcome), number in counted.items():
        total[outcome] += number
    return total


def _status(
    customers: Mapping[str, Mapping[str, int]], mutations: int, *, staged_only: bool, failed: bool
) -> RunStatus:
    """The worst customer decides; an error always fails the run."""
    if failed:
        return RunStatus.FAILED
    arrived = (*ARRIVED, Outcome.PENDING) if staged_only else ARRIVED
    worst = 1.0
    for counted in customers.values():
        selected = sum(counted.values())
        share = sum(counted.get(word, 0) for word in arrived) / selected if selected else 1.0
        worst = min(worst, share)
    if worst < ATTENTION_SHARE:
        return RunStatus.FAILED
    if worst < SUCCESS_SHARE:
        return RunStatus.ATTENTION
    quiet = all(c.get(Outcome.PENDING, 0) == 0 for c in customers.values())
    return RunStatus.NO_CHANGES if mutations == 0 and quiet else RunStatus.SUCCESS

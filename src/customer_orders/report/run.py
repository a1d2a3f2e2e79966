"""What a run did, counted once for every use: the RUN document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from customer_orders.config import redacted
from customer_orders.errors import CustomerOrdersError, Stopped
from customer_orders.ledger import Ledger, RunStatus, reading, runs
from customer_orders.model import Board
from customer_orders.monday import Client
from customer_orders.plan import Estimate, Outcome
from customer_orders.report.details import Details, details_of

#: Share of lines that arrived: from here SUCCESS, from there ATTENTION (docs/commands.md, Status
#: of a run).
SUCCESS_SHARE = 0.95
ATTENTION_SHARE = 0.80
ARRIVED = (Outcome.CREATED, Outcome.UPDATED, Outcome.MOVED, Outcome.UNCHANGED)
#: Order of the counts in every report.
COUNTED = (*ARRIVED, Outcome.SKIPPED, Outcome.FAILED, Outcome.PENDING)


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What went to monday."""

    mutations: int = 0
    #: Reads among them.
    calls: int = 0
    #: Calls that carried mutations, and what they cost: as planned where monday did not say.
    requests: int = 0
    complexity: int = 0
    #: Seconds waited, by cause.
    waited: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, client: Client) -> Traffic:
        """What this client has sent so far."""
        used = client.usage
        return cls(
            mutations=used.mutations,
            calls=used.calls,
            requests=used.requests,
            complexity=round(used.complexity),
            waited=dict(client.governor.waited),
        )


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: the only source of every figure that is printed, stored or sent."""

    id: str
    name: str
    #: Path of the written page.
    report: str
    error: CustomerOrdersError | None = None
    staged_only: bool = False
    traffic: Traffic = field(default_factory=Traffic)
    #: False while the ledger was not asked: then every count is 0 and means nothing.
    counted: bool = False
    status: RunStatus = RunStatus.FAILED
    groups_created: int = 0
    #: Outcome -> lines, and outcome -> subitems; `selected` is their sum.
    items: Mapping[str, int] = field(default_factory=dict)
    subitems: Mapping[str, int] = field(default_factory=dict)
    #: Customer -> outcome -> lines.
    customers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: Seconds since 1970.
    started: float | None = None
    seconds: float = 0.0
    checksum: str | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    dropped: int = 0
    #: The first refused operations.
    failures: tuple[Mapping[str, Any], ...] = ()
    details: Details = field(default_factory=Details)

    @property
    def exit_code(self) -> int:
        """docs/commands.md, Exit codes: the error's own code, 2 when lines failed, else 0."""
        if self.error is not None:
            return self.error.exit_code
        return 2 if self.items.get(Outcome.FAILED) else 0

    def as_json(self) -> dict[str, Any]:
        """The RUN document: what is printed, stored and written, in every form."""
        error, traffic = self.error, self.traffic
        document = {
            "name": self.name,
            "id": self.id,
            "status": self.status.value,
            "stopped": isinstance(error, Stopped),
            "started": reading.utc(self.started),
            "groups": {"created": self.groups_created},
            "items": _counts(self.items),
            "subitems": _counts(self.subitems),
            "customers": {name: _counts(c) for name, c in sorted(self.customers.items())},
            "mutations": traffic.mutations,
            "api_calls": traffic.calls,
            "seconds": round(self.seconds, 3),
            "report": self.report,
            "checksum": self.checksum,
            "filters": dict(self.filters),
            "dropped": self.dropped,
            "staged_only": self.staged_only,
            "counted": self.counted,
            "failures": [dict(failure) for failure in self.failures],
            "waited": {cause: round(s, 1) for cause, s in sorted(traffic.waited.items())},
            "actual": {
                "calls": traffic.requests,
                "complexity": traffic.complexity,
                "minutes": round(self.seconds / 60, 2),
            },
            "error": error and {"message": redacted(error.message), "hint": redacted(error.hint)},
        }
        return document | self.details.as_json(self.seconds)


def _counts(counted: Mapping[str, int]) -> dict[str, int]:
    shown = {word.value: counted.get(word, 0) for word in COUNTED}
    return {"selected": sum(shown.values())} | shown


def count_run(
    bare: Run, ledger: Ledger, boards: Mapping[str, Board], estimate: Estimate | None
) -> Run:
    """The run with everything that the ledger tells, after `settle_outcomes`."""
    facts = runs.facts(ledger, bare.id)
    lines = runs.line_counts(ledger, bare.id)
    customers = _by_customer(lines)
    details = details_of(ledger, bare.id, boards, estimate)
    return replace(
        bare,
        counted=True,
        status=_status(customers, bare),
        groups_created=len(details.groups),
        items=_total(lines),
        subitems=_total(runs.subitem_counts(ledger, bare.id)),
        customers=customers,
        started=facts.started,
        seconds=ledger.clock() - facts.started,
        checksum=facts.checksum,
        filters=facts.filters,
        dropped=facts.dropped,
        failures=tuple(reading.failures(ledger, bare.id)),
        details=details,
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


def _status(customers: Mapping[str, Mapping[str, int]], bare: Run) -> RunStatus:
    """The worst customer decides; an error always fails the run."""
    if bare.error:
        return RunStatus.FAILED
    shares = (arrived_share(c, staged_only=bare.staged_only) for c in customers.values())
    worst = min(shares, default=1.0)
    if (status := _of_share(worst)) is not RunStatus.SUCCESS:
        return status
    quiet = all(c.get(Outcome.PENDING, 0) == 0 for c in customers.values())
    return RunStatus.NO_CHANGES if bare.traffic.mutations == 0 and quiet else RunStatus.SUCCESS


def share_status(counts: Mapping[str, int], *, staged_only: bool) -> RunStatus:
    """The status that one customer's lines give."""
    return _of_share(arrived_share(counts, staged_only=staged_only))


def arrived_share(counts: Mapping[str, int], *, staged_only: bool) -> float:
    """Share of the lines that arrived, or wait as they were asked to."""
    arrived = (*ARRIVED, Outcome.PENDING) if staged_only else ARRIVED
    selected = sum(counts.get(word, 0) for word in COUNTED)
    return sum(counts.get(word, 0) for word in arrived) / selected if selected else 1.0


def _of_share(share: float) -> RunStatus:
    if share < ATTENTION_SHARE:
        return RunStatus.FAILED
    return RunStatus.ATTENTION if share < SUCCESS_SHARE else RunStatus.SUCCESS

"""The plan as a value: operations, the fate of every line, findings, and what it will cost."""

from __future__ import annotations

import difflib
import enum
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from customer_orders.errors import ChecksumDiffers, ConfigError
from customer_orders.model import Cell, Finding, LabelUse, Unchanged
from customer_orders.plan.forecast import Estimate
from customer_orders.plan.knowledge import Knowledge
from customer_orders.plan.operations import Action, Operation, Target, checksum

#: Filters by what a line is.
FIELDS = ("customer", "po", "season")
#: Stands for the id of a run in `Filters.retry`: whatever failed in any of them.
ALL_RUNS = "all"


class Outcome(enum.StrEnum):
    """How a line counts. A line counts once, by the first of these that applies."""

    FAILED = "failed"
    PENDING = "pending"
    SKIPPED = "skipped"
    CREATED = "created"
    MOVED = "moved"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedLine:
    """One line that was looked at, and what the plan makes of it."""

    #: record_uuid, or the source row of a line that cannot be told.
    line: str
    customer: str
    #: What the line will count as when all its operations are delivered.
    outcome: Outcome
    #: Hash of the row that was planned; None for a line that is held.
    row_hash: str | None = None
    line_key: str | None = None
    ordinal: int = 1
    #: Subitems of the line that need no operation.
    quiet_subitems: int = 0
    #: Subitems whose operation was refused before and would be refused again.
    refused_subitems: int = 0
    po: Cell = None
    season: Cell = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the command line chooses from the plan."""

    customer: str | None = None
    po: str | None = None
    season: str | None = None
    #: Most lines with operations, counted last.
    limit: int | None = None
    #: Only lines that failed, whatever holds them: in the run with this id, or in ALL_RUNS.
    retry: str | None = None
    #: Compare with the boards themselves, and not with what was delivered.
    repair: bool = False

    def takes(self, customer: str, po: Cell, season: Cell) -> bool:
        """Whether a line passes, the limit apart."""
        wanted = ((self.customer, customer), (self.po, po), (self.season, season))
        return all(want is None or want.upper() == (has or "").upper() for want, has in wanted)

    def require(self, selected: int, customers: Collection[str]) -> None:
        """Raise ConfigError when nothing passes: a name typed wrong is not "no changes"."""
        asked = ", ".join(f"{k} {v}" for k, v in self.as_dict().items() if k in FIELDS)
        if selected or not asked:
            return
        near = difflib.get_close_matches(self.customer or "", customers, n=1)
        raise ConfigError(
            f"no line of the source passes the filters: {asked}",
            hint=f'did you mean the customer "{near[0]}"?' if near else "look at the filters",
        )

    def as_dict(self) -> dict[str, str | int]:
        """The filters that are set, for reports."""
        named = {"customer": self.customer, "po": self.po, "season": self.season}
        named_set: dict[str, str | int] = {k: v for k, v in named.items() if v is not None}
        more = {"limit": self.limit, "retry": self.retry, "repair": self.repair or None}
        return named_set | {k: v for k, v in more.items() if v is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything that `apply` would do, and everything that it would not."""

    operations: tuple[Operation, ...]
    lines: tuple[PlannedLine, ...]
    unchanged: tuple[Unchanged, ...]
    findings: tuple[Finding, ...]
    #: record_uuids that the source no longer has.
    missing: tuple[str, ...] = ()
    #: record_uuids with operations whose outcome is not known yet.
    to_settle: tuple[str, ...] = ()
    #: Blank rows of the source.
    dropped: int = 0
    #: What becomes of the labels, column by column.
    labels: tuple[LabelUse, ...] = ()

    @property
    def checksum(self) -> str:
        """SHA-256 over the sorted operations."""
        return checksum(list(self.operations))

    @property
    def busy_lines(self) -> int:
        """Lines that have an operation."""
        return len({o.record_uuid for o in self.operations if o.record_uuid})

    def counts(self) -> Counter[tuple[Target, Action]]:
        """Operations by target and action."""
        return Counter((o.kind, o.action) for o in self.operations)

    def outcomes(self) -> Counter[Outcome]:
        """Lines by the outcome they are planned to have."""
        counted = Counter(line.outcome for line in self.lines)
        counted[Outcome.UNCHANGED] += sum(tally.lines for tally in self.unchanged)
        return counted

    def expect(self, checksum: str | None) -> None:
        """Raise ChecksumDiffers unless this is the plan that was reviewed, if any was."""
        if checksum is not None and checksum != self.checksum:
            raise ChecksumDiffers(
                f"the plan is now {self.checksum}, expected was {checksum}",
                hint="source, board or ledger changed since; look at a new plan",
            )

    def changed_among(self, known: Collection[str]) -> int:
        """How many of these lines have operations planned."""
        changed = (Outcome.UPDATED, Outcome.MOVED)
        return sum(line.outcome in changed and line.line in known for line in self.lines)

    def only(self, filters: Filters, lifted: Collection[str] = ()) -> Plan:
        """The part of the plan that the filters choose; the limit counts lines with operations.

        Of a retry only the lifted lines are chosen.
        """
        if filters in (Filters(), Filters(repair=True)):
            return self
        lines = [x for x in self.lines if filters.takes(x.customer, x.po, x.season)]
        if filters.retry:
            lines = [x for x in lines if x.line in lifted]
        busy = {o.record_uuid for o in self.operations}
        working = [line.line for line in lines if line.line in busy]
        left_out = set(working[filters.limit :]) if filters.limit is not None else set()
        lines = [line for line in lines if line.line not in left_out]
        chosen = {line.line for line in lines}
        return replace(
            self,
            operations=tuple(_with_groups(self.operations, chosen)),
            lines=tuple(lines),
            unchanged=() if filters.retry else self._unchanged(filters),
            to_settle=tuple(line for line in self.to_settle if line in chosen),
        )

    def _unchanged(self, filters: Filters) -> tuple[Unchanged, ...]:
        return tuple(u for u in self.unchanged if filters.takes(u.customer, u.po, u.season))


def _with_groups(operations: Sequence[Operation], chosen: set[str]) -> Iterable[Operation]:
    """The operations of the chosen lines, and the groups that they need."""
    kept = [o for o in operations if o.record_uuid in chosen]
    groups = {(o.board, o.group) for o in kept if o.needs_group}
    yield from (o for o in operations if o.kind is Target.GROUP and (o.board, o.group) in groups)
    yield from kept


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read before planning."""

    #: Digest of source and scope: reads of one scope are compared with each other.
    scope: str
    mapping_version: str
    rows: int
    #: Name in the source -> rows.
    by_customer: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A whole plan before guards and filters, with the figures that the guards judge."""

    plan: Plan
    reading: Reading
    #: Lines that were rendered.
    looked_at: tuple[str, ...]
    #: What the plan was made from.
    knowledge: Knowledge
    #: Lines that were delivered whole at least once; of them, those that the source no longer has
    #: and those that would be changed.
    known: int
    missing: int
    updated: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A plan, and what staging it has to know."""

    plan: Plan
    reading: Reading
    #: Lines that were rendered, whatever the filters chose.
    looked_at: tuple[str, ...]
    #: Board id -> title -> id of the groups in use.
    groups: Mapping[str, Mapping[str, str]]
    estimate: Estimate

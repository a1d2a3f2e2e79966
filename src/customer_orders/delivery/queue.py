"""What of a run can be sent now: nothing before its group, nor before what its line needs first.

The operations of a run are read in pages, in planned order, and wait here. A group's lines wait
for the group; within a line the ranks follow each other (group, create, move, update, subitems).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from customer_orders.ledger.recording import Tally
from customer_orders.ledger.results import Claimed, Done, Refusal, Reopen, Result, WithoutCell
from customer_orders.plan import Operation, Target

#: Operations read at a time.
PAGE = 500
#: Operations that may wait in memory; beyond it no page is read until some have left.
ROOM = 20_000

Kind = tuple[int, str, str]


class Queue:
    """The operations of one run, from page to request."""

    def __init__(self) -> None:
        #: Id of the last operation that was read.
        self.last = 0
        #: Whether there may be more pages.
        self.more = True
        self._lines: defaultdict[str, deque[Claimed]] = defaultdict(deque)
        #: Line -> operations that were handed on and are not finished.
        self._open: defaultdict[str, int] = defaultdict(int)
        #: Title of a group that is not there yet -> lines that wait for it.
        self._groups: dict[str, dict[str, None]] = {}
        self._ready: defaultdict[Kind, deque[Claimed]] = defaultdict(deque)
        #: Parts of a refused request, each to be sent by itself.
        self._apart: list[list[Claimed]] = []
        #: What was made while pages were read: they may not know it yet.
        self._item_ids: dict[str, str] = {}
        self._group_ids: dict[str, str] = {}
        self._blocked: set[int] = set()
        #: Line -> ids of its operations that are not known.
        self._unknown: defaultdict[str, set[int]] = defaultdict(set)
        #: Such a line -> what was ready of it, and waits until that is settled.
        self._withheld: defaultdict[str, list[Claimed]] = defaultdict(list)
        self._waiting = 0

    @property
    def hungry(self) -> bool:
        """Whether another page may help."""
        return self.more and self._waiting < ROOM

    def full(self, most: int) -> bool:
        """Whether a request of this size can be filled."""
        return bool(self._apart) or any(len(ready) >= most for ready in self._ready.values())

    def add(self, page: Sequence[Claimed]) -> None:
        """Take in the next page; an empty one is the end."""
        self.more = bool(page)
        touched: dict[str, None] = {}
        for claimed in page:
            self.last = claimed.id
            if claimed.id in self._blocked:
                continue
            if claimed.operation.kind is Target.GROUP:
                self._groups.setdefault(claimed.operation.group, {})
                self._ready[_kind(claimed)].append(claimed)
            else:
                line = claimed.operation.record_uuid or ""
                self._lines[line].append(claimed)
                touched[line] = None
            self._waiting += 1
        for line in touched:
            self._promote(line)

    def take(self, most: int) -> list[Claimed]:
        """At most `most` operations of the kind that has most of them ready.

        Of equals, the kind that comes first in a line's order.
        """
        if self._apart:
            chosen = self._apart.pop()
        else:
            kinds = sorted(kind for kind, ready in self._ready.items() if ready)
            if not kinds:
                return []
            ready = self._ready[max(kinds, key=lambda kind: len(self._ready[kind]))]
            chosen = [ready.popleft() for _ in range(min(most, len(ready)))]
        self._waiting -= len(chosen)
        return [self._with_ids(claimed) for claimed in chosen]

    def put_back(self, chosen: Sequence[Claimed]) -> None:
        """What a request had no room for is first again."""
        for claimed in reversed(chosen):
            self._again(claimed)

    def recorded(
        self, operations: Sequence[Claimed], results: Mapping[int, Result], tally: Tally
    ) -> None:
        """Go on from what was recorded of a request.

        Without a result an operation is not known, and nothing else is sent for its line.
        """
        for claimed in operations:
            self._doubt(claimed, known=claimed.id in results)
        apart: defaultdict[int, list[Claimed]] = defaultdict(list)
        for claimed in operations:
            match results.get(claimed.id):
                case Done(monday_id=monday_id):
                    self._done(claimed.operation, monday_id)
                case Refusal():
                    self._failed(claimed.operation, tally.blocked)
                case Reopen(part=int(part)) if claimed.operation.record_uuid not in self._unknown:
                    apart[part].append(claimed)
                case Reopen():
                    self._again(claimed)
                case WithoutCell():
                    self._again(replace(claimed, operation=tally.rests[claimed.id]))
                case None:
                    pass
        for together in apart.values():
            self._apart.append(together)
            self._waiting += len(together)

    def _done(self, operation: Operation, monday_id: str) -> None:
        """What waited for it can go, and knows its id."""
        if operation.kind is Target.GROUP:
            self._group_ids[operation.group] = monday_id
            for line in self._groups.pop(operation.group, {}):
                self._promote(line)
            return
        line = operation.record_uuid or ""
        if operation.kind is Target.ITEM:
            self._item_ids[line] = monday_id
        self._finish(line)

    def _failed(self, operation: Operation, blocked: Iterable[int]) -> None:
        """It was refused, and with it what depends on it."""
        self._blocked.update(blocked)
        if operation.kind is Target.GROUP:
            for line in self._groups.pop(operation.group, {}):
                self._drop(line)
                self._promote(line)
        else:
            self._drop(operation.record_uuid or "")
            self._finish(operation.record_uuid or "")

    def _again(self, claimed: Claimed) -> None:
        self._waiting += 1
        line = claimed.operation.record_uuid or ""
        if line in self._unknown:
            self._withheld[line].append(claimed)
        else:
            self._ready[_kind(claimed)].appendleft(claimed)

    def _doubt(self, claimed: Claimed, *, known: bool) -> None:
        """Withhold what is ready of a line with something unknown, until nothing is."""
        line = claimed.operation.record_uuid
        if line is None:
            return  # the lines of a group wait for it anyway
        if not known:
            self._unknown[line].add(claimed.id)
            for kind, ready in self._ready.items():
                self._withheld[line] += [c for c in ready if c.operation.record_uuid == line]
                self._ready[kind] = deque(c for c in ready if c.operation.record_uuid != line)
        elif line in self._unknown:
            self._unknown[line].discard(claimed.id)
            if not self._unknown[line]:
                del self._unknown[line]
                for waiting in self._withheld.pop(line, []):
                    self._ready[_kind(waiting)].append(waiting)

    def _finish(self, line: str) -> None:
        self._open[line] -= 1
        self._promote(line)

    def _promote(self, line: str) -> None:
        """Hand on the next rank of a line, when nothing before it is open."""
        waiting = self._lines[line]
        if self._open[line] == 0 and waiting:
            group = waiting[0].operation.group
            if group in self._groups:
                self._groups[group][line] = None
                return
            rank = waiting[0].operation.rank
            while waiting and waiting[0].operation.rank == rank:
                claimed = waiting.popleft()
                self._ready[_kind(claimed)].append(claimed)
                self._open[line] += 1
        if not waiting:
            del self._lines[line]
            if self._open[line] == 0:
                del self._open[line]

    def _drop(self, line: str) -> None:
        waiting = self._lines[line]
        left = deque(c for c in waiting if c.id not in self._blocked)
        self._waiting -= len(waiting) - len(left)
        self._lines[line] = left

    def _with_ids(self, claimed: Claimed) -> Claimed:
        operation = claimed.operation
        return replace(
            claimed,
            group_id=claimed.group_id or self._group_ids.get(operation.group),
            # What was just made stands for the line, whatever stood for it before.
            item_id=self._item_ids.get(operation.record_uuid or "") or claimed.item_id,
        )


def _kind(claimed: Claimed) -> Kind:
    return claimed.operation.rank, claimed.operation.kind, claimed.operation.action

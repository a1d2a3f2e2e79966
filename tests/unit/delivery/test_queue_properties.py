"""The queue under any course of events: order, exactly once, and nothing forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from queueing import REFUSED, done, group, numbered, of_item, of_size, tell

from customer_orders.delivery.queue import Queue
from customer_orders.ledger.recording import Tally
from customer_orders.ledger.results import Claimed, Reopen, Result
from customer_orders.plan import Action, Operation, Target

TITLES = ("A", "B", "C")
#: What a line may have to do before its sizes.
BEGINNINGS = ((), (), ("create",), ("move",), ("update",), ("move", "update"))
LINES = st.lists(
    st.tuples(
        st.sampled_from(TITLES),
        st.sampled_from(BEGINNINGS),
        st.lists(st.sampled_from("SMLX"), unique=True, max_size=4),
    ),
    max_size=5,
)
OUTCOMES = st.sampled_from(["done", "done", "done", "refused", "open", "apart", "unknown"])


def operations_of(lines: Iterable[Any], new: Iterable[str]) -> list[Operation]:
    """Groups that are to be made first, then line by line."""
    made = [group(title) for title in sorted(new)]
    for number, (title, beginning, sizes) in enumerate(lines):
        line = f"line {number}"
        made += [of_item(line, Action(action), title) for action in beginning]
        new_item = "create" in beginning
        for size in sizes:
            action = Action.CREATE if new_item or size == "X" else Action.UPDATE
            made.append(of_size(line, size, action, title))
    return made


class Course(RuleBasedStateMachine):
    """A queue, and a ledger beside it that says what may happen."""

    @initialize(lines=LINES, new=st.sets(st.sampled_from(TITLES)))
    def begin(self, lines: list[Any], new: set[str]) -> None:
        self.queue = Queue()
        self.ledger = numbered(operations_of(lines, new))
        self.state = {claimed.id: "pending" for claimed in self.ledger}
        self.page: list[Claimed] | None = None
        self.under_way: list[list[Claimed]] = []
        #: Requests of which nobody knows what became of them, or of a part.
        self.lost: list[list[Claimed]] = []
        #: Sets of operations that are to be sent together.
        self.parts: list[set[int]] = []
        self.handed: Counter[int] = Counter()
        self.reopened: Counter[int] = Counter()

    # What the ledger would do

    def read(self, size: int) -> list[Claimed]:
        """A page: what is pending behind the last one."""
        behind = (c for c in self.ledger if c.id > self.queue.last)
        return [c for c in behind if self.state[c.id] == "pending"][:size]

    def dependants(self, claimed: Claimed) -> list[int]:
        """The pending operations that cannot be done without this one."""
        refused = claimed.operation

        def waits(other: Operation) -> bool:
            if refused.kind is Target.GROUP:
                return other.group == refused.group
            same = other.record_uuid == refused.record_uuid
            return same and refused.kind is Target.ITEM and refused.action is Action.CREATE

        pending = (c for c in self.ledger if self.state[c.id] == "pending")
        return [c.id for c in pending if waits(c.operation)]

    # What happens

    @precondition(lambda self: self.page is None and self.queue.hungry)
    @rule(size=st.integers(1, 6))
    def begin_to_read(self, size: int) -> None:
        """A page is read; other things may happen before it is taken in."""
        self.page = self.read(size)

    @precondition(lambda self: self.page is not None)
    @rule()
    def take_in(self) -> None:
        """The page arrives."""
        assert self.page is not None
        self.queue.add(self.page)
        self.page = None

    @rule(most=st.integers(1, 4))
    def send(self, most: int) -> None:
        """A request is handed out: everything that may go wrong with it is looked at here."""
        full = self.queue.full(most)
        chosen = self.queue.take(most)
        assert chosen or not full
        if chosen:
            self.check(chosen, most)
            self.under_way.append(chosen)

    def check(self, chosen: list[Claimed], most: int) -> None:
        """One kind, not too many, and nothing too early, twice or blocked."""
        ids = {claimed.id for claimed in chosen}
        assert len({(c.operation.kind, c.operation.action) for c in chosen}) == 1
        together = ids in self.parts
        assert together or len(chosen) <= most
        if together:
            self.parts.remove(ids)
        for claimed in chosen:
            assert self.state[claimed.id] == "pending"
            assert claimed.operation.record_uuid not in self.lines_in_doubt()
            self.state[claimed.id] = "sending"
            self.handed[claimed.id] += 1
            for other in self.ledger:
                if self.comes_before(other.operation, claimed.operation):
                    assert self.state[other.id] in ("done", "refused")
            if claimed.operation.action is Action.CREATE and claimed.operation.size:
                self.knows_its_item(claimed)

    def lines_in_doubt(self) -> set[str]:
        """Lines with an operation that nobody knows the outcome of."""
        lost = (c.operation.record_uuid for request in self.lost for c in request)
        return {line for line in lost if line}

    def comes_before(self, one: Operation, other: Operation) -> bool:
        """Whether one must be finished before the other is sent."""
        if one.kind is Target.GROUP:
            return other.kind is not Target.GROUP and one.group == other.group
        return one.record_uuid == other.record_uuid and one.rank < other.rank

    def knows_its_item(self, claimed: Claimed) -> None:
        """The id of an item that this run has made is filled in."""
        mine = claimed.operation.record_uuid
        made = [c for c in self.ledger if c.operation.record_uuid == mine and not c.operation.size]
        if any(c.operation.action is Action.CREATE for c in made):
            assert claimed.item_id == f"id of {mine}"

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """A request comes back, in any order; what is recorded is told to the queue."""
        place = data.draw(st.integers(0, len(self.under_way) - 1))
        chosen = self.under_way.pop(place)
        outcome = data.draw(OUTCOMES)
        if outcome == "apart" and len(chosen) > 1:
            self.come_apart(chosen)
        else:
            self.come_back([(c, data.draw(OUTCOMES)) for c in chosen])

    @precondition(lambda self: self.lost)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """A replay tells what became of a lost request, or of some of it."""
        chosen = self.lost.pop(data.draw(st.integers(0, len(self.lost) - 1)))
        self.come_back([(c, data.draw(OUTCOMES)) for c in chosen])

    def come_apart(self, chosen: list[Claimed]) -> None:
        half = (len(chosen) + 1) // 2
        self.parts += [{c.id for c in part} for part in (chosen[:half], chosen[half:])]
        for claimed in chosen:
            self.state[claimed.id] = "pending"
            self.reopened[claimed.id] += 1
        tell(self.queue, chosen, *(Reopen(reason="", part=n // half) for n in range(len(chosen))))

    def come_back(self, outcomes: list[tuple[Claimed, str]]) -> None:
        results: dict[int, Result] = {}
        blocked: list[int] = []
        for claimed, outcome in outcomes:
            line = claimed.operation.record_uuid
            if outcome == "done":
                self.state[claimed.id] = "done"
                results[claimed.id] = done(f"id of {line or claimed.operation.group}")
            elif outcome == "refused":
                self.state[claimed.id] = "refused"
                results[claimed.id] = REFUSED
                blocked += self.dependants(claimed)
                self.state |= dict.fromkeys(blocked, "refused")
            elif outcome in ("open", "apart"):
                self.state[claimed.id] = "pending"
                self.reopened[claimed.id] += 1
                results[claimed.id] = Reopen(reason="")
        if unknown := [c for c, outcome in outcomes if outcome == "unknown"]:
            self.lost.append(unknown)
        chosen = [claimed for claimed, _ in outcomes]
        self.queue.recorded(chosen, results, Tally(blocked=tuple(blocked)))

    # What must hold

    @invariant()
    def nothing_is_handed_out_twice(self) -> None:
        """Once, and once more for each time that it was opened again."""
        for number, times in getattr(self, "handed", Counter()).items():
            open_again = self.state[number] == "pending"
            assert times == self.reopened[number] + (0 if open_again else 1)

    def teardown(self) -> None:
        """From here on all goes well: in the end nothing is left but what waits for an unknown."""
        if not hasattr(self, "queue"):
            return
        while self.queue.hungry or self.page is not None:
            self.queue.add(self.read(3) if self.page is None else self.page)
            self.page = None
        for chosen in self.under_way:
            self.come_back([(claimed, "done") for claimed in chosen])
        while chosen := self.queue.take(4):
            self.check(chosen, 4)
            self.come_back([(claimed, "done") for claimed in chosen])
        self.nothing_is_handed_out_twice()
        lost = [c.operation for request in self.lost for c in request]
        for claimed in self.ledger:
            if self.state[claimed.id] == "pending":
                assert any(self.waits_for(claimed.operation, one) for one in lost)
        if not lost:
            assert self.queue._waiting == 0

    def waits_for(self, one: Operation, other: Operation) -> bool:
        """Whether one is not sent while nobody knows what became of the other."""
        same = one.record_uuid == other.record_uuid
        return self.comes_before(other, one) or same


TestCourse = Course.TestCase
TestCourse.settings = settings(
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

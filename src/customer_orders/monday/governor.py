"""Keeps requests within every budget of the account, and waits what the server says.

Budgets: complexity a minute, requests a minute, requests at a time, calls a day
(developer.monday.com, rate limits).
They start from the configured plan and are corrected by every answer: the `RateLimit` headers tell
what is left, whoever used it, and `complexity` what the request really cost. Other programs of the
account find room: what they used in the last minutes is kept for them.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog

from customer_orders.monday.windows import LIGHT_CALL, MINUTE, PROBE, Day, Minute

#: Seconds below which a clock may not tell a wait from none: without it the loop could spin.
SHORTEST_WAIT = 0.001
#: Seconds of a wait that is worth a line in the log.
LONG = 5.0
#: Seconds after which a request is certain to be in the server's count.
FRESH = 2.0
#: Seconds by which the ends of one minute do not differ, however late an answer comes.
APART = 5.0
#: Complexity that one request may have.
MOST_A_REQUEST = 5_000_000
#: A minute of an app's token: one for queries, one for mutations. Others have one for both.
APP_MINUTE = 5_000_000
#: Plan -> complexity a minute of a personal token, requests a minute, requests at a time.
PLANS = {
    "free": (1_000_000, 1_000, 40),
    "standard": (10_000_000, 1_000, 40),
    "pro": (10_000_000, 2_500, 100),
    "enterprise": (10_000_000, 5_000, 250),
}
#: Plan -> calls a day.
CALLS_A_DAY = {"free": 1_000, "standard": 1_000, "pro": 10_000, "enterprise": 25_000}
#: A quota of nothing is no quota: nothing could ever leave, so the one that is known stays.
POLICY = re.compile(r'"(\w+)";q=([1-9]\d*)')
REMAINING = re.compile(r'"(\w+)";r=(\d+)(?:;t=(\d+))?')

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What is waited for, and until when on the loop's clock."""

    cause: str
    until: float


class Reservation:
    """The place of one request in every budget: `async with`, or until it is released."""

    def __init__(self, governor: Governor, price: float, count: int, *, writes: bool) -> None:
        self._governor = governor
        #: How many mutations it has room for.
        self.count = count
        self.cost = price * count
        self.writes = writes
        #: When it was made, on the loop's clock.
        self.made = asyncio.get_running_loop().time()
        #: What it counts of the day's calls.
        self.calls = 1.0
        #: When it left, on the loop's clock; None before, and when it did not leave after all.
        self.left: float | None = None

    async def release(self) -> None:
        """The request came back, or never leaves."""
        await self._governor.free(self)

    async def __aenter__(self) -> Reservation:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.release()


class Governor:
    """One small object around every request: `async with await governor.reserve(cost)`."""

    def __init__(self, plan: str, *, keep_back: float = 0.0) -> None:
        """`keep_back` is the share of the day's calls that is left for others."""
        complexity, requests, self._most = PLANS[plan]
        self.writing = Minute(complexity)
        self.reading = self.writing
        #: Whether of writes -> what the server said last to be used, and until when.
        self._told: dict[bool, tuple[float, float]] = {}
        self.requests = Minute(requests)
        self.day = Day(round(CALLS_A_DAY[plan] * (1 - keep_back)), time.time)
        self._under_way: set[Reservation] = set()
        self._paused_until = 0.0
        self._freed = asyncio.Condition()
        #: Seconds waited, by cause.
        self.waited: dict[str, float] = {}
        self.waiting: Waiting | None = None
        #: Asks monday what is left; its answer comes to `settle`. Who sends requests sets it.
        self.look: Callable[[], Awaitable[None]] | None = None
        #: Until when a wait was told of.
        self._said = 0.0

    async def reserve(self, price: float, count: int = 1, *, writes: bool = False) -> Reservation:
        """Wait until a request fits all budgets, and hold its place.

        The request holds at most `count` times the price: as many as fit well now stand in the
        reservation. Raises DayUsed when it `writes` and the day's share is used.
        """
        minute = self._minute(writes=writes)
        count = max(min(count, int(MOST_A_REQUEST // price)), 1)
        async with self._freed:
            while wait := self._wait(minute, price, count, writes=writes):
                if self._may_look() and minute.asks(self._now()):
                    await self._look()
                else:
                    await self._pause(wait)
            count = _even(minute.fits(price, self._now()), count)
            held = Reservation(self, price, count, writes=writes)
            self._under_way.add(held)
            minute.spend(held.cost)
            self.requests.spend(1)
            self.day.count(held.calls)
        return held

    def light(self) -> Reservation:
        """The place of a question that costs next to nothing and waits for no budget."""
        held = Reservation(self, 1, 1, writes=False)
        self._under_way.add(held)
        self.reading.spend(held.cost)
        self.requests.spend(1)
        held.calls = LIGHT_CALL
        self.day.count(held.calls)
        return held

    def _may_look(self) -> bool:
        """Whether a question would be answered for the budget of mutations, and at once."""
        now, one = self._now(), self.reading is self.writing
        crowded = len(self._under_way) >= self._most or self.requests.wait(1, 1, now) > 0
        return self.look is not None and one and not crowded and now >= self._paused_until

    async def _look(self) -> None:
        """Ask what is left, with the budgets open to others meanwhile."""
        self._freed.release()
        try:
            if self.look:
                await self.look()
        finally:
            await self._freed.acquire()

    async def free(self, held: Reservation) -> None:
        """A place is another's. What the request cost stays spent, but for one that never left."""
        async with self._freed:
            if held in self._under_way and held.left is None:
                self._minute(writes=held.writes).give_back(held.cost, held.made)
                self.requests.give_back(1, held.made)
                self.day.count(-held.calls)
            self._under_way.discard(held)
            self._freed.notify_all()

    def pause(self, seconds: float) -> None:
        """Nothing more leaves for as long as the server asked."""
        self._paused_until = max(self._paused_until, self._now() + seconds)

    def left(self, held: Reservation) -> None:
        """The request leaves now."""
        held.left = self._now()

    def stayed(self, held: Reservation) -> None:
        """The request did not leave after all: all that it holds is given back with its place."""
        held.left = None

    def settle(self, held: Reservation, spent: float | None, headers: Mapping[str, str]) -> None:
        """Correct the budgets by an answer: what it cost where that is told, and what is left."""
        if spent is not None:
            self._minute(writes=held.writes).spend(spent - held.cost)
            held.cost = spent
        self._learn_quotas(headers)
        now = self._now()
        fresh = [r for r in self._under_way if r is not held and now < (r.left or now) + FRESH]
        for name, remaining, resets in REMAINING.findall(headers.get("ratelimit", "")):
            # No minute ends later: what says so is in another unit, or a moment.
            resets_in = min(float(resets), MINUTE) if resets else None
            if name == "complexityMinute":
                self._compare(held, int(remaining), resets_in, now)
                minute = self._minute(writes=held.writes)
                unseen = sum(r.cost for r in fresh if self._minute(writes=r.writes) is minute)
                minute.learn(int(remaining), unseen, resets_in, now)
            elif name == "minuteRate":
                self.requests.learn(int(remaining), len(fresh), resets_in, now)

    def refused(self, held: Reservation, headers: Mapping[str, str]) -> None:
        """A limit refused the request: it cost nothing, and is a tenth of a call."""
        self.day.count(LIGHT_CALL - held.calls)
        self.settle(held, 0, headers)

    def _learn_quotas(self, headers: Mapping[str, str]) -> None:
        quotas = {name: int(q) for name, q in POLICY.findall(headers.get("ratelimit-policy", ""))}
        complexity = quotas.get("complexityMinute", self.writing.quota)
        if complexity == APP_MINUTE and self.reading is self.writing:
            self.reading = Minute(complexity)
        self.reading.quota = self.writing.quota = complexity
        self.requests.quota = quotas.get("minuteRate", self.requests.quota)
        self._most = quotas.get("concurrency", self._most)

    def _compare(self, held: Reservation, left: int, resets_in: float | None, now: float) -> None:
        """Know two budgets by this: answers to queries and to mutations tell of other minutes.

        Before the one's end has come, the other ends later, or less of it is used.
        """
        quota = self.writing.quota
        used, ends = quota - left, now + (resets_in or 0.0)
        other, until = self._told.get(not held.writes, (0.0, 0.0))
        self._told[held.writes] = used, ends
        differs = ends > until + APART or used + PROBE * quota < other
        if self.reading is self.writing and now + FRESH < until and differs:
            writes = sum(r.cost for r in self._under_way if r.writes)
            self.reading.spend(-writes)
            self.writing = Minute(quota, others=self.writing.others)
            self.writing.spend(writes)

    def _minute(self, *, writes: bool) -> Minute:
        return self.writing if writes else self.reading

    def _wait(self, minute: Minute, price: float, count: int, *, writes: bool) -> Waiting | None:
        """What to wait for; None when the request may go."""
        now = self._now()
        if writes:
            self.day.require()
        if len(self._under_way) >= self._most:
            return Waiting(cause="concurrency", until=now + MINUTE)
        causes = {
            "throttled": self._paused_until - now,
            "complexity": minute.wait(price, count, now),
            "requests": self.requests.wait(1, 1, now),
        }
        cause, seconds = max(causes.items(), key=lambda pair: pair[1])
        return Waiting(cause=cause, until=now + seconds) if seconds > 0 else None

    async def _pause(self, wait: Waiting) -> None:
        """Wait, but look again as soon as a request has come back."""
        started, self.waiting = self._now(), wait
        if wait.until > max(started, self._said) + LONG:
            self._said = wait.until
            log.info("waiting", cause=wait.cause, seconds=round(wait.until - started))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(wait.until - started, SHORTEST_WAIT)):
                    await self._freed.wait()
        finally:
            self.waiting = None
        waited = self._now() - started
        self.waited[wait.cause] = self.waited.get(wait.cause, 0.0) + waited

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _even(fits: int, count: int) -> int:
    """A size of at most `count` that leaves no small rest of what fits."""
    requests = math.ceil(fits / count)
    return min(math.ceil(fits / requests), count)

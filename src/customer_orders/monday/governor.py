"""Keeps requests within the budgets a minute, and waits what the server says.

Budgets: complexity a minute, requests a minute, concurrency (monday/api.md 1, docs/rate-limits.md).
They start from the configured plan and are corrected by the `RateLimit` headers of every answer,
which also show what other programs of the account have used.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

MINUTE = 60.0
#: Seconds below which a clock may not tell a wait from none: without it the loop could spin.
SHORTEST_WAIT = 0.001
#: Plan -> complexity a minute of a personal token, requests a minute, requests at a time.
PLANS = {
    "free": (1_000_000, 1_000, 40),
    "standard": (10_000_000, 1_000, 40),
    "pro": (10_000_000, 2_500, 100),
    "enterprise": (10_000_000, 5_000, 250),
}
#: Plan -> calls a day.
CALLS_A_DAY = {"free": 1_000, "standard": 1_000, "pro": 10_000, "enterprise": 25_000}
POLICY = re.compile(r'"(\w+)";q=(\d+)')
REMAINING = re.compile(r'"(\w+)";r=(\d+)(?:;t=(\d+))?')

log = structlog.get_logger()


@dataclass
class _Window:
    """A budget that fills up again a minute after its first use."""

    quota: int
    used: float = 0.0
    resets: float = 0.0

    def wait(self, amount: float, now: float) -> float:
        """Seconds until the amount fits; an amount above the quota fits an unused window."""
        if now >= self.resets:
            self.used, self.resets = 0.0, now + MINUTE
        fits = self.used + amount <= self.quota or self.used == 0
        return 0.0 if fits else self.resets - now

    def learn(self, remaining: int, reserved: float, resets_in: float | None, now: float) -> None:
        """Take the server's word, and keep what is still under way reserved."""
        self.used = self.quota - remaining + reserved
        if resets_in is not None:
            self.resets = now + resets_in


class Reservation:
    """The place of one request in every budget: `async with`, or until it is released."""

    def __init__(self, governor: Governor, cost: float) -> None:
        self._governor = governor
        self.cost = cost

    async def release(self) -> None:
        """The request came back."""
        await self._governor._free(self.cost)

    async def __aenter__(self) -> Reservation:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.release()


class Governor:
    """One small object around every request: `async with await governor.reserve(cost)`."""

    def __init__(self, plan: str) -> None:
        complexity, requests, self._most = PLANS[plan]
        self.complexity = _Window(complexity)
        self.requests = _Window(requests)
        self._reserved = 0.0
        self._under_way = 0
        self._paused_until = 0.0
        self._freed = asyncio.Condition()
        #: Seconds waited, by cause.
        self.waited: dict[str, float] = {}

    @property
    def complexity_per_minute(self) -> int:
        """The budget as far as it is known."""
        return self.complexity.quota

    async def reserve(self, cost: float) -> Reservation:
        """Wait until a request of this complexity fits all budgets, and hold its place."""
        async with self._freed:
            while wait := self._wait(cost):
                await self._pause(*wait)
            self.complexity.used += cost
            self.requests.used += 1
            self._reserved += cost
            self._under_way += 1
        return Reservation(self, cost)

    async def _free(self, cost: float) -> None:
        async with self._freed:
            self._reserved -= cost
            self._under_way -= 1
            self._freed.notify_all()

    def _wait(self, cost: float) -> tuple[str, float] | None:
        """What to wait for and how long; None when the request may go."""
        now = asyncio.get_running_loop().time()
        if self._under_way >= self._most:
            return "concurrency", MINUTE
        causes = {
            "throttled": self._paused_until - now,
            "complexity": self.complexity.wait(cost, now),
            "requests": self.requests.wait(1, now),
        }
        cause, seconds = max(causes.items(), key=lambda pair: pair[1])
        return (cause, seconds) if seconds > 0 else None

    async def _pause(self, cause: str, seconds: float) -> None:
        """Wait, but look again as soon as a request has come back."""
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(seconds, SHORTEST_WAIT)):
                await self._freed.wait()
        except TimeoutError:
            log.debug("waited", cause=cause, seconds=round(seconds, 1))
        waited = asyncio.get_running_loop().time() - started
        self.waited[cause] = self.waited.get(cause, 0.0) + waited

    def pause(self, seconds: float) -> None:
        """Nothing more leaves for as long as the server asked."""
        until = asyncio.get_running_loop().time() + seconds
        self._paused_until = max(self._paused_until, until)

    def learn(self, headers: Mapping[str, str], cost: float) -> None:
        """Correct the budgets by the `RateLimit` headers, after a request of this cost."""
        now = asyncio.get_running_loop().time()
        quotas = {name: int(q) for name, q in POLICY.findall(headers.get("ratelimit-policy", ""))}
        self.complexity.quota = quotas.get("complexityMinute", self.complexity.quota)
        self.requests.quota = quotas.get("minuteRate", self.requests.quota)
        self._most = quotas.get("concurrency", self._most)
        for name, remaining, resets in REMAINING.findall(headers.get("ratelimit", "")):
            resets_in = float(resets) if resets else None
            if name == "complexityMinute":
                reserved = self._reserved - cost
                self.complexity.learn(int(remaining), reserved, resets_in, now)
            elif name == "minuteRate":
                self.requests.learn(int(remaining), self._under_way - 1, resets_in, now)

"""Rate limits: what a request may take, what it is charged, and the headers that say so.

developer.monday.com, rate limits, 2026-09-06. Windows are of fixed length and begin with the first
call after the last one ended ("resets 60 s after the first call"). Limits count per account and
app, so one Limits serves all tokens of the emulated account.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from customer_orders.emulator.errors import ApiError, Refusal

if TYPE_CHECKING:
    from customer_orders.emulator.clock import Clock
    from customer_orders.emulator.settings import Settings

MINUTE = 60.0
IP_WINDOW = 10.0
DAY = 86_400.0
#: Seconds named by the 429 for too many requests at once (MCP's recorded answer).
CONCURRENCY_RETRY = 15


class Window:
    """A count that starts anew when its time is over."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock = clock
        self.seconds = seconds
        self.used = 0.0
        #: Taken from (or given to) the window that follows this one.
        self.carried = 0.0
        self.ends: float | None = None

    def roll(self, opening: float = 0.0) -> None:
        """Open a new window when the last one is over; `opening` is taken from it at once."""
        now = self.clock.now()
        if self.ends is None or now >= self.ends:
            self.used = self.carried + opening
            self.carried = 0.0
            self.ends = self._end(now)

    def left(self) -> int:
        """Whole seconds until the window is over, never less than one."""
        return max(1, math.ceil((self.ends or 0.0) - self.clock.now()))

    def _end(self, now: float) -> float:
        # The day ends at 00:00 UTC; other windows a fixed time after their first call.
        return (now // DAY + 1) * DAY if self.seconds == DAY else now + self.seconds


class Limits:
    """Admits requests, charges complexity and writes the RateLimit headers."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.requests = Window(clock, MINUTE)
        self.mutations = Window(clock, MINUTE)
        self.ip = Window(clock, IP_WINDOW)
        self.day = Window(clock, DAY)
        self._complexity = {kind: Window(clock, MINUTE) for kind in ("query", "mutation", "both")}
        self._operations: dict[str, Window] = {}
        self._formulas = Window(clock, MINUTE)
        self.in_flight = 0

    def complexity(self, kind: str) -> Window:
        """The budget for reads or for writes; a personal token has one for both."""
        personal = self.settings.token_kind == "personal"  # noqa: S105 - a kind, not a secret
        window = self._complexity["both" if personal else kind]
        window.roll(self.settings.other_complexity_per_minute)
        return window

    def remaining(self, kind: str) -> int:
        return int(self.settings.complexity_limit() - self.complexity(kind).used)

    def admit(self, kind: str, estimate: int, mutations: int, *, light: bool) -> None:
        """Count the request and charge its estimate, or refuse it with the documented 429."""
        for window in (self.requests, self.mutations, self.ip, self.day):
            window.roll()
        try:
            self._check_counts(mutations)
            self._check_complexity(kind, estimate)
        except Refusal:
            # "All requests count, even those that fail"; a rate-limited one is a tenth of a call.
            self.requests.used += 1
            self.day.used += self.settings.light_call_weight
            raise
        self.requests.used += 1
        self.ip.used += 1
        self.mutations.used += mutations
        self.day.used += self.settings.light_call_weight if light else 1
        self.complexity(kind).used += estimate

    def spend(self, kind: str, complexity: int, calls: int) -> None:
        """What another program of the same account takes."""
        self.complexity(kind).used += complexity
        for window in (self.requests, self.day):
            window.roll()
            window.used += calls

    def count_operation(self, name: str) -> None:
        """Refuse a mutation that has a limit of its own, when that is reached."""
        most = self.settings.operations_per_minute.get(name)
        if most is not None:
            window = self._operations.setdefault(name, Window(self.requests.clock, MINUTE))
            _count(window, most)

    def count_formula(self, columns: int) -> None:
        """Refuse a formula's value beyond those of a minute, or of one column too many."""
        if columns > self.settings.formula_columns_per_request:
            raise field_limit(1)
        _count(self._formulas, self.settings.formula_values_per_minute)

    def settle(self, kind: str, estimate: int, actual: int) -> None:
        """Give back, or take, the difference to the estimate (changelog 2025-10)."""
        window = self.complexity(kind)
        if self.settings.refund_next_minute:
            window.carried += actual - estimate
        else:
            window.used += actual - estimate

    def headers(self, kind: str, exceeded: str | None = None) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy`, as every answer carries them."""
        settings = self.settings
        minute, parallel = settings.request_limit(), settings.concurrency_limit()
        budget = settings.complexity_limit()
        requests_left = max(0, minute - int(self.requests.used))
        parallel_left = max(0, parallel - self.in_flight)
        budget_left = max(0, self.remaining(kind))
        requests_time = f";t={self.requests.left()}" if not requests_left else ""
        parallel_time = f";t={CONCURRENCY_RETRY}" if exceeded == "concurrency" else ""
        return {
            "RateLimit-Policy": (
                f'"minuteRate";q={minute};w=60, '
                f'"concurrency";q={parallel};qu="concurrent-requests", '
                f'"complexityMinute";q={budget};w=60;qu="content-bytes"'
            ),
            "RateLimit": (
                f'"minuteRate";r={requests_left}{requests_time}, '
                f'"concurrency";r={parallel_left}{parallel_time}, '
                f'"complexityMinute";r={budget_left};t={self.complexity(kind).left()}'
            ),
        }

    def _check_counts(self, mutations: int) -> None:
        settings = self.settings
        if self.ip.used >= settings.ip_requests_per_10_seconds:
            raise too_many("ip", self.ip.left())
        if self.in_flight > settings.concurrency_limit():
            raise too_many("concurrency", CONCURRENCY_RETRY)
        if self.requests.used >= settings.request_limit():
            raise too_many("minute", self.requests.left())
        # Ten tenths of a call are one call.
        if round(self.day.used, 3) >= settings.day_limit():
            raise too_many("daily", self.day.left())
        most = settings.mutations_per_minute
        if most is not None and self.mutations.used + mutations > most:
            raise too_many("mutations", self.mutations.left())

    def _check_complexity(self, kind: str, estimate: int) -> None:
        most = self.settings.complexity_per_request
        if estimate > most:
            raise Refusal(
                200,
                "Max allowed complexity per request exceeded",
                "REQUEST_MAX_COMPLEXITY_EXCEEDED",
                cost=estimate,
                max_complexity_per_request=most,
            )
        if estimate > 0 and estimate > self.remaining(kind):
            raise too_many("complexity", self.complexity(kind).left())


def _count(window: Window, most: int) -> None:
    window.roll()
    if window.used >= most:
        raise field_limit(window.left())
    window.used += 1


def field_limit(retry_after: int) -> ApiError:
    """The limit of one field: HTTP 200, and the 429 in errors[] [OBS]."""
    return ApiError(
        "FIELD_MINUTE_RATE_LIMIT_EXCEEDED",
        "Rate limit exceeded for the field",
        status_code=429,
        retry_in_seconds=retry_after,
    )


#: Message and code of each 429 (developer.monday.com, rate limits).
SHAPES: dict[str, tuple[str, str]] = {
    "minute": ("Minute rate limit exceeded", "MINUTE_RATE_LIMIT_EXCEEDED"),
    "concurrency": ("Too many concurrent requests", "MAX_CONCURRENCY_EXCEEDED"),
    "daily": ("Daily limit exceeded", "DAILY_LIMIT_EXCEEDED"),
    "complexity": ("Complexity budget exhausted", "COMPLEXITY_BUDGET_EXHAUSTED"),
    "ip": ("IP rate limit exceeded", "IP_RATE_LIMIT_EXCEEDED"),
    "mutations": ("Mutation calls exceeded", "MutationCallsExceeded"),
}


def too_many(shape: str, retry_after: int) -> Refusal:
    """The 429 of one limit."""
    message, code = SHAPES[shape]
    return Refusal(429, message, code, retry_after=retry_after)

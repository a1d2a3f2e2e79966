"""The shortest time that monday's documented budgets allow, and how peers spend it.

Written apart from the program, from developer.monday.com, rate limits (2026-09-06): a minute of
complexity that starts anew, the most that one request may take, and calls a day that start anew at
00:00 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass

MINUTE, DAY = 60.0, 86_400.0
MOST_A_REQUEST = 5_000_000
CALLS_A_DAY = {"free": 1_000, "standard": 1_000, "pro": 10_000, "enterprise": 25_000}
#: Seconds that the emulated monday takes for a mutation, and for a request around it.
MUTATION, REQUEST = 0.3, 0.1


@dataclass(frozen=True, kw_only=True)
class Account:
    """A plan and a kind of token: the two things that budgets depend on."""

    plan: str
    token: str

    @property
    def minute(self) -> int:
        """Complexity of a minute for mutations."""
        if self.plan == "free":
            return 1_000_000
        return 10_000_000 if self.token == "personal" else 5_000_000

    @property
    def day(self) -> int:
        """Calls of a day."""
        return CALLS_A_DAY[self.plan]


def shortest(account: Account, mutations: int, cost: int, minute: float | None = None) -> float:
    """Seconds from 00:00 UTC until the last of so many equal mutations is done.

    As many requests at a time as one likes, each as large as may be; nothing else costs anything.
    `minute` is what another program leaves of a minute's complexity.
    """
    fits = int((minute or account.minute) // cost)
    a_request = min(MOST_A_REQUEST // cost, fits)
    now, calls, left = 0.0, account.day, mutations
    while True:
        sent = min(left, fits, calls * a_request)
        left -= sent
        calls -= -(-sent // a_request)
        if left <= 0:
            return now + REQUEST + MUTATION
        if calls:
            now += MINUTE
        else:
            now = (now // DAY + 1) * DAY
        if now % DAY == 0:
            calls = account.day


def one_by_one(account: Account, mutations: int, cost: int) -> tuple[float, int]:
    """Seconds and calls of a program that sends one mutation a call, one call at a time."""
    now, opened, spent, calls, refused = 0.0, 0.0, 0, 0.0, 0
    done = 0
    while done < mutations:
        if now >= opened + MINUTE:
            opened, spent = now, 0
        if calls >= account.day:
            now, calls = (now // DAY + 1) * DAY, 0.0
        elif spent + cost > account.minute:
            # A refused call is a tenth of one, and says how long to wait.
            now, calls, refused = opened + MINUTE, calls + 0.1, refused + 1
        else:
            done, spent, calls = done + 1, spent + cost, calls + 1
            now += REQUEST + MUTATION
    return now, done + refused

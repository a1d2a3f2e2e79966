"""The two kinds of budget: one that fills up every minute, and the calls of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from customer_orders.errors import DayUsed

MINUTE = 60.0
#: Weight of the newest minute in what is expected of other programs.
NEWEST = 0.3
#: Seconds of other programs' use that are left to them until the end of a minute.
LEFT_TO_OTHERS = 4.0
#: What a call that was refused by a limit counts against the day (monday/api.md 1).
REFUSED_CALL = 0.1


@dataclass
class Minute:
    """A budget that fills up a minute after its first use, and that others use too."""

    quota: int
    #: Spent by everybody since the minute began, and by us.
    used: float = 0.0
    ours: float = 0.0
    resets: float = 0.0
    #: What others are expected to spend in a minute, and how far that is off as a rule.
    others: float = 0.0
    _astray: float = 0.0
    #: Seconds into the minute when the server last told what is left.
    _told: float = 0.0
    _others_then: float = 0.0

    @property
    def share(self) -> float:
        """What others leave of a minute."""
        return self.quota - self._expected

    def fits(self, price: float, now: float) -> int:
        """How many of this price fit now; one that is above the quota fits an unused minute."""
        self._roll(now)
        room = self.quota - self.used - self._kept(now)
        return max(int(room // price), int(self.used == 0))

    def wait(self, price: float, count: int, now: float) -> float:
        """Seconds until a good part of so many fits: what is kept for others shrinks with time."""
        self._roll(now)
        in_the_end = int((self.quota - self.used - self._kept(self.resets)) // price)
        enough = min(max(count // 2, 1), in_the_end)
        if self.fits(price, now) >= max(enough, 1):
            return 0.0
        if in_the_end < 1:
            return self.resets - now
        room = self.quota - self.used - enough * price
        return max(self.resets - room * MINUTE / self._expected - now, 0.0)

    def spend(self, amount: float) -> None:
        """Reserve for a request of ours, or give back what it did not take."""
        self.used += amount
        self.ours += amount

    def learn(self, left: int, fresh: float, resets_in: float | None, now: float) -> None:
        """Take the server's word; it may not know yet what left here a moment ago (`fresh`)."""
        self._roll(now)
        self.used = self.quota - left + fresh
        if resets_in is not None:
            # Whole seconds, rounded up: of several answers the earliest is nearest.
            ends = now + resets_in
            self.resets = ends if ends > self.resets + 1 else min(ends, self.resets)
        self._told = MINUTE - (self.resets - now)
        self._others_then = max(self.used - self.ours, 0.0)

    @property
    def _expected(self) -> float:
        return self.others + self._astray

    def _kept(self, now: float) -> float:
        """What is left to others for the rest of the minute."""
        return self._expected * max(self.resets - now, LEFT_TO_OTHERS) / MINUTE

    def _roll(self, now: float) -> None:
        if now < self.resets:
            return
        if self._told > MINUTE / 4:
            seen = self._others_then * MINUTE / self._told
            self._astray += NEWEST * (abs(seen - self.others) - self._astray)
            self.others += NEWEST * (seen - self.others)
        self.used = self.ours = self._told = self._others_then = 0.0
        self.resets = now + MINUTE


class Day:
    """The calls of a UTC day: all of them count, and only a share of them may be used to write."""

    def __init__(self, calls: int, clock: Callable[[], float]) -> None:
        self.calls = calls
        self._clock = clock
        self._day = self.today
        #: Calls of this account that were counted before this process began, and since.
        self.before = 0.0
        self.since = 0.0

    @property
    def today(self) -> str:
        """The date in UTC."""
        return dt.datetime.fromtimestamp(self._clock(), dt.UTC).date().isoformat()

    @property
    def left(self) -> float:
        """Calls that may still be used today."""
        self._turn()
        return max(self.calls - self.before - self.since, 0.0)

    def count(self, calls: float) -> None:
        """Count a call, or what turned out to be less than one."""
        self._turn()
        self.since += calls

    def require(self) -> None:
        """Raise DayUsed when no call is left."""
        if self.left < 1:
            raise DayUsed(
                f"the {self.calls} calls that may be used on {self._day} (UTC) are used",
                hint="run it again after 00:00 UTC: it goes on from there",
            )

    def _turn(self) -> None:
        if self._day != self.today:
            self._day, self.before, self.since = self.today, 0.0, 0.0

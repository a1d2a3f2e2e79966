"""The two kinds of budget: one that fills up every minute, and the calls of a day."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass

from customer_orders.errors import DayUsed

MINUTE = 60.0
#: Weight of a whole minute in what is expected of other programs, and of one without any of them.
NEWEST, GONE = 0.15, 0.3
#: How much of their ups and downs is left to them too: docs/decisions.md has the figures.
MARGIN = 0.8
#: Share of a minute that is left to others although none was seen: else none ever could be.
PROBE = 0.02
#: Seconds of other programs' use that are left to them at the end of a minute.
LEFT_TO_OTHERS = 4.0
#: Seconds before the end of a minute at which it is worth to ask what others have left of it.
LOOK = 3.0
#: Seconds of a minute after which others are noticed who were not there before, after which it is
#: known what they do, and by which ours is spent early.
SOON, ENOUGH, AHEAD = 5.0, 10.0, 8.0
#: Seconds that a wait is longer than its sum, which may be rounded down to when nothing fits yet.
ROUNDING = 0.001
#: What a call that was refused by a limit counts against the day, and one that only asks for
#: complexity (developer.monday.com, rate limits).
LIGHT_CALL = 0.1


@dataclass
class Minute:
    """A budget that fills up a minute after its first use, and that others use too.

    Where others are seen, ours is spent over the minute and not at its beginning: each answer
    tells what they use, and what they leave is ours towards the end.
    """

    quota: int
    #: Spent by everybody since the minute began, and by us.
    used: float = 0.0
    ours: float = 0.0
    began: float = -MINUTE
    resets: float = 0.0
    #: What others spend in a minute on the average, and how far a minute is from it.
    others: float = 0.0
    _varies: float = 0.0
    #: Minutes that the average rests on; the first ones weigh more.
    _minutes: float = 0.0
    #: When the server told last what is left, and what others had used by then.
    _told: float = 0.0
    _theirs: float = 0.0
    #: The first word of the server: what was used before it may have been ours, of another run.
    _first: tuple[float, float] | None = None
    #: When the minute before this one was over, as we thought.
    _ended: float = -MINUTE
    #: The end of the minute in which it was asked what is left.
    _asked: float = 0.0
    #: Whether ours still waits for room near the end of this minute.
    _waits: bool = False

    @property
    def share(self) -> float:
        """What others leave of a minute."""
        return self.quota - min(max(self.others, PROBE * self.quota), self.quota)

    @property
    def shared(self) -> bool:
        """Whether others are there."""
        return self.others > PROBE * self.quota

    def fits(self, price: float, now: float) -> int:
        """How many of this price fit now; one that is above the quota fits an unused minute."""
        self._roll(now)
        room = self.quota - self.used - self._kept()
        if self.shared and now - self.began + AHEAD < MINUTE:
            room = min(room, self.share * (now - self.began + AHEAD) / MINUTE - self.ours)
        return max(int(room // price), int(self.used == 0))

    def wait(self, price: float, count: int, now: float) -> float:
        """Seconds until it is worth to look again; 0 when a good part of so many fits now."""
        # Where room comes with time it is waited for longer: fewer calls, and no slower.
        part, unused = count // (2 if self.shared else 4), self.share - MARGIN * self._varies
        enough = max(min(part, int(unused // price)), 1)
        if self.fits(price, now) >= enough:
            return 0.0
        spent = (self.ours + enough * price) / max(self.share, 1) * MINUTE
        due = self.began + spent - AHEAD + ROUNDING
        if not self.shared:
            return self.resets - now
        self._waits = self._waits or self.resets - now <= LOOK
        moments = (due, self.resets - LOOK, self.resets)
        return min(moment for moment in moments if moment > now or moment == self.resets) - now

    def asks(self, now: float) -> bool:
        """Whether it is time to ask what others have left of this minute: once in each."""
        if not self.shared or self._asked == self.resets or not 0 < self.resets - now <= LOOK:
            return False
        self._asked = self.resets
        return True

    def spend(self, amount: float) -> None:
        """Reserve for a request of ours, or correct it by what it took."""
        self.used += amount
        self.ours += amount

    def give_back(self, amount: float, since: float) -> None:
        """What was reserved then is not used; a minute that began later does not hold it."""
        if since >= self.began:
            self.spend(-amount)

    def learn(self, left: int, fresh: float, resets_in: float | None, now: float) -> None:
        """Take the server's word; it may not know yet what left here a moment ago (`fresh`)."""
        self._roll(now)
        self.used = self.quota - left + fresh
        # One that the server began while our last was not over may hold what we used in that.
        older = resets_in is not None and now + resets_in - MINUTE + SOON < self._ended
        if resets_in is not None:
            # Whole seconds, rounded up: of several answers in a minute the earliest is nearest.
            ends, first = now + resets_in, self._told == self.began
            self.resets = ends if first or ends > self.resets + 1 else min(ends, self.resets)
        # Of what is fresh some is counted already: this much, and not less, is theirs.
        self._told, self._theirs = now, max(self._theirs, self.quota - left - self.ours)
        if self._first is None or older:
            self._first = now, self._theirs
        known, seen = self._seen()
        if not self.shared and known > SOON and seen > PROBE * self.quota:
            self.expect(seen)
            self._minutes = 0.0

    def expect(self, others: float) -> None:
        """Others are there of whom this is known, and not how much it varies."""
        # Of another token's budget it may be more than there is: something is ours always.
        others = min(others, (1 - PROBE) * self.quota)
        self.others, self._varies, self._minutes = others, others / 2, 1 / NEWEST

    def _roll(self, now: float) -> None:
        """Begin a new minute when the last one is over, wiser by what others did in it."""
        if now < self.resets:
            return
        known, seen = self._seen()
        # A minute that began here just before the server's own ended tells nothing.
        if known > ENOUGH and self.resets - self.began > ENOUGH:
            # Who was not seen at all has gone: that is no less sure for being told early.
            part, off = known / MINUTE, seen - self.others
            self.others += (max(NEWEST, 1 / (1 + self._minutes)) * part if seen else GONE) * off
            self._varies += (NEWEST * part if seen else GONE) * (abs(off) - self._varies)
            self._minutes += part
        elif self._waits and self.resets - self._told > ENOUGH:
            # What is left to others may itself keep answers away: it would be left for good.
            self.others *= 1 - NEWEST
            self._varies *= 1 - NEWEST
        if self._first:
            self._first = -MINUTE, 0.0
        self.used = self.ours = self._theirs = 0.0
        self._waits = False
        self.began, self._told, self._ended = now, now, self.resets
        self.resets = now + MINUTE

    def _seen(self) -> tuple[float, float]:
        """For how many seconds others were seen in this minute, and what a whole one comes to."""
        since, before = self._first or (0.0, 0.0)
        since = max(self.resets - MINUTE, since)
        known = max(self._told - since, 0.0)
        return known, (self._theirs - before) * MINUTE / known if known else 0.0

    def _kept(self) -> float:
        """What others may still want in this minute."""
        left = max(self.resets - self._told, LEFT_TO_OTHERS) / MINUTE
        return (self.quota - self.share) * left + MARGIN * self._varies * math.sqrt(left)


class Day:
    """The calls of a UTC day: all of them count, and only a share of them may be used to write."""

    def __init__(self, calls: int, clock: Callable[[], float]) -> None:
        self.calls = calls
        self.clock = clock
        self._day = ""
        #: Calls of this account that were counted before this process began, and since.
        self.before = 0.0
        self.since = 0.0

    @property
    def today(self) -> str:
        """The date in UTC."""
        return dt.datetime.fromtimestamp(self.clock(), dt.UTC).date().isoformat()

    @property
    def left(self) -> float:
        """Calls that may still be used today."""
        self._turn()
        return max(self.calls - self.before - self.since, 0.0)

    def count(self, calls: float) -> None:
        """Count a call, or what turned out to be less than one."""
        self._turn()
        self.since += calls

    def to_enter(self) -> tuple[str, float]:
        """The date, and the calls of it that are only counted here."""
        self._turn()
        return self._day, self.since

    def entered(self, day: str, calls: float, before: float) -> None:
        """So many calls of a day are counted elsewhere now, with those of other processes."""
        self._turn()
        # Midnight may have come while they were entered: they are none of the new day's.
        if day == self._day:
            self.since -= calls
            self.before = before

    def require(self) -> None:
        """Raise DayUsed when no call is left."""
        if self.left < 1:
            raise DayUsed(
                f"the {self.calls} calls that may be used on {self._day} (UTC) are used",
                hint="run it again after 00:00 UTC: it goes on from there",
            )

    def _turn(self) -> None:
        today = self.today
        if self._day and self._day != today:
            self.before = self.since = 0.0
        self._day = today

"""How large the requests of one board are, and how many of them are under way at a time.

Both grow while all goes well and shrink when it does not: the size by how long requests take and
whether they achieve anything, the number by what monday says of too many (423, 429).
"""

from __future__ import annotations

from customer_orders.config import MondaySettings
from customer_orders.plan import FIRST_LANES, FIRST_SIZE, TARGET_SECONDS

#: Seconds after which a request is too large. A little more than it is to take, so that a size
#: that fits is found from below, and stays.
LONGEST = 1.05 * TARGET_SECONDS


class Pace:
    """Learns from every request of one board."""

    def __init__(self, most: MondaySettings) -> None:
        self._most_size, self._most_lanes = most.aliases, most.in_flight
        self._size = float(min(FIRST_SIZE, self._most_size))
        self._lanes = float(min(FIRST_LANES, self._most_lanes))
        #: By how much a request could be larger, as the last answer tells.
        self._growth = 2.0
        #: When the number of lanes was cut; what left before says nothing new.
        self._cut = 0.0

    @property
    def size(self) -> int:
        """Mutations in one request."""
        return int(self._size)

    @property
    def lanes(self) -> int:
        """Requests under way at a time."""
        return int(self._lanes)

    def answered(self, count: int, seconds: float) -> None:
        """A request of so many mutations took this long, and there was room for it."""
        self._growth = min(LONGEST / max(seconds, LONGEST / 2), 2.0)
        if self._growth < 1:
            self._size = max(count * self._growth, 1.0)
        self._lanes = min(self._lanes + 1 / self._lanes, self._most_lanes)

    def achieved(self, count: int) -> None:
        """Something of a request was done: larger ones, where time allows."""
        self._size = min(max(self._size, count * self._growth), self._most_size)

    def in_vain(self, count: int) -> None:
        """Nothing of a request was done: smaller ones."""
        self._size = max(count // 2, 1)

    def crowded(self, sent: float, now: float) -> None:
        """Too many at a time, monday says of a request that left then: half as many."""
        if sent >= self._cut:
            self._cut, self._lanes = now, max(self._lanes / 2, 1.0)

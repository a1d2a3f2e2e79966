"""Another program of the same account: it takes its share at random, and drops what is refused."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from customer_orders.emulator import Monday
from customer_orders.emulator.errors import Refusal

#: Complexity of its requests: a few creates, or a page of a board.
SMALLEST, LARGEST = 60_000, 240_000


class Neighbour:
    """Asks at random moments for random amounts: `share` of every minute on the average."""

    def __init__(self, monday: Monday, share: float, seed: int) -> None:
        self._limits = monday.limits
        mean = (SMALLEST + LARGEST) / 2
        taken = monday.settings.complexity_limit() * share
        #: Mean seconds between two requests; one that takes nothing never asks.
        self._gap = 60 * mean / taken if taken else math.inf
        self._random = random.Random(seed)
        self.asked = self.refused = 0
        #: Complexity that it was given.
        self.given = 0

    def seen(self) -> tuple[int, int, int]:
        """Complexity that it was given, requests, and how many of them were refused."""
        return self.given, self.asked, self.refused

    def since(self, before: tuple[int, int, int]) -> tuple[int, int, int]:
        """The same since it was `seen`."""
        given, asked, refused = before
        return self.given - given, self.asked - asked, self.refused - refused

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """It works as long as the block does."""
        task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _work(self) -> None:
        while self._gap < math.inf:
            await asyncio.sleep(self._random.expovariate(1 / self._gap))
            cost = self._random.randint(SMALLEST, LARGEST)
            self.asked += 1
            try:
                self._limits.admit("mutation", cost, 1, light=False)
                self.given += cost
            except Refusal:
                self.refused += 1

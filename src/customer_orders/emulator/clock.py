"""Time is handed in: the core runs in real time on a port, in virtual time in a simulation."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """What the core needs of time."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` go by."""


class RealClock:
    """The machine's own clock, which tests on a port may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@lru_cache(maxsize=10_000)  # the cells of an item share a moment
def iso(moment: float) -> str:
    """A moment as monday writes it: `2026-10-01T09:00:00Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch(text: str) -> float:
    """The reverse of `iso`."""
    return datetime.fromisoformat(text).timestamp()

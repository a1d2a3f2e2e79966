"""A loop whose time only passes when everybody waits: minutes go by in no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Skipping(selectors.DefaultSelector):
    """Where a loop would wait for its next timer, the clock is put forward instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        """What is ready now; the time that would have been waited is skipped."""
        ready = super().select(0)
        if not ready and timeout:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own."""

    def __init__(self) -> None:
        self.now = 1_000.0
        selector = _Skipping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Virtual seconds."""
        return self.now


def virtually(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """What the work comes to, and how many virtual seconds it took."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        begun = runner.get_loop().time()
        result = runner.run(work)
        return result, runner.get_loop().time() - begun


class LoopClock:
    """The emulator's clock on the loop's time."""

    def now(self) -> float:
        """Seconds since some moment."""
        return 1_790_000_000.0 + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Let them go by."""
        await asyncio.sleep(seconds)

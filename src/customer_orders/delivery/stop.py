"""Ends a run early and in good order: nothing new begins, what is under way is recorded."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from types import FrameType
from typing import TypeVar

import structlog

from customer_orders.errors import CustomerOrdersError, Stopped

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = structlog.get_logger()


class Stop:
    """Whether a run is to end early, and why. The first reason counts."""

    def __init__(self) -> None:
        self.reason: CustomerOrdersError | None = None
        self._asked = asyncio.Event()

    def ask(self, reason: CustomerOrdersError) -> None:
        """Nothing new begins from here on."""
        self.reason = self.reason or reason
        self._asked.set()

    def check(self) -> None:
        """Raise the reason, if there is one."""
        if self.reason:
            raise self.reason

    async def unless(self, work: Awaitable[T]) -> T:
        """The result of work that may be given up. Raises the reason when that comes first."""
        working = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                self.check()
            return await working
        finally:
            asked.cancel()
            working.cancel()


@asynccontextmanager
async def stopping() -> AsyncIterator[Stop]:
    """A stop that SIGINT and SIGTERM ask for; a second one ends the process at once.

    Only the main thread of a process is told of signals; elsewhere nothing asks.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    loop = asyncio.get_running_loop()

    def told(number: int, _frame: FrameType | None) -> None:
        # The second one finds no handler of ours: the process ends as after a crash.
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        loop.call_soon_threadsafe(_ask, stop, signal.Signals(number).name)

    before = {each: signal.signal(each, told) for each in SIGNALS}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _ask(stop: Stop, name: str) -> None:
    log.warning("stopping", signal=name, what="what is under way is recorded first")
    stop.ask(
        Stopped(
            f"stopped by {name}: what was under way is recorded, the rest is still open",
            hint="run it again: it goes on from there",
        )
    )

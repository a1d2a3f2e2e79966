"""Something that is done again and again beside a run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def repeating(step: Callable[[], Awaitable[None]], every: float) -> AsyncIterator[None]:
    """Do the step every so many seconds, until the block ends and no step is under way."""
    stepping = asyncio.Lock()

    async def repeat() -> None:
        while True:
            await asyncio.sleep(every)
            async with stepping:
                await step()

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        async with stepping:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task

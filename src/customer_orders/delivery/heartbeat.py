"""Holds the boards that a run writes to, and shows that the holder is alive."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from customer_orders.config import Settings
from customer_orders.delivery.repeating import repeating
from customer_orders.errors import LedgerError
from customer_orders.ledger import Ledger, locks
from customer_orders.ledger.locks import Lock

log = structlog.get_logger()


@asynccontextmanager
async def holding(settings: Settings, ledger: Ledger, run_id: str) -> AsyncIterator[list[Lock]]:
    """Every configured board, locked until the end. Raises LockHeld."""
    holder = f"{_user()}@{socket.gethostname()} process {os.getpid()}"
    stale = settings.time.lock_stale
    async with AsyncExitStack() as stack:
        held: list[Lock] = []
        for board in settings.boards:
            lock = locks.acquire(ledger, board.id, holder, run_id, stale)
            stack.callback(locks.release, ledger, lock)
            held.append(lock)
        await stack.enter_async_context(_beating(ledger, held, stale))
        yield held


@asynccontextmanager
async def _beating(ledger: Ledger, held: Sequence[Lock], stale: float) -> AsyncIterator[None]:
    """Beat four times within the time after which a lock is stale.

    A lost lock is only told here: the next claim or recording meets it, inside its transaction.
    """

    async def beat() -> None:
        for lock in held:
            try:
                await asyncio.to_thread(locks.beat, ledger, lock)
            except LedgerError as exc:
                # A busy ledger may take the next beat.
                log.warning("no heartbeat", board=lock.board, why=exc.message)

    async with repeating(beat, stale / 4):
        yield


def _user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return "unknown user"  # a container may run under a number without a name

"""Carries what is known of the account from one run to the next: calls, other programs, prices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from customer_orders.delivery.repeating import repeating
from customer_orders.errors import LedgerError
from customer_orders.ledger import Ledger, accounts
from customer_orders.monday import Session

#: Seconds between two entries: what a crash leaves uncounted.
PERIOD = 15.0

log = structlog.get_logger()


def recall(ledger: Ledger, session: Session) -> None:
    """What earlier runs learned of this account; the day is that of the ledger's clock."""
    client = session.client
    day = client.governor.day
    day.clock = ledger.clock
    known = accounts.known(ledger, session.account, day.today)
    day.before = known.calls
    client.governor.writing.expect(known.others)
    client.prices = {**known.prices, **client.prices}


@asynccontextmanager
async def accounting(ledger: Ledger, session: Session) -> AsyncIterator[None]:
    """Count in the ledger while a run goes on, and at its end."""
    recall(ledger, session)

    async def count() -> None:
        # While nothing is sent there is nothing to count.
        if session.client.governor.day.since:
            await asyncio.to_thread(_enter, ledger, session)

    try:
        async with repeating(count, PERIOD):
            yield
    finally:
        _enter(ledger, session)


def _enter(ledger: Ledger, session: Session) -> None:
    client = session.client
    day = client.governor.day
    (today, calls), others = day.to_enter(), client.governor.writing.others
    more = accounts.Known(calls=calls, others=others, prices=client.prices)
    try:
        before = accounts.keep(ledger, session.account, today, more)
    except LedgerError as exc:
        # A busy ledger may take the next entry; a run does not fail for its count.
        log.warning("calls not counted", account=session.account, why=exc.message)
    else:
        day.entered(today, calls, before)

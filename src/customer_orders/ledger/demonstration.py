"""A ledger that the demo fills: how it is told from any other, and how it begins anew."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from customer_orders.ledger import events
from customer_orders.ledger.database import Ledger
from customer_orders.ledger.schema import account_day, event, metadata, price, run

#: An event that no run has.
MARK = "demo"


def may_begin(ledger: Ledger, account: str) -> bool:
    """Whether it holds nothing, or what a demo left there for this account of the emulator's."""
    if ledger.revision() is None:
        return True
    with ledger.transaction() as connection:
        if not connection.scalar(select(func.count()).select_from(run)):
            return True
        mark = select(func.count()).select_from(event).where(event.c.name == MARK)
        accounts = {
            *connection.scalars(select(account_day.c.account)),
            *connection.scalars(select(price.c.account)),
        }
        return bool(connection.scalar(mark)) and accounts <= {account}


def begin_anew(ledger: Ledger) -> None:
    """Take out every row, and mark it as the demo's. Its tables must be there."""
    with ledger.transaction() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        events.note(connection, ledger.clock(), MARK, MARK, {})

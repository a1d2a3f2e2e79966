"""What is known of an account of monday's: the calls of a day, and what mutations cost."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, insert, select, update

from customer_orders.ledger.database import Ledger
from customer_orders.ledger.schema import account_day, price


def known(ledger: Ledger, account: str, day: str) -> tuple[float, dict[str, float]]:
    """Calls of that day so far, and document -> what one of it costs."""
    calls = select(account_day.c.calls).where(
        account_day.c.account == account, account_day.c.day == day
    )
    costs = select(price.c.document, price.c.cost).where(price.c.account == account)
    with ledger.transaction() as connection:
        prices = {row.document: row.cost for row in connection.execute(costs)}
        return connection.scalar(calls) or 0.0, prices


def keep(
    ledger: Ledger, account: str, day: str, calls: float, prices: Mapping[str, float]
) -> float:
    """Add calls to a day and keep the newest prices. Returns the calls of the day by everybody."""
    of_day = (account_day.c.account == account, account_day.c.day == day)
    with ledger.transaction() as connection:
        before = connection.scalar(select(account_day.c.calls).where(*of_day))
        if before is None:
            first = {"account": account, "day": day, "calls": calls}
            connection.execute(insert(account_day).values(first))
        else:
            connection.execute(update(account_day).where(*of_day).values(calls=before + calls))
        connection.execute(delete(price).where(price.c.account == account))
        rows = [{"account": account, "document": d, "cost": c} for d, c in sorted(prices.items())]
        if rows:
            connection.execute(insert(price), rows)
    return (before or 0.0) + calls

"""What is known of an account of monday's: calls of a day, what others use, prices of mutations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from customer_orders.ledger.bulk import fill
from customer_orders.ledger.database import Ledger, patient
from customer_orders.ledger.schema import account_day, price


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What one run tells the next."""

    #: Calls of a day.
    calls: float
    #: Complexity of a minute that other programs use on the average, as seen last.
    others: float = 0.0
    #: Document -> what one of it costs.
    prices: Mapping[str, float]


@patient
def known(ledger: Ledger, account: str, day: str) -> Known:
    """The calls of that day, and the newest of the rest."""
    calls = select(account_day.c.calls).where(
        account_day.c.account == account, account_day.c.day == day
    )
    others = select(account_day.c.others).where(account_day.c.account == account)
    costs = select(price.c.document, price.c.cost).where(price.c.account == account)
    with ledger.transaction() as connection:
        return Known(
            calls=connection.scalar(calls) or 0.0,
            others=connection.scalar(others.order_by(account_day.c.day.desc()).limit(1)) or 0.0,
            prices={row.document: row.cost for row in connection.execute(costs)},
        )


@patient
def keep(ledger: Ledger, account: str, day: str, more: Known) -> float:
    """Add its calls to a day and keep the rest of it. Returns the calls of the day by everybody."""
    of_day = (account_day.c.account == account, account_day.c.day == day)
    with ledger.transaction() as connection:
        before = connection.scalar(select(account_day.c.calls).where(*of_day))
        calls = (before or 0.0) + more.calls
        values = {"calls": calls, "others": more.others}
        if before is None:
            first = {"account": account, "day": day, **values}
            connection.execute(insert(account_day).values(first))
        else:
            connection.execute(update(account_day).where(*of_day).values(values))
        connection.execute(delete(price).where(price.c.account == account))
        costs = sorted(more.prices.items())
        rows = [{"account": account, "document": d, "cost": cost} for d, cost in costs]
        fill(connection, price, rows)
    return calls

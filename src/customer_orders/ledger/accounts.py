"""What is known of an account of monday's: calls of a day, what others use, prices of mutations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, delete, select, update

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


_of_account: BindParameter[str] = bindparam("of_account")
_of_day = (account_day.c.account == _of_account, account_day.c.day == bindparam("of_day"))
CALLS = select(account_day.c.calls).where(*_of_day)
OTHERS = (
    select(account_day.c.others)
    .where(account_day.c.account == _of_account)
    .order_by(account_day.c.day.desc())
    .limit(1)
)
PRICES = select(price.c.document, price.c.cost).where(price.c.account == _of_account)
COUNT = (
    update(account_day)
    .where(*_of_day)
    .values(calls=account_day.c.calls + bindparam("more"), others=bindparam("others"))
)
FORGET = delete(price).where(price.c.account == _of_account)


@patient
def known(ledger: Ledger, account: str, day: str) -> Known:
    """The calls of that day, and the newest of the rest."""
    of = {"of_account": account}
    with ledger.transaction() as connection:
        return Known(
            calls=connection.scalar(CALLS, of | {"of_day": day}) or 0.0,
            others=connection.scalar(OTHERS, of) or 0.0,
            prices={row.document: row.cost for row in connection.execute(PRICES, of)},
        )


@patient
def keep(ledger: Ledger, account: str, day: str, more: Known) -> float:
    """Add its calls to a day and keep the rest of it. Returns the calls of the day by everybody."""
    of_day = {"of_account": account, "of_day": day}
    costs = [
        {"account": account, "document": document, "cost": cost}
        for document, cost in sorted(more.prices.items())
    ]
    counted = of_day | {"more": more.calls, "others": more.others}
    with ledger.transaction() as connection:
        # Added by the engine: another process counts the same day.
        if not connection.execute(COUNT, counted).rowcount:
            first = {"account": account, "day": day, "calls": more.calls, "others": more.others}
            fill(connection, account_day, [first])
        connection.execute(FORGET, {"of_account": account})
        fill(connection, price, costs)
        return float(connection.scalar(CALLS, of_day) or 0.0)

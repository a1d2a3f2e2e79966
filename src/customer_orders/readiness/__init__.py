"""Whether a run can go: everything that can be known without writing, each with what mends it."""

from __future__ import annotations

from customer_orders.config import Settings
from customer_orders.readiness.boards import account
from customer_orders.readiness.needs import needs
from customer_orders.readiness.places import configuration, ledger, source_rows
from customer_orders.report import Check

__all__ = ["check"]


async def check(settings: Settings) -> list[Check]:
    """One row per question. A row that fails hides no other that can be asked without it."""
    rows = [configuration(settings), *source_rows(settings), ledger(settings)]
    of_account = await account(settings)
    # The ledger is no part of it: what is asked next can be answered for an empty one.
    open_way = all(row.holds for row in (*rows[:-1], *of_account))
    return [*rows, *of_account, *await needs(settings, open_way=open_way)]

"""The only writer of our tables: snapshot, runs, operations, items, findings, events, locks."""

from customer_orders.ledger import (
    claiming,
    demonstration,
    knowledge,
    locks,
    reading,
    rechecks,
    recording,
    retelling,
    runs,
)
from customer_orders.ledger.database import Ledger, deployed
from customer_orders.ledger.schema import Move, RunStatus, State

__all__ = [
    "Ledger",
    "Move",
    "RunStatus",
    "State",
    "claiming",
    "demonstration",
    "deployed",
    "knowledge",
    "locks",
    "reading",
    "rechecks",
    "recording",
    "retelling",
    "runs",
]

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
    shape,
)
from customer_orders.ledger.database import Ledger, deployed, head
from customer_orders.ledger.schema import SCHEMA, Move, RunStatus, State

__all__ = [
    "SCHEMA",
    "Ledger",
    "Move",
    "RunStatus",
    "State",
    "claiming",
    "demonstration",
    "deployed",
    "head",
    "knowledge",
    "locks",
    "reading",
    "rechecks",
    "recording",
    "retelling",
    "runs",
    "shape",
]

"""Which lines are new, changed, unchanged or missing: row hashes against the snapshot."""

from customer_orders.changes.detect import Changes, Columns, Tally, detect
from customer_orders.changes.identity import line_uuid

__all__ = ["Changes", "Columns", "Tally", "detect", "line_uuid"]

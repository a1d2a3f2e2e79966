"""Which lines are new, changed, unchanged or missing: row hashes against the snapshot."""

from customer_orders.changes.detect import Changes, Columns, detect
from customer_orders.changes.identity import line_uuid

__all__ = ["Changes", "Columns", "detect", "line_uuid"]

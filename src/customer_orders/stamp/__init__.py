"""Writes record_uuid and row_hash beside the rows of the source table, where that is wanted.

No run needs them or reads them: lines are known by their key columns. They are for other programs
on the same table, and go away with a table that a load rebuilds.
"""

from customer_orders.stamp.fill import Stamped, stamp
from customer_orders.stamp.marks import HASH, OTHER_UUID, UUID, Marks, missing_marks, named

__all__ = [
    "HASH",
    "OTHER_UUID",
    "UUID",
    "Marks",
    "Stamped",
    "missing_marks",
    "named",
    "stamp",
]

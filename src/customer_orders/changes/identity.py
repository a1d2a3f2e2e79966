"""How a line is named: the same rule as `detect.sql`, for single lines in Python."""

from __future__ import annotations

import uuid

from customer_orders.model import KEY_SEPARATOR

#: Namespace of every record_uuid; `detect.sql` holds its 16 bytes, and a test compares the two.
NAMESPACE = uuid.UUID("6f0c5a0e-4b1d-5c0a-9d57-2f3e8a41c7d2")


def line_uuid(line_key: str, ordinal: int) -> str:
    """UUIDv5 of a normalised line key; the ordinal is appended when above 1."""
    name = line_key if ordinal == 1 else f"{line_key}{KEY_SEPARATOR}{ordinal}"
    return str(uuid.uuid5(NAMESPACE, name))

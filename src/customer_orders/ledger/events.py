"""The events of requests and runs, in the order they happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from customer_orders.ledger.rows import to_json
from customer_orders.ledger.schema import event

EVENT = insert(event)


def note(
    connection: Connection,
    now: float,
    run_id: str,
    name: str,
    detail: Mapping[str, Any],
    request_id: str | None = None,
) -> None:
    """Write one event."""
    connection.execute(
        EVENT,
        {
            "run_id": run_id,
            "request_id": request_id,
            "at": now,
            "name": name,
            "detail": to_json(detail),
        },
    )

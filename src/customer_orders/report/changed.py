"""What an operation changes, cell by cell: before and after, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from customer_orders.model import KEY_SEPARATOR
from customer_orders.plan import Target

#: What changed, what stood there, what stands there now.
CellChange = tuple[str, Any, Any]


def cells(
    kind: str, size: str | None, payload: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterator[CellChange]:
    """The cells that an operation on an item or a subitem writes."""
    if kind == Target.SUBITEM:
        # A size is one number; the column that holds its name says nothing new.
        values = payload.get("values", {})
        numbers = {t: v for t, v in values.items() if v != size} or dict(islice(values.items(), 1))
        for title, value in numbers.items():
            yield f"size {size}", before.get("values", {}).get(title), value
        return
    for part in ("group", "name"):
        if part in payload:
            yield part, before.get(part), payload[part]
    for title, value in payload.get("values", {}).items():
        yield title, before.get("values", {}).get(title), value


def order_of(line_key: str | None) -> str | None:
    """What people call a line: the first part of its key, the order number."""
    return line_key.split(KEY_SEPARATOR, 1)[0] if line_key else None

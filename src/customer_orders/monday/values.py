"""Canonical values to monday's column values and back (monday's documents, column values)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from customer_orders.model import BoardColumn, Cell


def encode(column: BoardColumn, cell: Cell) -> Any:
    """The JSON that `column_values` takes for this column; null clears every type."""
    if cell is None:
        return None
    match column.type:
        case "long_text":
            return {"text": cell}
        case "date":
            return {"date": cell}
        case "dropdown":
            return {"labels": [cell]}
        case "status":
            # A label that looks like a number would be read as an index.
            if cell.isdigit() and cell in column.label_ids:
                return {"index": column.label_ids[cell]}
            return {"label": cell}
        case _:
            return cell


def decode(shown: Mapping[str, Any]) -> Cell:
    """The canonical value of a column value as the documents select it."""
    match shown["type"]:
        case "dropdown":
            labels = [value["label"] for value in shown.get("values") or ()]
            return ", ".join(labels) or None
        case "status":
            return shown.get("label") or None
        case "numbers":
            return _number(shown["text"])
        case _:
            return shown["text"] or None


def _number(text: str | None) -> Cell:
    """Without trailing zeros, as mapping writes it; monday may show 12.50 for 12.5."""
    if not text:
        return None
    try:
        plain = format(Decimal(text.replace(",", "")), "f")
    except InvalidOperation:
        return text
    return plain.rstrip("0").rstrip(".") if "." in plain else plain

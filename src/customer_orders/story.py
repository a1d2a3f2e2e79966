"""One line's story: its source row, what it should show and what was delivered, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from customer_orders import mapping
from customer_orders.config import Settings
from customer_orders.draft import line_of
from customer_orders.errors import CustomerOrdersError
from customer_orders.ledger import Ledger, deployed, knowledge, reading
from customer_orders.model import Cell, DeliveredItem, Held, Item, OrderLine
from customer_orders.monday import connect

Document = dict[str, Any]


async def story(settings: Settings, wanted: str) -> Document | None:
    """Everything behind an id; None when nothing in the ledger has it.

    Of a line also what only source and board can tell; where they cannot be read, why not.
    """
    with deployed(settings.ledger_url) as ledger:
        found = reading.show(ledger, wanted)
        if found is None or "operations" not in found or "run" in found:
            return found
        record_uuid = _line_of(found)
        try:
            return found | await _today(settings, ledger, record_uuid)
        except CustomerOrdersError as exc:
            return found | {"today": None, "why": exc.message}


def _line_of(found: Document) -> str:
    """The record_uuid that the parts of a story are about."""
    parts = [found["line"], found["item"], *found["operations"], *found["findings"]]
    return next(str(part["record_uuid"]) for part in parts if part)


async def _today(settings: Settings, ledger: Ledger, record_uuid: str) -> Document:
    async with connect(settings) as session:
        rules = mapping.Rules.of(settings, session.boards)
        line = await asyncio.to_thread(line_of, settings, ledger, rules, record_uuid)
        delivered = knowledge.delivered_items(ledger, [record_uuid]).get(record_uuid)
        link = await session.api.link(delivered.monday_id) if delivered else None
        result = mapping.render(line, rules)[0] if line else None
    return {
        "today": {
            "source": _source(line) if line else None,
            "held": result.finding.message if isinstance(result, Held) else None,
            **_beside(settings, result if isinstance(result, Item) else None, delivered),
            "link": link,
        }
    }


def _source(line: OrderLine) -> Document:
    filled = {column: cell for column, cell in line.values.items() if cell is not None}
    return {
        "row": line.row,
        "line_key": line.line_key,
        "row_hash": line.row_hash,
        "cells": filled,
        "sizes": dict(line.sizes),
    }


def _beside(settings: Settings, desired: Item | None, delivered: DeliveredItem | None) -> Document:
    """Name, group, cells and sizes: what should be shown, and what was delivered."""
    quantity = settings.mapping.subitem_quantity
    now: dict[str, Cell] = {"Name": desired.name, "Group": desired.group} if desired else {}
    was: dict[str, Cell] = {"Name": delivered.name, "Group": delivered.group} if delivered else {}
    now |= desired.values if desired else {}
    was |= delivered.values if delivered else {}
    ordered = {s.size: s.quantity for s in desired.subitems} if desired else {}
    sent = {s: x.values.get(quantity) for s, x in delivered.subitems.items()} if delivered else {}
    return {"values": _pairs(now, was), "sizes": _pairs(ordered, sent)}


def _pairs(desired: Mapping[str, Cell], delivered: Mapping[str, Cell]) -> dict[str, Document]:
    return {
        what: {"desired": desired.get(what), "delivered": delivered.get(what)}
        for what in {**desired, **delivered}
        if (desired.get(what), delivered.get(what)) != (None, None)
    }

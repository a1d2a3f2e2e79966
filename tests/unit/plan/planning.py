"""An order line, the item it should be and the item it was, for the tests of planning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from customer_orders.model import (
    Cell,
    DeliveredItem,
    DeliveredSubitem,
    Finding,
    Held,
    Item,
    Kind,
    OrderLine,
    Subitem,
)
from customer_orders.plan import (
    MUTATION_COST,
    Action,
    Allowance,
    Knowledge,
    Operation,
    Plan,
    PlannedLine,
    Target,
    ensure_groups,
    make,
)

BOARD = "9000000001"
LINE = "11111111-1111-5111-8111-111111111111"
GROUP = "TORVANE 2025 FALL"
NAME = "MFA25B60 417 - MALTESE BLUE TOR-00001"
VALUES: Mapping[str, Cell] = {
    "CUSTOMER": "TORVANE",
    "ORDER TYPE": "RECEIVED",
    "ORDER QTY": "180",
    "CUSTOMER PRICE": "12.5",
    "DROP": None,
    "LINE KEY": LINE,
}
SIZES = {"M": "100", "L": "80"}
GROUPS = {BOARD: {GROUP: "group_1"}}
CREATE, MAKE_SIZE = (Target.ITEM, Action.CREATE), (Target.SUBITEM, Action.CREATE)


def allowed(**other: Any) -> Allowance:
    """What a personal token of the plan pro may do, with nothing used of it."""
    usual: dict[str, Any] = {
        "complexity": 10_000_000,
        "shared": False,
        "others_known": True,
        "calls_left": 10_000,
        "calls_a_day": 10_000,
        "aliases": 50,
        "in_flight": 12,
        "prices": dict.fromkeys((CREATE, MAKE_SIZE), MUTATION_COST),
    }
    return Allowance(**usual | other)


def item(
    values: Mapping[str, Cell] = VALUES, sizes: Mapping[str, str] = SIZES, **parts: Any
) -> Item:
    """What the board should show."""
    wanted = Item(
        record_uuid=LINE,
        row_hash="h1",
        customer="TORVANE",
        board=BOARD,
        group=GROUP,
        name=NAME,
        values=values,
        subitems=tuple(Subitem(size=size, quantity=pieces) for size, pieces in sizes.items()),
        po="100",
        season="2025 FALL",
    )
    return replace(wanted, **parts)


def subitem(size: str, quantity: str, number: int = 1) -> DeliveredSubitem:
    """A size as it was delivered."""
    return DeliveredSubitem(monday_id=f"7{number}", values={"Size": size, "Order Qty": quantity})


def delivered(wanted: Item) -> DeliveredItem:
    """The item as it stands on the board once it is delivered."""
    return DeliveredItem(
        record_uuid=wanted.record_uuid,
        monday_id="5001",
        board=wanted.board,
        group=wanted.group,
        name=wanted.name,
        values=dict(wanted.values),
        subitems={
            s.size: subitem(s.size, s.quantity, number)
            for number, s in enumerate(wanted.subitems, 1)
        },
    )


def order_line(record_uuid: str = LINE, row_hash: str = "h1") -> OrderLine:
    """The line that the item came from."""
    return OrderLine(
        record_uuid=record_uuid,
        line_key="TOR-00001\x1f100",
        ordinal=2,
        row=1,
        row_hash=row_hash,
        kind=Kind.CHANGED,
        values={},
        sizes={},
    )


def held(record_uuid: str | None = LINE) -> Held:
    """A line that is stopped."""
    finding = Finding(rule="customer", message="not known", record_uuid=record_uuid, row=7)
    return Held(record_uuid=record_uuid, customer="?", finding=finding, po="100", season="SP26")


def knowing(*known: DeliveredItem, **parts: Any) -> Knowledge:
    """What is known before planning; the group of the line is there."""
    items = {each.record_uuid: each for each in known}
    return Knowledge(**({"delivered": items, "groups": GROUPS} | parts))


def planned(
    wanted: Item | Held, knowledge: Knowledge | None = None
) -> tuple[PlannedLine, list[Operation]]:
    """The fate of one line, and its operations."""
    record_uuid = wanted.record_uuid or LINE
    (result,) = make([(order_line(record_uuid), wanted)], knowledge or knowing())
    return result


def shown(operations: list[Operation]) -> list[tuple[str, str, str | None, Any]]:
    """Operations in short: kind, action, size and payload."""
    return [(str(o.kind), str(o.action), o.size, json.loads(o.payload_text)) for o in operations]


def difference(wanted: Item, was: Item | None) -> list[tuple[str, str, str | None, Any]]:
    """The operations from one item to another, in short."""
    return shown(planned(wanted, knowing(*([delivered(was)] if was else [])))[1])


def plan_of(*wanted: Item, knowledge: Knowledge | None = None, **parts: Any) -> Plan:
    """The plan for several items."""
    knowledge = knowledge or Knowledge(delivered={})
    results = list(make([(order_line(i.record_uuid), i) for i in wanted], knowledge))
    operations = [o for _, made in results for o in made]
    return Plan(
        operations=(*ensure_groups(operations, knowledge), *operations),
        lines=tuple(line for line, _ in results),
        **({"unchanged": (), "findings": ()} | parts),
    )

"""The simulated world: a few order lines that change, a small board, and what it should show."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from customer_orders.config import Settings
from customer_orders.model import Kind, OrderLine

BOARD, SUBITEMS = "9000000001", "9000000002"
SIZES = ("S", "M", "L", "XL", "2XL")
CUSTOMERS = ("ALPHA", "BETA", "GAMMA")
SEASONS = ("2025 FALL", "2026 SPRING", "")
TYPES = ("ACTIVE", "ACTIVE", "ACTIVE", "CANCELLED")
OURS, PLANNER = "emulator-ours", "emulator-planner"
#: Seconds until which what was ever unknown is looked at again; longer than anything comes late.
RECHECK = 3_600


def settings(folder: str, aliases: int, **rules: str | int) -> Settings:
    """A small mapping; times as in production, for time is virtual."""
    document = {
        "source": {"file": "orders.csv", "key": ["NUMBER"], "anchor": [], "seasons": ["SEASON"]},
        "ledger": {"url": f"sqlite:///{folder}/ledger.db"},
        "monday": {"token": OURS, "url": "http://127.0.0.1/v2", "aliases": aliases, "in_flight": 3},
        "board": [{"id": BOARD, "name": "Orders"}],
        "mapping": {
            "profile": "none",
            "name": "{STYLE} {NUMBER}",
            "group": ["{CUSTOMER} {SEASON}", "{CUSTOMER} UNSEASONED"],
            "columns": {
                "STYLE": {"from": "STYLE"},
                "ORDER TYPE": {"from": "TYPE", "values": {t: t for t in TYPES}},
                "ORDER QTY": {"from": "TOTAL QTY"},
                "DUE": {"from": "DUE"},
            },
        },
        "customers": {name: [name] for name in CUSTOMERS},
        "rules": rules,
        "time": {"recheck": RECHECK},
        "guard": {"floor": 1_000_000},
        "report": {"folder": f"{folder}/reports"},
    }
    return Settings.model_validate(document)


def board() -> dict[str, Any]:
    """The emulator's first state."""
    columns = [
        {"id": "name", "title": "Name", "type": "name"},
        {"id": "subitems", "title": "Subitems", "type": "subtasks"},
        {"id": "text_1", "title": "STYLE", "type": "text"},
        {
            "id": "drop_1",
            "title": "ORDER TYPE",
            "type": "dropdown",
            "settings": {"labels": ["ACTIVE", "CANCELLED"]},
        },
        {"id": "num_1", "title": "ORDER QTY", "type": "numbers"},
        {"id": "date_1", "title": "DUE", "type": "date"},
        {"id": "text_9", "title": "NOTE", "type": "text"},
        {"id": "key_1", "title": "LINE KEY", "type": "text"},
    ]
    columns[1]["settings"] = {"boardIds": [SUBITEMS]}
    below = [
        {"id": "name", "title": "Name", "type": "name"},
        {"id": "size_1", "title": "Size", "type": "dropdown"},
        {"id": "qty_1", "title": "Order Qty", "type": "numbers"},
        {"id": "cut_1", "title": "Cut Qty", "type": "numbers"},
    ]
    return {
        "account": {"id": "1", "name": "Simulated", "plan": "enterprise"},
        "users": [
            {"id": "100", "name": "Ours", "token": OURS},
            {"id": "200", "name": "Planner", "token": PLANNER},
        ],
        "boards": [
            {"id": BOARD, "name": "Orders", "columns": columns, "subitems_board": SUBITEMS},
            {"id": SUBITEMS, "name": "Subitems of Orders", "columns": below},
        ],
    }


@dataclass
class Order:
    """One order line of the source."""

    number: str
    customer: str
    style: str
    season: str
    type: str
    due: str
    sizes: dict[str, int]

    @property
    def uuid(self) -> str:
        """Stands for record_uuid; detection itself is tested elsewhere."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:36]

    @property
    def cancelled(self) -> bool:
        return self.type == "CANCELLED"

    def values(self) -> dict[str, str | None]:
        """The cells as the source has them."""
        return {
            "NUMBER": self.number,
            "CUSTOMER NAME": self.customer,
            "STYLE": self.style,
            "SEASON": self.season or None,
            "TYPE": self.type,
            "DUE": self.due,
            "PO NUMBER": "1",
            "TOTAL QTY": str(sum(self.sizes.values())),
        }

    def line(self, kind: Kind, row: int) -> OrderLine:
        """The order line that detection would hand out."""
        sizes = {size: str(pieces) for size, pieces in self.sizes.items() if pieces}
        return OrderLine(
            record_uuid=self.uuid,
            line_key=self.number,
            ordinal=1,
            row=row,
            row_hash=self.row_hash,
            kind=kind,
            values=self.values(),
            sizes=sizes,
        )

    @property
    def row_hash(self) -> str:
        text = repr((self.values(), sorted(self.sizes.items())))
        return hashlib.sha256(text.encode()).hexdigest()

    def shown(self) -> dict[str, str | None]:
        """What the item must show: the oracle, written apart from the mapping."""
        total = 0 if self.cancelled else sum(self.sizes.values())
        return {
            "name": f"{self.style} {self.number}",
            "text_1": self.style,
            "drop_1": self.type,
            "num_1": str(total),
            "date_1": self.due,
        }

    def shown_sizes(self) -> dict[str, int]:
        """The sizes that must stand there with a quantity."""
        if self.cancelled:
            return {}
        return {size: pieces for size, pieces in self.sizes.items() if pieces}


@dataclass
class Source:
    """The orders, and how they change."""

    rng: random.Random
    lines: int
    orders: dict[str, Order] = field(default_factory=dict)
    #: What an order was before its last change, so that changes are taken back too.
    _before: dict[str, Order] = field(default_factory=dict)
    #: Orders that have left the source, and may come back.
    away: dict[str, Order] = field(default_factory=dict)
    _made: int = 0

    def __post_init__(self) -> None:
        for _ in range(self.lines):
            self._add()

    def _add(self) -> None:
        name = f"ORD-{self._made:05}"
        self._made += 1
        self.orders[name] = Order(
            number=name,
            customer=self.rng.choice(CUSTOMERS),
            style=f"STYLE{self.rng.randrange(9)}",
            season=self.rng.choice(SEASONS),
            type=self.rng.choice(TYPES),
            due=f"2026-0{self.rng.randint(1, 9)}-15",
            sizes=self._sizes(),
        )

    def _sizes(self) -> dict[str, int]:
        chosen = self.rng.sample(SIZES, self.rng.randrange(len(SIZES)))
        return {size: self.rng.randrange(0, 300, 10) for size in chosen}

    def change(self) -> None:
        """A day in the source: cells, sizes, types, seasons and new lines."""
        for order in list(self.orders.values()):
            roll = self.rng.random()
            before = replace(order)
            if order.number in self._before and roll > 0.6:
                self.orders[order.number] = self._before[order.number]
            elif roll < 0.15:
                order.sizes = self._sizes()
            elif roll < 0.22:
                order.type = self.rng.choice(TYPES)
            elif roll < 0.28:
                order.season = self.rng.choice(SEASONS)
            elif roll < 0.34:
                order.due = f"2026-0{self.rng.randint(1, 9)}-20"
            elif roll < 0.38:
                order.style = f"STYLE{self.rng.randrange(9)}"
            if self.orders[order.number] != before:
                self._before[order.number] = before
        self._come_and_go()
        for _ in range(self.rng.randrange(3)):
            self._add()

    def _come_and_go(self) -> None:
        for name in list(self.away):
            if self.rng.random() < 0.4:
                self.orders[name] = self.away.pop(name)
        for name in list(self.orders):
            if self.rng.random() < 0.06:
                self.away[name] = self.orders.pop(name)

    def detected(
        self, known: Mapping[str, tuple[str | None, str]], version: str, *, every_line: bool
    ) -> Iterator[OrderLine]:
        """Detection in short: `known` is record_uuid -> row_hash and mapping_version."""
        for row, order in enumerate(self.orders.values(), start=1):
            if order.uuid not in known:
                yield order.line(Kind.NEW, row)
            elif every_line or known[order.uuid] != (order.row_hash, version):
                yield order.line(Kind.CHANGED, row)

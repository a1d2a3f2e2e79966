"""What a history must end with: board and snapshot against source."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from planner import Planner
from sqlalchemy import func, select
from world import Order, Source

from customer_orders.ledger import Ledger, State
from customer_orders.ledger.schema import item as items
from customer_orders.ledger.schema import operation, run_line, snapshot
from customer_orders.plan import Outcome

Json = dict[str, Any]
FAILED = (
    select(run_line.c.line, operation.c.cell)
    .outerjoin(
        operation,
        (operation.c.record_uuid == run_line.c.line) & (operation.c.state == State.FAILED),
    )
    .where(
        run_line.c.outcome == Outcome.FAILED,
        run_line.c.run_id == select(func.max(run_line.c.run_id)).scalar_subquery(),
    )
)
PLANNER_ID = "200"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in the end."""

    #: `duplicate`, `lost`, `wrong` or `unconverged`.
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass
class Books:
    """What the ledger says in the end."""

    #: record_uuid -> row hash.
    snapshot: dict[str, str | None]
    #: Ids of the items that the ledger holds.
    linked: set[str]
    #: Lines that the last run counts as failed: titles of their refused cells; None stands for
    #: the line itself, a size, or its group.
    refused: dict[str, set[str | None]]

    @classmethod
    def read(cls, ledger: Ledger) -> Books:
        """From the tables."""
        refused: defaultdict[str, set[str | None]] = defaultdict(set)
        with ledger.transaction() as connection:
            known = select(snapshot.c.record_uuid, snapshot.c.row_hash)
            hashes = {row.record_uuid: row.row_hash for row in connection.execute(known)}
            linked = set(connection.scalars(select(items.c.monday_id)))
            for record_uuid, cell in connection.execute(FAILED):
                refused[record_uuid].add(cell)
        return cls(snapshot=hashes, linked=linked, refused=dict(refused))


class Judge:
    """Compares the emulator's state with the source, with an oracle of its own."""

    def __init__(
        self,
        state: Json,
        books: Books,
        planner: Planner,
        *,
        line_gone: bool,
        repaired: bool = False,
    ) -> None:
        self.items, self.subitems = state["boards"]
        self.books = books
        self.planner = planner
        #: Whether the items of lines that are gone are archived, linked copies among them.
        self.line_gone = line_gone
        self.types = _labels(self.items, "drop_1")
        self.names = _labels(self.subitems, "size_1")
        #: After a repair nothing that people did to what is ours is forgiven.
        self.repaired = repaired
        own = [item for item in self.items["items"] if repaired or self._ours(item)]
        self.by_key = _grouped(own, lambda item: item["values"].get("key_1"))
        self.by_parent = _grouped(self.subitems["items"], lambda subitem: subitem["parent"])

    def _ours(self, item: Json) -> bool:
        """A planner's copy is the planner's business until a repair, or until it was linked."""
        return item.get("creator_id") != PLANNER_ID or item["id"] in self.books.linked

    def duplicates(self, orders: Collection[Order]) -> Iterator[Fault]:
        """Lines and sizes that stand twice, now."""
        for key in (order.uuid for order in orders):
            copies = self.by_key.get(key, [])
            # A repair leaves a refused line alone, and with it what a planner copied from it.
            held = self.repaired and None in self.books.refused.get(key, set())
            if not self.repaired and key in self.planner.lost_keys:
                continue  # a person made it stand twice: a repair puts it right
            if len(copies) > 1 and not held:
                yield Fault("duplicate", f"{len(copies)} items bear {key}")
            for item in copies:
                yield from self._sizes_twice(item)

    def _sizes_twice(self, item: Json) -> Iterator[Fault]:
        seen: set[str] = set()
        for subitem in self.by_parent.get(item["id"], []):
            size = self._size(subitem)
            if size is not None and size in seen:
                yield Fault("duplicate", f"size {size} of {item['name']} stands twice")
            seen.add(size or "")

    def faults(self, source: Source) -> Iterator[Fault]:
        """Everything that is wrong at the end of a history."""
        yield from self.duplicates(source.orders.values())
        here = (*source.orders.values(), *source.away.values())
        lines = {order.uuid for order in here} | self.planner.keys
        yield from self._work_of_others()
        for order in source.orders.values():
            yield from self._order(order)
        for key in self.by_key:
            if key and key not in lines:
                yield Fault("wrong", f"item of no line: {key}")
        for record_uuid in self.books.snapshot.keys() - lines:
            yield Fault("wrong", f"snapshot of no line: {record_uuid}")

    def _order(self, order: Order) -> Iterator[Fault]:
        copies = self.by_key.get(order.uuid, [])
        refused = self.books.refused.get(order.uuid, set())
        if not copies:
            if None not in refused and not self._archived(order):
                yield Fault("lost", f"{order.number} has no item")
            return
        if None in refused:
            return
        if self._archived(order):
            return
        yield from self._item(order, copies[0], refused)
        yield from self._sizes(order, copies[0])
        known = self.books.snapshot.get(order.uuid)
        if known != order.row_hash and not refused:
            yield Fault("wrong", f"{order.number}: the snapshot has not the delivered row's hash")

    def _archived(self, order: Order) -> bool:
        """Whether a planner archived the line's item or one of its sizes, or wrote over a key."""
        if self.repaired or order.uuid in self.planner.lost_keys:
            return not self.repaired
        gone = [i for i in self.items["items"] if i["id"] in self.planner.archived]
        if any(item["values"].get("key_1") == order.uuid for item in gone):
            return True
        ours = {item["id"] for item in self.by_key.get(order.uuid, [])}
        below = [s for s in self.subitems["items"] if s["id"] in self.planner.archived]
        return any(subitem["parent"] in ours for subitem in below)

    def _item(self, order: Order, item: Json, refused: set[str | None]) -> Iterator[Fault]:
        shown = {"name": item["name"]} | item["values"]
        edited = {} if self.repaired else self.planner.edited
        (type_id,) = shown.get("drop_1") or [None]
        if not self.repaired and type_id in self.planner.deleted_labels:
            edited = edited | {(item["id"], "drop_1"): ""}
        shown["drop_1"] = self.types.get(type_id, "")
        for column, value in order.shown().items():
            by_hand = edited.get((item["id"], column), value)
            held = column == "text_1" and "STYLE" in refused
            if shown.get(column) not in (value, by_hand) and not held:
                text = f"{order.number}: {column} is {shown.get(column)}, not {value}"
                yield Fault("wrong", text)

    def _work_of_others(self) -> Iterator[Fault]:
        """What people wrote into columns of theirs, and what they made, stands as they left it."""
        shown = {row["id"]: row for row in (*self.items["items"], *self.subitems["items"])}
        for (monday_id, column), value in self.planner.written.items():
            if shown[monday_id]["values"].get(column) != value:
                yield Fault("wrong", f"{column} of {monday_id} is no longer {value}")
        for item in self.items["items"]:
            stands = item["state"] == "active" or item["id"] in self.planner.archived
            if item.get("creator_id") == PLANNER_ID and not stands and not self.line_gone:
                yield Fault("wrong", f"{item['id']}, which a person made, was taken off the board")

    def _sizes(self, order: Order, item: Json) -> Iterator[Fault]:
        shown = {
            size: subitem["values"].get("qty_1")
            for subitem in self.by_parent.get(item["id"], [])
            if (size := self._size(subitem)) is not None
        }
        wanted = {size: str(pieces) for size, pieces in order.shown_sizes().items()}
        for size in sorted(shown.keys() | wanted.keys()):
            if size not in shown:
                yield Fault("lost", f"{order.number} has no size {size}")
            elif shown[size] != wanted.get(size, "0"):
                text = f"{order.number}: {size} is {shown[size]}, not {wanted.get(size, '0')}"
                yield Fault("wrong", text)

    def _size(self, subitem: Json) -> str | None:
        label = subitem["values"].get("size_1")
        return self.names[label[0]] if label else None


def _grouped(rows: list[Json], key: Callable[[Json], Any]) -> dict[Any, list[Json]]:
    """The active rows by a key."""
    groups: defaultdict[Any, list[Json]] = defaultdict(list)
    for row in rows:
        if row.get("state", "active") == "active":
            groups[key(row)].append(row)
    return dict(groups)


def _labels(board_of: Json, column_id: str) -> Mapping[int | None, str]:
    column = next(c for c in board_of["columns"] if c["id"] == column_id)
    settings = column["settings"]
    settings = json.loads(settings) if isinstance(settings, str) else settings
    return {label["id"]: label["label"] for label in settings.get("labels", ())}

"""A ledger in a folder, and plans of a few lines to stage in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from customer_orders.ledger import Ledger, State, locks, runs, sending
from customer_orders.ledger.locks import Lock
from customer_orders.ledger.results import Claimed
from customer_orders.ledger.schema import item, operation, request, run_line, snapshot, subitem
from customer_orders.ledger.sending import Request
from customer_orders.model import Finding, Unchanged
from customer_orders.plan import (
    Action,
    Estimate,
    Filters,
    Operation,
    Outcome,
    Plan,
    Planned,
    PlannedLine,
    Reading,
    Target,
)

BOARD = "10"
GROUP = "TORVANE 2025 FALL"
HELD = {"holder": "day shift process 4", "stale": 60.0}


def line(name: str, outcome: Outcome = Outcome.CREATED, row_hash: str | None = None) -> PlannedLine:
    """The fate of a line."""
    return PlannedLine(
        line=name,
        customer="TORVANE",
        outcome=outcome,
        row_hash=None if outcome is Outcome.SKIPPED else row_hash or f"hash of {name}",
        line_key=f"key of {name}",
    )


def group(title: str = GROUP, board: str = BOARD) -> Operation:
    """Make a group."""
    return Operation(
        kind=Target.GROUP,
        action=Action.ENSURE_GROUP,
        board=board,
        customer="TORVANE",
        group=title,
        payload={"title": title},
    )


def of_item(name: str, action: Action = Action.CREATE, /, **payload: Any) -> Operation:
    """Do something with the item of a line."""
    made = {"name": name, "group": GROUP, "values": {"NOTE": "x", "LINE KEY": name}}
    return Operation(
        kind=Target.ITEM,
        action=action,
        board=payload.pop("board", BOARD),
        customer="TORVANE",
        group=GROUP,
        record_uuid=name,
        payload=payload or made,
    )


def of_size(name: str, size: str, quantity: str = "1", action: Action = Action.CREATE) -> Operation:
    """Do something with a size of a line."""
    values = {"Order Qty": quantity}
    made = {"name": size, "values": {"Size": size, **values}}
    return Operation(
        kind=Target.SUBITEM,
        action=action,
        board=BOARD,
        customer="TORVANE",
        group=GROUP,
        record_uuid=name,
        size=size,
        payload=made if action is Action.CREATE else {"values": values},
    )


def whole(name: str) -> list[Operation]:
    """A line with two sizes, from nothing."""
    return [of_item(name), of_size(name, "M"), of_size(name, "L")]


def planned(
    lines: Iterable[PlannedLine] = (),
    operations: Iterable[Operation] = (),
    *,
    findings: Iterable[Finding] = (),
    missing: Iterable[str] = (),
    unchanged: Iterable[Unchanged] = (),
    groups: Mapping[str, Mapping[str, str]] | None = None,
    scope: str = "scope",
    version: str = "v1",
    looked_at: Iterable[str] | None = None,
) -> Planned:
    """A plan that can be staged."""
    lines = tuple(lines)
    return Planned(
        plan=Plan(
            operations=tuple(operations),
            lines=lines,
            unchanged=tuple(unchanged),
            findings=tuple(findings),
            missing=tuple(missing),
        ),
        reading=Reading(scope=scope, mapping_version=version, rows=7, by_customer={"Torvane": 7}),
        looked_at=tuple(each.line for each in lines) if looked_at is None else tuple(looked_at),
        groups={BOARD: {}} if groups is None else groups,
        estimate=Estimate(calls=0, complexity=0, minutes=0.0, calls_a_day=1),
    )


def compose(claimed: Iterable[Claimed]) -> bytes:
    """The bytes of a request: who is in it."""
    return " ".join(each.alias for each in claimed).encode()


@dataclass
class Books:
    """A ledger whose clock a test moves, and a lock on its board."""

    ledger: Ledger
    now: float = 1_790_000_000.0

    def __post_init__(self) -> None:
        self.ledger.clock = lambda: self.now
        self.ledger.deploy()

    def run(self, plan: Planned | None = None) -> tuple[str, Lock]:
        """A run that holds the board, with its plan staged."""
        self.now += 60
        run_id = runs.open_run(self.ledger, Filters())
        held = locks.acquire(self.ledger, BOARD, HELD["holder"], run_id, 0)
        if plan is not None:
            runs.stage(self.ledger, run_id, plan)
        return run_id, held

    def take(self, run_id: str, held: Lock, most: int = 10) -> Request:
        """The next request, which must be there."""
        taken = sending.take(self.ledger, held, run_id, most=most, user="1", compose=compose)
        assert taken is not None
        return taken

    def rows(self, table: Any, **where: Any) -> list[Row[Any]]:
        """Rows of a table."""
        with self.ledger.transaction() as connection:
            return list(connection.execute(select(table).filter_by(**where)))

    def states(self, run_id: str | None = None) -> dict[tuple[str, str], str]:
        """(target, action) -> state, of one run or of the last that had it."""
        rows = self.rows(operation, **({"run_id": run_id} if run_id else {}))
        return {(short(row), row.action): row.state for row in rows}

    def hashes(self) -> dict[str, str | None]:
        """record_uuid -> row hash."""
        return {row.record_uuid: row.row_hash for row in self.rows(snapshot)}

    def everything(self) -> dict[str, list[Any]]:
        """All that a failed step must leave as it was."""
        tables = (operation, request, snapshot, item, subitem, run_line)
        return {str(table): [tuple(row) for row in self.rows(table)] for table in tables}


def short(row: Any) -> str:
    """A target without its board."""
    return str(row.target).partition("/")[2]


def ledgers(folder: Path) -> Iterator[Books]:
    """An empty ledger, closed at the end."""
    books = Books(Ledger(f"sqlite:///{folder / 'ledger.db'}"))
    yield books
    books.ledger.close()


OPEN = {State.PENDING, State.SENDING}

"""A ledger in a folder, and plans of a few lines to stage in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from customer_orders.delivery.queue import Queue
from customer_orders.ledger import Ledger, State, claiming, locks, recording, runs
from customer_orders.ledger.claiming import Request
from customer_orders.ledger.locks import Lock
from customer_orders.ledger.recording import Evidence, Tally
from customer_orders.ledger.results import Claimed, Done, Refusal, Result
from customer_orders.ledger.schema import item, operation, request, run_line, snapshot, subitem
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
ESTIMATE = Estimate(calls=0, complexity=0, minutes=0.0, binds="", calls_left=1, calls_a_day=1)


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


def link(name: str, size: str | None = None, number: str = "5") -> Operation:
    """Take over what stands on the board."""
    made = of_size(name, size) if size else of_item(name)
    return Operation(
        kind=made.kind,
        action=Action.LINK,
        board=BOARD,
        customer="TORVANE",
        group=GROUP,
        record_uuid=name,
        size=size,
        payload={"monday_id": number, **made.payload},
    )


def names(chosen: Iterable[Claimed]) -> list[str]:
    """Targets without their board."""
    return [each.operation.target.partition("/")[2] for each in chosen]


def done(*ids: str) -> list[Done]:
    """Confirmations with these ids."""
    return [Done(monday_id=each) for each in ids]


DATA = Refusal(category="data", code="ColumnValueException", error="no such label", hint="mend it")


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
        estimate=ESTIMATE,
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
        chosen = self.ready(run_id, most)
        assert chosen
        return claiming.take(self.ledger, held, chosen, user="1", compose=compose)

    def ready(self, run_id: str, most: int = 10) -> list[Claimed]:
        """What a fresh queue hands out, of lines and groups that nothing is under way for."""
        rows = self.rows(operation, state=State.SENDING)
        busy = {row.record_uuid or row.group_title for row in rows}
        page = claiming.page(self.ledger, BOARD, run_id, 0, 1_000)
        queue = Queue()
        queue.add([c for c in page if not {c.operation.record_uuid, c.operation.group} & busy])
        return queue.take(most)

    def record(
        self, held: Lock, stored: Request, *results: Result, by: Evidence = Evidence.ANSWER
    ) -> Tally:
        """Record results in the order of the request's operations."""
        ids = [each.id for each in stored.operations]
        found = dict(zip(ids, results, strict=False))
        return recording.record(self.ledger, held, stored, found, {}, by)

    def unknown(self, held: Lock, stored: Request, status: int | None = None) -> None:
        """Nobody answered a request; it is looked at again for a minute."""
        recording.mark_unknown(self.ledger, held, stored, "cut off", 60, status)

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


def start(books: Books, *lines: str, with_group: bool = True) -> tuple[str, Lock]:
    """A run that has lines with two sizes each to make."""
    made = [o for name in lines for o in whole(name)]
    first = [group()] if with_group else []
    return books.run(planned([line(name) for name in lines], [*first, *made]))


OPEN = {State.PENDING, State.SENDING}

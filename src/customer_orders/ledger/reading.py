"""What people ask the ledger: runs, the state of things, findings, one line's story."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, case, exists, func, or_, select

from customer_orders.ledger import findings as remarks
from customer_orders.ledger.database import Ledger, patient
from customer_orders.ledger.locks import HELD
from customer_orders.ledger.rows import NEWEST
from customer_orders.ledger.schema import (
    RunStatus,
    State,
    event,
    finding,
    item,
    lock,
    operation,
    run,
    run_line,
    snapshot,
    subitem,
)

Document = dict[str, Any]
#: A number of so many digits is larger than any id that an engine gives.
DIGITS = 19
#: Lines that are gone from the source while their item stands.
MISSING = snapshot.c.missing_since.is_not(None) & exists().where(
    item.c.record_uuid == snapshot.c.record_uuid
)


@patient
def status(ledger: Ledger) -> Document:
    """Counts of what is delivered and what is open, the last run, and who holds a lock."""
    with ledger.transaction() as connection:
        states = select(operation.c.state, func.count()).group_by(operation.c.state)
        return {
            "ledger": str(ledger),
            "lines": _count(connection, snapshot),
            "delivered_lines": _count(connection, snapshot, snapshot.c.row_hash.is_not(None)),
            "missing_lines": _count(connection, snapshot, MISSING),
            "items": _count(connection, item),
            "subitems": _count(connection, subitem),
            "operations": {row[0]: row[1] for row in connection.execute(states)},
            "open_findings": _count(connection, finding, remarks.OPEN),
            "locks": [_document(row) for row in connection.execute(select(lock).where(HELD))],
            "last_run": next(iter(_runs(connection, 1)), None),
        }


@patient
def runs(ledger: Ledger, most: int = 20) -> list[Document]:
    """The latest runs first, each with its report."""
    with ledger.transaction() as connection:
        return _runs(connection, most)


@patient
def findings(
    ledger: Ledger,
    *,
    customer: str | None = None,
    rule: str | None = None,
    severity: str | None = None,
    state: str = "open",
    new_in: str | None = None,
) -> list[Document]:
    """Findings with when they were first and last seen, by `state`: open, resolved or all.

    A finding is resolved when its line was rendered without it, and counts as resolved while its
    line is gone. `new_in` is the id of a run: findings that it was the first to see.
    """
    statement = _findings().order_by(finding.c.customer, finding.c.rule, finding.c.id)
    wanted = ((finding.c.rule, rule), (finding.c.severity, severity), (finding.c.first_run, new_in))
    for column, value in wanted:
        if value is not None:
            statement = statement.where(column == value)
    if state != "all":
        statement = statement.where(~remarks.OPEN if state == "resolved" else remarks.OPEN)
    with ledger.transaction() as connection:
        found = [_seen(_document(row)) for row in connection.execute(statement)]
    # As the filters of a plan, without regard to case: an engine's own upper() knows A to Z only.
    wanted_name = customer and customer.upper()
    return [f for f in found if customer is None or (f["customer"] or "").upper() == wanted_name]


def _findings() -> Select[*tuple[Any, ...]]:
    """Findings with the runs that saw them first and last, and how they stand."""
    first, last = run.alias("first"), run.alias("last")
    standing = case((remarks.OPEN, "open"), (remarks.GONE, "gone"), else_="resolved")
    seen = (first.c.started.label("first_seen"), last.c.started.label("last_seen"))
    return (
        select(finding, *seen, standing.label("state"))
        .outerjoin(first, first.c.id == finding.c.first_run)
        .outerjoin(last, last.c.id == finding.c.last_run)
    )


def _seen(found: Document) -> Document:
    """With moments as people read them."""
    moments = {name: utc(found[name]) for name in ("first_seen", "last_seen")}
    return found | moments


def utc(moment: float | None) -> str | None:
    """Seconds since 1970 as 2026-11-23T21:17:00Z."""
    return None if moment is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


@patient
def show(ledger: Ledger, wanted: str) -> Document | None:
    """The story behind an id: a run, a line, an operation, a request, a finding or a monday id."""
    with ledger.transaction() as connection:
        if row := connection.execute(select(run).where(run.c.id == wanted)).first():
            return {"run": _run(row), **_of_run(connection, wanted)}
        if row := connection.execute(_findings().where(finding.c.id == wanted)).first():
            return {"finding": _seen(_document(row))}
        for table in (item, subitem):
            found = select(table.c.record_uuid).where(table.c.monday_id == wanted)
            wanted = connection.scalar(found) or wanted
        of_operation = operation.c.request_id == wanted
        if wanted.isdigit() and len(wanted) < DIGITS:
            of_operation |= operation.c.id == int(wanted)
        found = select(operation.c.record_uuid).where(of_operation)
        wanted = connection.scalar(found) or wanted
        return _line(connection, wanted)


def _line(connection: Connection, record_uuid: str) -> Document | None:
    of_line = snapshot.c.record_uuid == record_uuid
    row = connection.execute(select(snapshot).where(of_line)).first()
    operations = select(operation).where(operation.c.record_uuid == record_uuid)
    done = [_document(r) for r in connection.execute(operations.order_by(operation.c.id))]
    noted = _findings().where(finding.c.record_uuid == record_uuid)
    noticed = [_seen(_document(r)) for r in connection.execute(noted)]
    if row is None and not done and not noticed:
        return None
    shown = connection.execute(select(item).where(item.c.record_uuid == record_uuid)).first()
    sizes = select(subitem).where(subitem.c.record_uuid == record_uuid)
    return {
        "line": _document(row) if row else None,
        "item": _document(shown) if shown else None,
        "subitems": [_document(r) for r in connection.execute(sizes)],
        "operations": done,
        "findings": noticed,
    }


def _of_run(connection: Connection, run_id: str) -> Document:
    of_run = operation.c.run_id == run_id
    operations = select(operation).where(of_run).order_by(operation.c.id)
    events = select(event).where(event.c.run_id == run_id).order_by(event.c.id)
    lines = select(run_line).where(run_line.c.run_id == run_id)
    return {
        "lines": [_document(row) for row in connection.execute(lines)],
        "operations": [_document(row) for row in connection.execute(operations)],
        "events": [_document(row) for row in connection.execute(events)],
    }


@patient
def failures(ledger: Ledger, run_id: str, most: int = 20) -> list[Document]:
    """The first operations of a run that monday refused, blocked ones left out."""
    statement = (
        select(operation)
        .where(
            operation.c.run_id == run_id,
            operation.c.state == State.FAILED,
            or_(operation.c.category != "blocked", operation.c.category.is_(None)),
        )
        .order_by(operation.c.id)
        .limit(most)
    )
    with ledger.transaction() as connection:
        return [_document(row) for row in connection.execute(statement)]


def _runs(connection: Connection, most: int) -> list[Document]:
    newest = select(run).order_by(*NEWEST).limit(most)
    return [_run(row) for row in connection.execute(newest)]


def _run(row: Any) -> Document:
    names = ("id", "started", "ended", "status", "error", "checksum", "source_rows")
    found = {name: getattr(row, name) for name in names}
    report = json.loads(row.report) if row.report else None
    broken_off = row.status == RunStatus.RUNNING
    return found | {"filters": json.loads(row.filters), "report": report, "open": broken_off}


def _count(connection: Connection, table: Any, condition: Any = None) -> int:
    statement = select(func.count()).select_from(table)
    if condition is not None:
        statement = statement.where(condition)
    return connection.scalar(statement) or 0


def _document(row: Any) -> Document:
    fields: Mapping[str, Any] = row._mapping
    parsed = ("payload", "before", "delivered", "detail", "filters")
    return {k: json.loads(v) if k in parsed and v else v for k, v in fields.items()}

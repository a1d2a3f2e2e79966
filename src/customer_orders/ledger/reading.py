"""What people ask the ledger: runs, the state of things, findings, one line's story."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select

from customer_orders.ledger.database import Ledger
from customer_orders.ledger.knowledge import NEWEST
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
#: Lines that are gone from the source while their item stands.
MISSING = snapshot.c.missing_since.is_not(None) & exists().where(
    item.c.record_uuid == snapshot.c.record_uuid
)


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
            "open_findings": _count(connection, finding, finding.c.resolved_run.is_(None)),
            "locks": [
                _document(row)
                for row in connection.execute(select(lock).where(lock.c.held.is_(True)))
            ],
            "last_run": next(iter(_runs(connection, 1)), None),
        }


def runs(ledger: Ledger, most: int = 20) -> list[Document]:
    """The latest runs first, each with its report."""
    with ledger.transaction() as connection:
        return _runs(connection, most)


def findings(
    ledger: Ledger, *, customer: str | None = None, rule: str | None = None, resolved: bool = False
) -> list[Document]:
    """Findings, the open ones unless `resolved` asks for all."""
    statement = select(finding).order_by(finding.c.customer, finding.c.rule, finding.c.id)
    if customer is not None:
        statement = statement.where(finding.c.customer == customer)
    if rule is not None:
        statement = statement.where(finding.c.rule == rule)
    if not resolved:
        statement = statement.where(finding.c.resolved_run.is_(None))
    with ledger.transaction() as connection:
        return [_document(row) for row in connection.execute(statement)]


def show(ledger: Ledger, wanted: str) -> Document | None:
    """The story behind an id: a run, a line, an operation, a request, a finding or a monday id."""
    with ledger.transaction() as connection:
        if row := connection.execute(select(run).where(run.c.id == wanted)).first():
            return {"run": _run(row), **_of_run(connection, wanted)}
        if row := connection.execute(select(finding).where(finding.c.id == wanted)).first():
            return {"finding": _document(row)}
        for table in (item, subitem):
            found = select(table.c.record_uuid).where(table.c.monday_id == wanted)
            wanted = connection.scalar(found) or wanted
        for column in (operation.c.id, operation.c.request_id):
            of_operation = select(operation.c.record_uuid).where(column == wanted)
            wanted = connection.scalar(of_operation) or wanted
        return _line(connection, wanted)


def _line(connection: Connection, record_uuid: str) -> Document | None:
    of_line = snapshot.c.record_uuid == record_uuid
    row = connection.execute(select(snapshot).where(of_line)).first()
    operations = select(operation).where(operation.c.record_uuid == record_uuid)
    done = [_document(r) for r in connection.execute(operations.order_by(operation.c.id))]
    noted = select(finding).where(finding.c.record_uuid == record_uuid)
    remarks = [_document(r) for r in connection.execute(noted)]
    if row is None and not done and not remarks:
        return None
    shown = connection.execute(select(item).where(item.c.record_uuid == record_uuid)).first()
    sizes = select(subitem).where(subitem.c.record_uuid == record_uuid)
    return {
        "line": _document(row) if row else None,
        "item": _document(shown) if shown else None,
        "subitems": [_document(r) for r in connection.execute(sizes)],
        "operations": done,
        "findings": remarks,
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

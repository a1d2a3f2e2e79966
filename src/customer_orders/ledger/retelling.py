"""What a run did, read back for its report: changes, refusals, findings, groups, its pace."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select

from customer_orders.ledger.database import Ledger, patient
from customer_orders.ledger.findings import GONE, OPEN
from customer_orders.ledger.schema import (
    State,
    event,
    finding,
    item,
    operation,
    run,
    run_line,
    snapshot,
)
from customer_orders.plan import Action, Outcome, Target

Document = dict[str, Any]
#: Lines that a kind of failure names.
FIRST_LINES = 5


@patient
def changes(ledger: Ledger, run_id: str) -> list[Document]:
    """The run's operations on what stood on the board before, in the order of the plan."""
    line = (run_line.c.run_id == run_id) & (run_line.c.line == operation.c.record_uuid)
    statement = (
        select(operation, run_line.c.line_key, item.c.name)
        .join(run_line, line)
        .outerjoin(item, item.c.record_uuid == operation.c.record_uuid)
        .where(
            operation.c.run_id == run_id,
            operation.c.action != Action.LINK,
            run_line.c.planned != Outcome.CREATED,
        )
        .order_by(operation.c.id)
    )
    with ledger.transaction() as connection:
        rows = connection.execute(statement).all()
    names = ("customer", "line_key", "name", "kind", "size", "state")
    return [
        {
            "line": row.record_uuid,
            **{name: getattr(row, name) for name in names},
            "payload": json.loads(row.payload),
            "before": json.loads(row.before),
        }
        for row in rows
    ]


@patient
def failure_kinds(ledger: Ledger, run_id: str) -> list[Document]:
    """Failed operations by category and code, each with some lines: causes before what they block.

    Those of earlier runs are among them where they still hold a line of this run.
    """
    of_run = run_line.c.run_id == run_id
    statement = (
        select(operation, run_line.c.line_key)
        .outerjoin(run_line, of_run & (run_line.c.line == operation.c.record_uuid))
        .where(
            operation.c.state == State.FAILED,
            or_(operation.c.run_id == run_id, run_line.c.outcome == Outcome.FAILED),
        )
        .order_by(operation.c.id)
    )
    kinds: dict[tuple[str, str], Document] = {}
    with ledger.transaction() as connection:
        for row in connection.execute(statement):
            kind = kinds.setdefault((row.category or "", row.code or ""), _kind(row))
            kind["operations"] += 1
            kind["hint"] = kind["hint"] or row.hint
            kind["first"].setdefault(row.record_uuid or row.target, _refused(row))
    for kind in kinds.values():
        refused = list(kind["first"].values())
        kind["lines"] = sum(each["line"] is not None for each in refused)
        kind["first"] = refused[:FIRST_LINES]
    return sorted(
        kinds.values(), key=lambda kind: (kind["category"] == "blocked", -kind["operations"])
    )


def _kind(row: Any) -> Document:
    told = {name: getattr(row, name) for name in ("category", "code", "error", "hint")}
    return told | {"operations": 0, "first": {}}


def _refused(row: Any) -> Document:
    """A line, with the cell when only that was refused; or the group."""
    return {
        "line": row.record_uuid,
        "line_key": row.line_key,
        "cell": row.cell,
        "group": None if row.record_uuid else row.group_title,
    }


@patient
def finding_counts(ledger: Ledger, run_id: str) -> list[Document]:
    """By rule and severity: findings open now, new in the run, and resolved by it."""
    started = select(run.c.started).where(run.c.id == run_id).scalar_subquery()
    went = exists().where(
        snapshot.c.record_uuid == finding.c.record_uuid, snapshot.c.missing_since >= started
    )
    counts = {
        "open": OPEN,
        "new": and_(OPEN, finding.c.first_run == run_id),
        "resolved": or_(finding.c.resolved_run == run_id, and_(GONE, went)),
    }
    # SQL Server does not sum over what holds a sub-select.
    rows = (
        select(
            finding.c.rule,
            finding.c.severity,
            *(case((c, 1), else_=0).label(word) for word, c in counts.items()),
        )
        .where(or_(*counts.values()))
        .subquery()
    )
    of = (rows.c.rule, rows.c.severity)
    sums = (func.sum(rows.c[word]).label(word) for word in counts)
    statement = select(*of, *sums).group_by(*of).order_by(rows.c.severity, rows.c.rule)
    with ledger.transaction() as connection:
        return [dict(row._mapping) for row in connection.execute(statement)]


@patient
def groups_made(ledger: Ledger, run_id: str) -> list[Document]:
    """The groups that the run made."""
    statement = (
        select(operation.c.group_title, operation.c.customer, operation.c.board)
        .where(
            operation.c.run_id == run_id,
            operation.c.kind == Target.GROUP,
            operation.c.state == State.DELIVERED,
        )
        .order_by(operation.c.group_title)
    )
    with ledger.transaction() as connection:
        return [
            {"group": row.group_title, "customer": row.customer, "board": row.board}
            for row in connection.execute(statement)
        ]


@patient
def values_written(ledger: Ledger, run_id: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Board, kind of target, and the values of each delivered operation that sent some."""
    statement = select(operation.c.board, operation.c.kind, operation.c.payload).where(
        operation.c.run_id == run_id,
        operation.c.state == State.DELIVERED,
        operation.c.kind != Target.GROUP,
        operation.c.action != Action.LINK,
    )
    with ledger.transaction() as connection:
        rows = connection.execute(statement).all()
    return [(row.board, row.kind, json.loads(row.payload).get("values", {})) for row in rows]


@patient
def pace(ledger: Ledger, run_id: str) -> list[tuple[float, int]]:
    """When each request was recorded last, and how many operations it delivered, oldest first."""
    settled = (
        select(event.c.request_id, func.max(event.c.at).label("at"))
        .where(event.c.run_id == run_id, event.c.name == "recorded")
        .group_by(event.c.request_id)
        .subquery()
    )
    statement = (
        select(settled.c.at, func.count(operation.c.id))
        .join(operation, operation.c.request_id == settled.c.request_id)
        .where(operation.c.run_id == run_id, operation.c.state == State.DELIVERED)
        .group_by(settled.c.request_id, settled.c.at)
        .order_by(settled.c.at)
    )
    with ledger.transaction() as connection:
        return [(row[0], row[1]) for row in connection.execute(statement)]

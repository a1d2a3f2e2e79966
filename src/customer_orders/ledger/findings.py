"""Remarks about lines and cells: made, renewed, and resolved when they no longer hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)

from customer_orders.ledger.bulk import fill
from customer_orders.ledger.rows import chunks
from customer_orders.ledger.schema import State, finding, operation, snapshot
from customer_orders.model import Finding, Severity
from customer_orders.plan import Operation, Target

#: Rule of the remark about what monday refused. It stays until the operation is planned afresh.
REFUSED = "refused"
MISSING = "missing"

#: Whether a finding is not marked, but its line is gone from the source. It then counts as
#: resolved, and is open again when the line comes back: an unchanged line is not rendered, so
#: nothing would renew it. What is said of its absence, and of what monday refused, goes on.
GONE: ColumnElement[bool] = and_(
    finding.c.resolved_run.is_(None),
    finding.c.rule.not_in((REFUSED, MISSING)),
    exists().where(
        snapshot.c.record_uuid == finding.c.record_uuid, snapshot.c.missing_since.is_not(None)
    ),
)
OPEN: ColumnElement[bool] = and_(finding.c.resolved_run.is_(None), ~GONE)


RENEW = update(finding).where(finding.c.id == bindparam("of"))


def refused(planned: Operation, message: str, cell: str | None = None) -> Finding:
    """The remark about an operation, or one cell of it, that monday refused."""
    of_group = planned.group if planned.kind is Target.GROUP else None
    return Finding(
        rule=REFUSED,
        message=message,
        severity=Severity.ERROR,
        record_uuid=planned.record_uuid,
        customer=planned.customer,
        column=of_group or planned.size or cell,
    )


def keep(connection: Connection, run_id: str, found: Iterable[Finding]) -> None:
    """Insert new findings and renew known ones."""
    seen = {each.id: each for each in found}
    known = {
        finding_id
        for chunk in chunks(list(seen))
        for finding_id in connection.scalars(select(finding.c.id).where(finding.c.id.in_(chunk)))
    }
    rows = {finding_id: _row(each, run_id) for finding_id, each in seen.items()}
    if renewed := [rows[finding_id] | {"of": finding_id} for finding_id in known]:
        connection.execute(RENEW, renewed)
    first = {"first_run": run_id}
    fill(connection, finding, [row | first for key, row in rows.items() if key not in known])


def resolve(connection: Connection, run_id: str, looked_at: Sequence[str]) -> None:
    """Close what no longer holds: of lines that were looked at, of rows, and of refusals.

    What this run itself has kept holds. A line that was never delivered is looked at in every run
    that reads it, so one that was not looked at is gone, and its findings with it.
    """
    over = set(connection.scalars(_not_kept(run_id).where(or_(_OF_NO_LINE, _UNDELIVERED))))
    for chunk in chunks(looked_at):
        of_lines = finding.c.record_uuid.in_(chunk)
        over.update(connection.scalars(_not_kept(run_id).where(of_lines)))
    for chunk in chunks(sorted(over)):
        connection.execute(
            update(finding).where(finding.c.id.in_(chunk)).values(resolved_run=run_id)
        )
    lifted = and_(finding.c.rule == REFUSED, finding.c.resolved_run.is_(None), ~_stands())
    connection.execute(update(finding).where(lifted).values(resolved_run=run_id))


def _stands() -> ColumnElement[bool]:
    """Whether the operation that a refusal is about is still failed."""
    of_line = and_(
        operation.c.record_uuid == finding.c.record_uuid,
        func.coalesce(operation.c.size, operation.c.cell, "")
        == func.coalesce(finding.c.source_column, ""),
    )
    of_group = and_(
        finding.c.record_uuid.is_(None),
        operation.c.kind == Target.GROUP,
        operation.c.group_title == finding.c.source_column,
    )
    return exists().where(operation.c.state == State.FAILED, or_(of_line, of_group))


#: What is said of rows, and of missing lines: every run says it anew.
_OF_NO_LINE = or_(finding.c.record_uuid.is_(None), finding.c.rule == MISSING)
#: The snapshot does not know the line.
_UNDELIVERED = and_(
    finding.c.record_uuid.is_not(None),
    ~exists().where(snapshot.c.record_uuid == finding.c.record_uuid),
)


def _not_kept(run_id: str) -> Select[str]:
    """Ids of open findings that this run has not kept, refusals apart."""
    return select(finding.c.id).where(
        finding.c.resolved_run.is_(None), finding.c.rule != REFUSED, finding.c.last_run != run_id
    )


def _row(found: Finding, run_id: str) -> dict[str, Any]:
    return {
        "id": found.id,
        "rule": found.rule,
        "severity": found.severity,
        "message": found.message,
        "record_uuid": found.record_uuid,
        "customer": found.customer,
        "source_row": found.row,
        "source_column": found.column,
        "value": found.value,
        "last_run": run_id,
        "resolved_run": None,
    }

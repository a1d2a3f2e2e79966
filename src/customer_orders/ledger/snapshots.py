"""The snapshot: a row hash stands there only while item and all sizes were delivered from it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from customer_orders.ledger.rows import DIFFERS, LAST_SCOPE, OPEN, chunks
from customer_orders.ledger.schema import (
    State,
    finding,
    item,
    operation,
    run,
    run_line,
    snapshot,
)
from customer_orders.model import REVIEWED_RULES
from customer_orders.plan import Outcome

#: Planned outcomes of lines that stand for nothing that was delivered.
NOT_DELIVERED = (Outcome.FAILED, Outcome.PENDING, Outcome.SKIPPED)

LINES: BindParameter[str] = bindparam("lines", expanding=True)

_spoilt = or_(
    operation.c.state.in_((State.FAILED, State.SUPERSEDED)), operation.c.category == DIFFERS
)
#: Lines of a run whose last operation is delivered get the hash that they were planned with. A
#: line is not whole while an operation is open, nor when one of its run failed, was superseded
#: before it was sent, or left the board showing something else.
ADVANCE = (
    update(snapshot)
    .where(
        snapshot.c.record_uuid == run_line.c.line,
        run.c.id == run_line.c.run_id,
        run_line.c.run_id == bindparam("run_id"),
        run_line.c.line.in_(LINES),
        run_line.c.planned.not_in(NOT_DELIVERED),
        ~exists().where(
            operation.c.record_uuid == run_line.c.line,
            or_(operation.c.state.in_(OPEN), (operation.c.run_id == run_line.c.run_id) & _spoilt),
        ),
    )
    .values(
        line_key=run_line.c.line_key,
        customer=run_line.c.customer,
        row_hash=run_line.c.planned_hash,
        seen_hash=run_line.c.planned_hash,
        mapping_version=run.c.mapping_version,
        last_delivered=bindparam("now"),
    )
)

#: Lines from which something was left out, for a reason that this run has not found any more.
OVERCOME = (
    update(snapshot)
    .where(
        snapshot.c.record_uuid.in_(
            select(finding.c.record_uuid).where(
                finding.c.resolved_run == bindparam("run_id"), finding.c.rule.in_(REVIEWED_RULES)
            )
        )
    )
    .values(row_hash=None)
)

DOUBT = (
    update(snapshot)
    .where(snapshot.c.record_uuid.in_(LINES))
    .values(
        row_hash=None,
        # A line that is gone from the source has no row that could be planned.
        seen_hash=func.coalesce(
            select(run_line.c.planned_hash)
            .where(
                run_line.c.run_id == bindparam("run_id"),
                run_line.c.line == snapshot.c.record_uuid,
            )
            .scalar_subquery(),
            snapshot.c.seen_hash,
        ),
    )
)
FIRST_SIGHT = insert(snapshot).from_select(
    [
        "record_uuid",
        "line_key",
        "ordinal",
        "customer",
        "seen_hash",
        "mapping_version",
        "first_seen",
        "missing_reads",
    ],
    select(
        run_line.c.line,
        run_line.c.line_key,
        run_line.c.ordinal,
        run_line.c.customer,
        run_line.c.planned_hash,
        run.c.mapping_version,
        bindparam("now"),
        literal(0),
    )
    .join(run, run.c.id == run_line.c.run_id)
    .where(
        run_line.c.run_id == bindparam("run_id"),
        run_line.c.line.in_(LINES),
        ~exists().where(snapshot.c.record_uuid == run_line.c.line),
    ),
)


def doubt(connection: Connection, run_id: str, lines: Sequence[str], now: float) -> None:
    """From here on nobody may say that these lines are fully delivered."""
    for chunk in chunks(lines):
        of_run = {"run_id": run_id, "lines": list(chunk)}
        connection.execute(DOUBT, of_run)
        connection.execute(FIRST_SIGHT, of_run | {"now": now})


def advance(connection: Connection, run_id: str, lines: Sequence[str], now: float) -> int:
    """Set the row hash of lines whose last operation is delivered; others stay as they are.

    Returns how many are whole now.
    """
    of_run = {"run_id": run_id, "now": now}
    return sum(
        connection.execute(ADVANCE, of_run | {"lines": list(chunk)}).rowcount
        for chunk in chunks(lines)
    )


def overcome(connection: Connection, run_id: str) -> None:
    """A row hash may stand for less than its row: what was left out then is still to be sent."""
    connection.execute(OVERCOME, {"run_id": run_id})


def distrust(connection: Connection, lines: Sequence[str]) -> None:
    """These lines are looked at again by the next plan: the board shows something else."""
    for chunk in chunks(lines):
        connection.execute(
            update(snapshot).where(snapshot.c.record_uuid.in_(chunk)).values(row_hash=None)
        )


def missing_reads(connection: Connection, scope: str) -> ColumnElement[int]:
    """The count after this read: it starts again when the scope is not that of the last read."""
    same = connection.scalar(LAST_SCOPE) == scope
    return snapshot.c.missing_reads + 1 if same else literal(1)


def mark_missing(
    connection: Connection, missing: Sequence[str], reads: ColumnElement[int], now: float
) -> None:
    """Count the reads that did not have these lines; the others are there, or back."""
    marked = select(snapshot.c.record_uuid).where(snapshot.c.missing_since.is_not(None))
    back = set(connection.scalars(marked)).difference(missing)
    for chunk in chunks(sorted(back)):
        connection.execute(
            update(snapshot)
            .where(snapshot.c.record_uuid.in_(chunk))
            .values(missing_since=None, missing_reads=0)
        )
    for chunk in chunks(missing):
        connection.execute(
            update(snapshot)
            .where(snapshot.c.record_uuid.in_(chunk))
            .values(
                missing_since=func.coalesce(snapshot.c.missing_since, now),
                missing_reads=reads,
            )
        )
        # A line that was planned and never delivered leaves no trace.
        connection.execute(
            delete(snapshot).where(
                snapshot.c.record_uuid.in_(chunk),
                snapshot.c.last_delivered.is_(None),
                ~exists().where(item.c.record_uuid == snapshot.c.record_uuid),
                ~exists().where(
                    operation.c.record_uuid == snapshot.c.record_uuid,
                    operation.c.state.in_(OPEN),
                ),
            )
        )

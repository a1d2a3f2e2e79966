"""The life of a run: opened before anything is read, staged with its plan, then closed."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from customer_orders.errors import LockLost
from customer_orders.ledger import findings
from customer_orders.ledger.bulk import fill
from customer_orders.ledger.database import Ledger, patient
from customer_orders.ledger.events import note
from customer_orders.ledger.locks import HELD, LOST
from customer_orders.ledger.rows import OPEN, chunks, operation_row, to_json
from customer_orders.ledger.schema import (
    Move,
    RunStatus,
    State,
    board_group,
    lock,
    operation,
    run,
    run_line,
)
from customer_orders.ledger.snapshots import (
    NOT_DELIVERED,
    advance,
    mark_missing,
    missing_reads,
    overcome,
)
from customer_orders.plan import (
    Action,
    Filters,
    Outcome,
    Plan,
    Planned,
    PlannedLine,
    Reading,
    Target,
)

_named = ("id", "kind", "board", "group_title", "record_uuid", "target", "action", "cell")
FAILED = select(*(operation.c[name] for name in _named)).where(operation.c.state == State.FAILED)
#: How a subitem counts that the run has an operation for.
SENT_AS = case(
    (operation.c.state == State.FAILED, literal(Outcome.FAILED)),
    (operation.c.state.in_(OPEN), literal(Outcome.PENDING)),
    (operation.c.action == Action.CREATE, literal(Outcome.CREATED)),
    else_=literal(Outcome.UPDATED),
)
#: How a subitem counts that needs none: as its line does, where that is held back.
KEPT_AS = case(
    (run_line.c.planned == Outcome.SKIPPED, literal(Outcome.SKIPPED)),
    (run_line.c.planned == Outcome.PENDING, literal(Outcome.PENDING)),
    else_=literal(Outcome.UNCHANGED),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a run's own row says."""

    started: float
    checksum: str | None
    filters: Mapping[str, Any]
    dropped: int


@patient
def open_run(ledger: Ledger, filters: Filters) -> str:
    """Record that a run began. Returns its id."""
    now = ledger.clock()
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    run_id = f"{moment}-{secrets.token_hex(2)}"
    with ledger.transaction() as connection:
        connection.execute(
            insert(run).values(
                id=run_id,
                started=now,
                status=RunStatus.RUNNING,
                filters=to_json(filters.as_dict()),
            )
        )
    return run_id


@patient
def stage(ledger: Ledger, run_id: str, planned: Planned) -> None:
    """Write the plan as the staging area, in one transaction.

    Pending operations of earlier runs are superseded, and so are failed ones that are planned
    afresh; lines that were rendered and need no operation advance in the snapshot.
    """
    plan, now = planned.plan, ledger.clock()
    with ledger.transaction() as connection:
        _still_ours(connection, run_id, planned.groups)
        for board, titles in planned.groups.items():
            _put_groups(connection, board, titles)
        reads = missing_reads(connection, planned.reading.scope)
        _write_reading(connection, run_id, plan, planned.reading)
        _supersede(connection, planned)
        fill(connection, run_line, [_line_row(run_id, line) for line in plan.lines])
        fill(connection, operation, [operation_row(o, run_id) for o in plan.operations])
        mark_missing(connection, plan.missing, reads, now)
        findings.keep(connection, run_id, plan.findings)
        findings.resolve(connection, run_id, planned.looked_at)
        overcome(connection, run_id)
        quiet = [line.line for line in plan.lines if line.outcome is Outcome.UNCHANGED]
        advance(connection, run_id, quiet, now)
        note(connection, now, run_id, "staged", {"operations": len(plan.operations)})


def _put_groups(connection: Connection, board: str, titles: Mapping[str, str]) -> None:
    connection.execute(delete(board_group).where(board_group.c.board == board))
    rows = [{"board": board, "title": t, "monday_id": i} for t, i in titles.items()]
    fill(connection, board_group, rows)


def _write_reading(connection: Connection, run_id: str, plan: Plan, reading: Reading) -> None:
    quiet: dict[str, list[int]] = {}
    for tally in plan.unchanged:
        lines, subitems = quiet.setdefault(tally.customer, [0, 0])
        quiet[tally.customer] = [lines + tally.lines, subitems + tally.subitems]
    connection.execute(
        update(run)
        .where(run.c.id == run_id)
        .values(
            scope=reading.scope,
            mapping_version=reading.mapping_version,
            checksum=plan.checksum,
            source_rows=reading.rows,
            source_customers=to_json(dict(reading.by_customer)),
            unchanged=to_json(quiet),
            dropped=plan.dropped,
        )
    )


def _line_row(run_id: str, line: PlannedLine) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "line": line.line,
        "customer": line.customer,
        "line_key": line.line_key,
        "ordinal": line.ordinal,
        "planned_hash": line.row_hash,
        "planned": line.outcome,
        "quiet_subitems": line.quiet_subitems,
        "refused_subitems": line.refused_subitems,
    }


def _still_ours(connection: Connection, run_id: str, boards: Collection[str]) -> None:
    """Raise LockLost unless the run holds every board of its plan, until the transaction ends."""
    ours = (lock.c.board.in_(boards), lock.c.run_id == run_id, HELD)
    connection.execute(update(lock).where(*ours).values(token=lock.c.token))
    lost = set(boards) - set(connection.scalars(select(lock.c.board).where(*ours)))
    if lost:
        raise LockLost(
            f"board {', '.join(sorted(lost))} was taken over by another process", hint=LOST
        )


def _supersede(connection: Connection, planned: Planned) -> None:
    """A stale payload is never sent; a failed operation that is planned afresh is replaced."""

    def retire(step: Move, which: ColumnElement[bool]) -> None:
        before, after = step.value
        connection.execute(
            update(operation).where(operation.c.state == before, which).values(state=after)
        )

    retire(Move.SUPERSEDE, operation.c.board.in_(planned.groups))
    for chunk in chunks(_replaced(connection, planned)):
        retire(Move.REPLACE, operation.c.id.in_(chunk))


def _replaced(connection: Connection, planned: Planned) -> list[int]:
    """Ids of the failed operations that this plan makes anew, or has no need of any more."""
    failed = connection.execute(FAILED).all()
    if not failed:
        return []
    # What could not be made is there now: a person made it.
    made = {(board, title) for board, titles in planned.groups.items() for title in titles}
    lines = planned.plan.lines
    afresh = {line.line for line in lines if line.outcome not in NOT_DELIVERED}
    again = _planned_again(planned.plan, {row.target for row in failed})
    return [
        row.id
        for row in failed
        if (row.kind == Target.GROUP and (row.board, row.group_title) in made)
        or row.record_uuid in afresh
        or (row.target, row.action, row.cell) in again
    ]


def _planned_again(plan: Plan, failed: Collection[str]) -> set[tuple[str, str, str | None]]:
    """Target, action and cell of what failed and stands in the plan.

    A refused cell stays refused while other cells of its item change.
    """
    operations = [o for o in plan.operations if o.target in failed]
    cells = {
        (o.target, Action.UPDATE, title)
        for o in operations
        if o.kind is Target.ITEM
        for title in o.payload.get("values", ())
    }
    return {(o.target, o.action, None) for o in operations} | cells


@patient
def close_run(
    ledger: Ledger, run_id: str, status: RunStatus, report: Mapping[str, Any], error: str | None
) -> None:
    """Record how the run ended, with its report."""
    with ledger.transaction() as connection:
        connection.execute(
            update(run)
            .where(run.c.id == run_id)
            .values(status=status, ended=ledger.clock(), report=to_json(report), error=error)
        )
        note(connection, ledger.clock(), run_id, "ended", {"status": status})


@patient
def settle_outcomes(ledger: Ledger, run_id: str) -> None:
    """Say of every line of the run how it counts: failed, pending, or what was planned."""

    def has(*states: State) -> Any:
        return exists().where(
            operation.c.run_id == run_id,
            operation.c.record_uuid == run_line.c.line,
            operation.c.state.in_(states),
        )

    outcome = case(
        (has(State.FAILED), literal(Outcome.FAILED)),
        (has(*OPEN), literal(Outcome.PENDING)),
        else_=run_line.c.planned,
    )
    with ledger.transaction() as connection:
        connection.execute(
            update(run_line).where(run_line.c.run_id == run_id).values(outcome=outcome)
        )


@patient
def line_counts(ledger: Ledger, run_id: str) -> Counter[tuple[str, str]]:
    """(customer, outcome) -> lines of a run, the unchanged ones among them."""
    statement = (
        select(run_line.c.customer, run_line.c.outcome, func.count())
        .where(run_line.c.run_id == run_id)
        .group_by(run_line.c.customer, run_line.c.outcome)
    )
    counted: Counter[tuple[str, str]] = Counter()
    with ledger.transaction() as connection:
        for customer, outcome, number in connection.execute(statement):
            counted[customer, outcome] += number
        for customer, (lines, _) in _quiet(connection, run_id).items():
            counted[customer, Outcome.UNCHANGED] += lines
    return counted


@patient
def subitem_counts(ledger: Ledger, run_id: str) -> Counter[tuple[str, str]]:
    """(customer, outcome) -> subitems of a run, the unchanged ones among them."""
    asked = (
        _sent(run_id),
        _not_sent(run_id, KEPT_AS, run_line.c.quiet_subitems),
        _not_sent(run_id, literal(Outcome.FAILED), run_line.c.refused_subitems),
    )
    counted: Counter[tuple[str, str]] = Counter()
    with ledger.transaction() as connection:
        for statement in asked:
            for customer, word, number in connection.execute(statement):
                counted[customer, word] += number
        for customer, (_, subitems) in _quiet(connection, run_id).items():
            counted[customer, Outcome.UNCHANGED] += subitems
    return counted


def _sent(run_id: str) -> Select[*tuple[Any, ...]]:
    """The subitems that the run has an operation for, by what became of it."""
    return _by_customer(
        select(operation.c.customer, SENT_AS.label("outcome"), literal(1).label("number")).where(
            operation.c.run_id == run_id,
            operation.c.kind == Target.SUBITEM,
            operation.c.action != Action.LINK,
        )
    )


def _not_sent(
    run_id: str, word: ColumnElement[str], number: ColumnElement[int]
) -> Select[*tuple[Any, ...]]:
    """The subitems that the run has no operation for: a number on each line, and how they count."""
    return _by_customer(
        select(run_line.c.customer, word.label("outcome"), number.label("number")).where(
            run_line.c.run_id == run_id
        )
    )


def _by_customer(counted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The sums of `number`; SQL Server does not group by what holds a parameter."""
    rows = counted.subquery()
    of = (rows.c.customer, rows.c.outcome)
    return select(*of, func.sum(rows.c.number)).group_by(*of)


def _quiet(connection: Connection, run_id: str) -> dict[str, list[int]]:
    text = connection.scalar(select(run.c.unchanged).where(run.c.id == run_id))
    quiet: dict[str, list[int]] = json.loads(text or "{}")
    return quiet


@patient
def facts(ledger: Ledger, run_id: str) -> Facts:
    """What is stored of a run."""
    with ledger.transaction() as connection:
        row = connection.execute(select(run).where(run.c.id == run_id)).one()
    return Facts(
        started=row.started,
        checksum=row.checksum,
        filters=json.loads(row.filters),
        dropped=row.dropped,
    )

"""What a plan has to know: snapshot, delivered items, refusals, unsettled lines, last read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Row, and_, case, exists, func, select

from customer_orders.config import Settings
from customer_orders.errors import LedgerError
from customer_orders.ledger import snapshots
from customer_orders.ledger.database import Ledger, patient
from customer_orders.ledger.rows import LAST_SCOPE, NEWEST, chunks
from customer_orders.ledger.schema import (
    State,
    board_group,
    finding,
    item,
    operation,
    run,
    run_line,
    snapshot,
    subitem,
)
from customer_orders.model import REVIEWED_RULES, Board, Cell, DeliveredItem, DeliveredSubitem
from customer_orders.plan import (
    ALL_RUNS,
    Action,
    Knowledge,
    LastRead,
    MissingLine,
    Outcome,
    usable_groups,
)

#: Why monday refused: only these hold a payload back until it changes.
HOLDING_CATEGORIES = ("data", "gone", "auth")

KNOWN = pa.schema(
    {
        "record_uuid": pa.string(),
        "line_key": pa.string(),
        "ordinal": pa.int64(),
        "row_hash": pa.string(),
        "seen_hash": pa.string(),
        "mapping_version": pa.string(),
        "customer": pa.string(),
        "review": pa.bool_(),
        "subitems": pa.int64(),
    }
)


def gather(
    ledger: Ledger,
    settings: Settings,
    boards: Mapping[str, Board],
    record_uuids: Sequence[str],
    mapping_version: str,
    retry: str | None = None,
) -> Knowledge:
    """All that the ledger and the boards know of the lines to be looked at.

    `retry` lifts the refusals of a run, or of all. Raises LedgerError when there is no such run.
    """
    return Knowledge(
        delivered=delivered_items(ledger, record_uuids),
        groups={board: usable_groups(group_ids(ledger, board), boards[board]) for board in boards},
        refused=refused_payloads(ledger, mapping_version, boards),
        refused_cells=refused_cells(ledger, mapping_version, boards),
        unsettled=unsettled_lines(ledger),
        lifted=failed_lines(ledger, retry) if retry else frozenset(),
        set_once=frozenset(settings.mapping.ownership.set_once),
        keep_board_edits=frozenset(settings.mapping.ownership.keep_board_edits),
        size_gone=Action(settings.rules.size_gone),
        size_column=settings.mapping.subitem_size,
        quantity_column=settings.mapping.subitem_quantity,
    )


@patient
def known_lines(ledger: Ledger) -> pa.Table:
    """The snapshot as detection reads it (columns of `KNOWN`)."""
    reviewed = exists().where(
        finding.c.record_uuid == snapshot.c.record_uuid,
        finding.c.resolved_run.is_(None),
        finding.c.rule.in_(REVIEWED_RULES),
    )
    sizes = (
        select(func.count())
        .select_from(subitem)
        .where(subitem.c.record_uuid == snapshot.c.record_uuid)
        .scalar_subquery()
    )
    statement = select(
        snapshot.c.record_uuid,
        snapshot.c.line_key,
        snapshot.c.ordinal,
        snapshot.c.row_hash,
        snapshot.c.seen_hash,
        snapshot.c.mapping_version,
        snapshot.c.customer,
        # A number, because SQL Server selects no condition.
        case((reviewed, 1), else_=0),
        sizes,
    )
    with ledger.transaction() as connection:
        rows = connection.execute(statement).all()
    columns = zip(*rows, strict=True) if rows else [()] * len(KNOWN)
    arrays = [pa.array(c).cast(field.type) for c, field in zip(columns, KNOWN, strict=True)]
    return pa.table(arrays, schema=KNOWN)


@patient
def delivered_items(ledger: Ledger, record_uuids: Sequence[str]) -> dict[str, DeliveredItem]:
    """The items of these lines as they were delivered, with their subitems."""
    found: dict[str, DeliveredItem] = {}
    with ledger.transaction() as connection:
        for chunk in chunks(record_uuids):
            sizes: defaultdict[str, dict[str, DeliveredSubitem]] = defaultdict(dict)
            of_chunk = subitem.c.record_uuid.in_(chunk)
            for row in connection.execute(select(subitem).where(of_chunk)):
                values = json.loads(row.delivered)
                sizes[row.record_uuid][row.size] = DeliveredSubitem(
                    monday_id=row.monday_id, values=values
                )
            for row in connection.execute(select(item).where(item.c.record_uuid.in_(chunk))):
                found[row.record_uuid] = DeliveredItem(
                    record_uuid=row.record_uuid,
                    monday_id=row.monday_id,
                    board=row.board,
                    group=row.group_title,
                    name=row.name,
                    values=json.loads(row.delivered),
                    subitems=sizes[row.record_uuid],
                )
    return found


@patient
def ever_delivered(ledger: Ledger) -> frozenset[str]:
    """The lines that were delivered whole at least once, and whose item was not archived since.

    They are what the mass-change guard judges.
    """
    whole = (
        select(snapshot.c.record_uuid)
        .join(item, item.c.record_uuid == snapshot.c.record_uuid)
        .where(snapshot.c.last_delivered.is_not(None))
    )
    with ledger.transaction() as connection:
        return frozenset(connection.scalars(whole))


def refused_payloads(
    ledger: Ledger, mapping_version: str, boards: Mapping[str, Board]
) -> dict[tuple[str, str], str]:
    """(target, action) -> payload of operations refused under the same mapping, and not lifted."""
    refused = _refused(ledger, mapping_version, boards)
    return {(row.target, row.action): row.payload for row in refused if row.cell is None}


def refused_cells(
    ledger: Ledger, mapping_version: str, boards: Mapping[str, Board]
) -> dict[str, dict[str, Cell]]:
    """record_uuid -> title -> value of cells refused under the same mapping, and not lifted."""
    cells: defaultdict[str, dict[str, Cell]] = defaultdict(dict)
    for row in _refused(ledger, mapping_version, boards):
        if row.cell is not None:
            cells[row.record_uuid] |= json.loads(row.payload)["values"]
    return dict(cells)


@patient
def _refused(
    ledger: Ledger, mapping_version: str, boards: Mapping[str, Board]
) -> Iterator[Row[Any]]:
    """Operations that hold the same payload back, the older first."""
    statement = (
        select(operation)
        .join(run, run.c.id == operation.c.run_id)
        .where(
            operation.c.state == State.FAILED,
            operation.c.category.in_(HOLDING_CATEGORIES),
            run.c.mapping_version == mapping_version,
        )
        .order_by(operation.c.id)
    )
    with ledger.transaction() as connection:
        rows = connection.execute(statement).all()
    return (row for row in rows if not _labels_are_there(row, boards.get(row.board)))


def _labels_are_there(row: Row[Any], board: Board | None) -> bool:
    """Whether the board now has all labels that it had not when the operation was refused."""
    missing = json.loads(row.missing_labels or "[]")
    if not missing or board is None:
        return False
    values = json.loads(row.payload)["values"]
    columns = board.columns if row.size is None else board.subitem_columns
    return all(values[title] in columns[title].labels for title in missing)


@patient
def unsettled_lines(ledger: Ledger) -> frozenset[str]:
    """Lines with an operation whose outcome is not known."""
    statement = select(operation.c.record_uuid).where(
        operation.c.state == State.SENDING, operation.c.record_uuid.is_not(None)
    )
    with ledger.transaction() as connection:
        return frozenset(connection.scalars(statement))


@patient
def failed_lines(ledger: Ledger, run_id: str) -> frozenset[str]:
    """Lines that failed in a run, now or held from before; of all runs, those that stand failed.

    Raises LedgerError when there is no such run.
    """
    if run_id == ALL_RUNS:
        statement = select(operation.c.record_uuid).where(operation.c.state == State.FAILED)
    else:
        statement = select(run_line.c.line).where(
            run_line.c.run_id == run_id, run_line.c.outcome == Outcome.FAILED
        )
    with ledger.transaction() as connection:
        known = connection.scalar(select(run.c.id).where(run.c.id == run_id))
        if known is None and run_id != ALL_RUNS:
            raise LedgerError(
                f"there is no run {run_id}", hint="`customer-orders runs` lists the latest"
            )
        return frozenset(line for line in connection.scalars(statement) if line)


@patient
def group_ids(ledger: Ledger, board: str) -> Mapping[str, str]:
    """Title -> monday's id of the groups that the ledger knows on a board."""
    statement = select(board_group).where(board_group.c.board == board)
    with ledger.transaction() as connection:
        return {row.title: row.monday_id for row in connection.execute(statement)}


@patient
def last_read(ledger: Ledger, scope: str) -> LastRead | None:
    """Row counts of the last run that read this scope to its end."""
    statement = (
        select(run.c.source_rows, run.c.source_customers)
        .where(and_(run.c.scope == scope, run.c.source_rows.is_not(None)))
        .order_by(*NEWEST)
        .limit(1)
    )
    with ledger.transaction() as connection:
        row = connection.execute(statement).first()
    if row is None:
        return None
    return LastRead(rows=row.source_rows, by_customer=json.loads(row.source_customers))


@patient
def last_scope(ledger: Ledger) -> str | None:
    """The scope of the last run that read its source to the end."""
    with ledger.transaction() as connection:
        return connection.scalar(LAST_SCOPE)


@patient
def missing_lines(ledger: Ledger, record_uuids: Sequence[str], scope: str) -> list[MissingLine]:
    """The delivered lines among those that the read of this scope did not have."""
    found: list[MissingLine] = []
    with ledger.transaction() as connection:
        reads = snapshots.missing_reads(connection, scope).label("reads")
        for chunk in chunks(record_uuids):
            statement = (
                select(snapshot.c.record_uuid, snapshot.c.customer, reads)
                .join(item, item.c.record_uuid == snapshot.c.record_uuid)
                .where(snapshot.c.record_uuid.in_(chunk))
            )
            found += [
                MissingLine(
                    record_uuid=row.record_uuid,
                    customer=row.customer,
                    reads=row.reads,
                )
                for row in connection.execute(statement)
            ]
    return found

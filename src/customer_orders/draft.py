"""From the source to a whole plan: read, detect, render, and compare."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from customer_orders import mapping, source
from customer_orders.changes import Changes, Columns, detect
from customer_orders.config import Settings
from customer_orders.errors import SourceEmpty
from customer_orders.ledger import Ledger, knowledge
from customer_orders.model import Finding, Item, LabelUse, OrderLine, Rendered
from customer_orders.monday import Session, already_there, standing
from customer_orders.plan import (
    Draft,
    Filters,
    Knowledge,
    Plan,
    Reading,
    Surroundings,
    assemble,
    guard_source,
)


async def draft(
    settings: Settings, ledger: Ledger, session: Session, filters: Filters, *, force: bool
) -> Draft:
    """What there is to do, before any filter; with `repair`, by what the boards show.

    Without `force`, a source that shrank or grew too much stops it before anything is rendered.
    """
    rules = mapping.Rules.of(settings, session.boards)
    # In threads, so that the heartbeat of our locks goes on.
    changes, reading = await asyncio.to_thread(
        _detect, settings, ledger, rules, every_line=filters.repair
    )
    if not force:
        last = knowledge.last_read(ledger, reading.scope)
        guard_source(reading.rows, reading.by_customer, last, settings.guard)
    rendered, findings, labels = await asyncio.to_thread(_render, changes, rules)
    around = _surroundings(settings, ledger, changes, reading, rules)
    lines = [*changes.known, *(line.record_uuid for line in around.missing)]
    known = knowledge.gather(ledger, settings, session.boards, lines, rules.version, filters.retry)
    if filters.repair:
        known = await _as_it_stands(session, settings, known, rendered, changes.missing)
    whole, known = await _assemble(settings, session, rendered, findings, known, around)
    ever = knowledge.ever_delivered(ledger)
    return Draft(
        plan=replace(whole, labels=labels),
        reading=reading,
        looked_at=tuple(line.record_uuid for line, _ in rendered),
        knowledge=known,
        known=len(ever),
        missing=len(ever & set(changes.missing)),
        updated=whole.changed_among(ever),
    )


async def _assemble(
    settings: Settings,
    session: Session,
    rendered: Rendered,
    findings: list[Finding],
    known: Knowledge,
    around: Surroundings,
) -> tuple[Plan, Knowledge]:
    """The plan, once more where a look at the board found what it would make."""
    whole = await asyncio.to_thread(assemble, rendered, findings, known, around, session.boards)
    found, copies = await already_there(session, settings, whole.operations, known.delivered)
    if not found:
        return whole, known
    findings, known = findings + copies, known.with_found(found)
    whole = await asyncio.to_thread(assemble, rendered, findings, known, around, session.boards)
    return whole, known


def line_of(
    settings: Settings, ledger: Ledger, rules: mapping.Rules, record_uuid: str
) -> OrderLine | None:
    """The line as the source has it now; None when it has not."""
    changes, _ = _detect(settings, ledger, rules, every_line=True)
    return next((line for line in changes.lines() if line.record_uuid == record_uuid), None)


def _detect(
    settings: Settings, ledger: Ledger, rules: mapping.Rules, *, every_line: bool
) -> tuple[Changes, Reading]:
    """Read the configured scope to its end and compare it with the snapshot."""
    rows = source.read(settings, mapping.needed_columns(settings))
    hashed, rekey = mapping.hashed_columns(settings), knowledge.last_scope(ledger) == rows.scope
    columns = Columns.of(settings.source, hashed, rows.sizes, rekey=rekey)
    known = knowledge.known_lines(ledger)
    changes = detect(rows.table, known, columns, rules.version, every_line=every_line)
    if changes.rows == changes.dropped:
        raise SourceEmpty(
            f"the source holds no order line ({changes.rows} rows, {changes.dropped} blank)",
            hint="the table may be in the middle of a reload, or [source] scope fits nothing",
        )
    return changes, Reading(
        scope=rows.scope,
        mapping_version=rules.version,
        rows=changes.rows - changes.dropped,
        by_customer={name or "": rows for name, rows in changes.rows_by_customer.items()},
    )


def _render(
    changes: Changes, rules: mapping.Rules
) -> tuple[Rendered, list[Finding], tuple[LabelUse, ...]]:
    """What the board should show of the lines to be looked at, as far as its labels allow."""
    rendered, findings = mapping.render_all(changes.lines(), rules)
    fitted, more, labels = mapping.fit_labels(rendered, findings, rules)
    return fitted, findings + more, labels


def _surroundings(
    settings: Settings, ledger: Ledger, changes: Changes, reading: Reading, rules: mapping.Rules
) -> Surroundings:
    """What else detection found, customers by canonical name."""
    return Surroundings(
        untold=tuple(map(rules.named, changes.held())),
        unchanged=tuple(map(rules.named, changes.unchanged)),
        missing=tuple(knowledge.missing_lines(ledger, changes.missing, reading.scope)),
        absent=tuple(changes.missing),
        dropped=changes.dropped,
        rules=settings.rules,
    )


async def _as_it_stands(
    session: Session,
    settings: Settings,
    known: Knowledge,
    rendered: Rendered,
    missing: Sequence[str],
) -> Knowledge:
    """What is known, by a look at the whole boards."""
    lines = {x.record_uuid: x.board for _, x in rendered if isinstance(x, Item)}
    keys = {*missing, *(line.record_uuid for line, _ in rendered)}
    return await standing(session, settings, known, lines, keys)

"""The journey of the order lines, in order: read, detect, render, plan, stage, deliver, report."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import structlog

from customer_orders import mapping, source
from customer_orders.changes import Changes, Columns, detect
from customer_orders.config import Settings
from customer_orders.delivery import Delivery, accounting, holding, recall, stopping
from customer_orders.errors import CustomerOrdersError, SourceEmpty
from customer_orders.ledger import Ledger, deployed, knowledge, runs
from customer_orders.model import Item
from customer_orders.monday import Session, already_there, connect, unchecked
from customer_orders.plan import (
    Difference,
    Filters,
    Planned,
    Reading,
    Surroundings,
    assemble,
    differences,
    forecast,
    foreign,
    guard_capacity,
    guard_plan,
    guard_source,
)
from customer_orders.report import ApplyProgress, Check, Closing, Run

Answer = TypeVar("Answer")
log = structlog.get_logger()


async def plan(settings: Settings, filters: Filters, *, force: bool = False) -> Planned:
    """What an apply would do. Nothing is written."""
    with deployed(settings.ledger_url) as ledger:
        async with connect(settings) as session:
            recall(ledger, session)
            return await _plan(settings, ledger, session, filters, force=force)


async def apply(
    settings: Settings,
    filters: Filters,
    *,
    name: str = "apply",
    expect: str | None = None,
    stage_only: bool = False,
    force: bool = False,
    progress: ApplyProgress | None = None,
) -> Run:
    """Plan afresh and carry the plan out. The run is reported however it ends, with its error.

    Raises LedgerError when there is no ledger to record it in.
    """
    with deployed(settings.ledger_url) as ledger:
        run_id = runs.open_run(ledger, filters)
        closing = Closing(settings, ledger, run_id, name, stage_only)
        structlog.contextvars.bind_contextvars(run=run_id)
        log.info("run started", name=name, **filters.as_dict())
        try:
            async with (
                stopping() as stop,
                connect(settings) as session,
                accounting(ledger, session),
                holding(settings, ledger, run_id) as locks,
            ):
                closing.session = session
                deliveries = [Delivery(ledger, session, x, settings, stop, progress) for x in locks]
                for delivery in deliveries:
                    await delivery.catch_up()
                planned = await stop.unless(_plan(settings, ledger, session, filters, force=force))
                planned.plan.expect(expect)
                await asyncio.to_thread(runs.stage, ledger, run_id, planned)
                log.info("staged", operations=len(planned.plan.operations))
                if progress:
                    progress.started(planned.plan.busy_lines, session.client.governor)
                for delivery in () if stage_only else deliveries:
                    await delivery.deliver(run_id)
        except CustomerOrdersError as exc:
            return closing.close(exc)
        except BaseException as exc:
            closing.broken_off(exc)
            raise
        return closing.close(None)


async def _plan(
    settings: Settings, ledger: Ledger, session: Session, filters: Filters, *, force: bool
) -> Planned:
    """Read the source, detect changes, render them, and compare with what was delivered."""
    rules = mapping.Rules.of(settings, session.boards)
    # In threads, so that the heartbeat of our locks goes on.
    changes, reading = await asyncio.to_thread(_detect, settings, ledger, rules)
    if not force:
        last = knowledge.last_read(ledger, reading.scope)
        guard_source(reading.rows, reading.by_customer, last, settings.guard)
    rendered, findings = await asyncio.to_thread(mapping.render_all, changes.lines(), rules)
    around = _surroundings(settings, ledger, changes, rules)
    known = knowledge.gather(ledger, settings, session.boards, changes.known, rules.version)
    whole = await asyncio.to_thread(assemble, rendered, findings, known, around, session.boards)
    found, copies = await already_there(session, settings, whole.operations, known.delivered)
    if found:
        findings, known = findings + copies, replace(known, found=found)
        whole = await asyncio.to_thread(assemble, rendered, findings, known, around, session.boards)
    if not force:
        ever = knowledge.ever_delivered(ledger)
        missing, updated = len(ever & set(changes.missing)), whole.changed_among(ever)
        guard_plan(known=len(ever), missing=missing, updated=updated, guard=settings.guard)
    chosen = whole.only(filters)
    filters.require(chosen.outcomes().total(), settings.customers)
    guard_capacity(chosen, session.boards)
    return Planned(
        plan=chosen,
        reading=reading,
        looked_at=tuple(line.record_uuid for line, _ in rendered),
        groups=known.groups,
        estimate=forecast(chosen.counts(), session.allowance(settings)),
    )


def _detect(
    settings: Settings, ledger: Ledger, rules: mapping.Rules, *, every_line: bool = False
) -> tuple[Changes, Reading]:
    """Read the configured scope to its end and compare it with the snapshot."""
    rows = source.read(settings, mapping.needed_columns(settings))
    scope = hashlib.sha256(settings.source.model_dump_json().encode()).hexdigest()
    hashed, rekey = mapping.hashed_columns(settings), knowledge.last_scope(ledger) == scope
    columns = Columns.of(settings.source, hashed, rows.sizes, rekey=rekey)
    known = knowledge.known_lines(ledger)
    changes = detect(rows.table, known, columns, rules.version, every_line=every_line)
    if changes.rows == changes.dropped:
        raise SourceEmpty(
            f"the source holds no order line ({changes.rows} rows, {changes.dropped} blank)",
            hint="the table may be in the middle of a reload, or [source] scope fits nothing",
        )
    return changes, Reading(
        scope=scope,
        mapping_version=rules.version,
        rows=changes.rows - changes.dropped,
        by_customer={name or "": rows for name, rows in changes.rows_by_customer.items()},
    )


def _surroundings(
    settings: Settings, ledger: Ledger, changes: Changes, rules: mapping.Rules
) -> Surroundings:
    """What else detection found, customers by canonical name."""
    return Surroundings(
        untold=tuple(map(rules.named, changes.held())),
        unchanged=tuple(map(rules.named, changes.unchanged)),
        missing=tuple(knowledge.missing_reads(ledger, changes.missing)),
        absent=tuple(changes.missing),
        dropped=changes.dropped,
        warn_after=settings.rules.line_gone_after,
    )


async def verify(settings: Settings, filters: Filters) -> tuple[list[Difference], int]:
    """Compare the boards with the source: differences, and how many lines were compared.

    Lines that are held, refused or not settled are left out, unless their item has gone.
    """
    with deployed(settings.ledger_url) as ledger:
        async with connect(settings) as session:
            rules = mapping.Rules.of(settings, session.boards)
            changes, _ = _detect(settings, ledger, rules, every_line=True)
            rendered, _ = mapping.render_all(changes.lines(), rules)
            shown = await session.items_by_key(settings)
        looked_at = [line.record_uuid for line, _ in rendered]
        delivered = knowledge.delivered_items(ledger, looked_at)
        refused = knowledge.refused_lines(ledger) - (delivered.keys() - shown.keys())
        left_out = refused | knowledge.unsettled_lines(ledger)
        items = [
            item
            for _, item in rendered
            if isinstance(item, Item)
            and item.record_uuid not in left_out
            and filters.takes(item.customer, item.po, item.season)
        ]
        filters.require(len(items), settings.customers)
        found = differences(items, delivered, shown, settings.mapping)
        return [*found, *foreign(shown, {*looked_at, *changes.missing})], len(items)


async def check(settings: Settings) -> list[Check]:
    """Everything that can be known without writing, each with what mends it."""

    def source_fits() -> str:
        rows = source.read(settings, mapping.needed_columns(settings))
        if not rows.table.num_rows:
            raise SourceEmpty("the source holds no row", hint="look at the table and at scope")
        return f"{rows.table.num_rows} rows, {len(rows.sizes)} size columns"

    def ledger_fits() -> str:
        with deployed(settings.ledger_url) as ledger:
            return f"{ledger}, schema {ledger.revision()}"

    async def boards_fit() -> str:
        async with connect(settings) as session:
            live = session.boards.values()
        return "; ".join(f'"{b.name}" with {b.items_count} of {b.items_limit} items' for b in live)

    async def token_works() -> str:
        async with unchecked(settings) as api:
            return "user {}, account {}".format(*await api.me())

    return [
        Check.passed("configuration", f"{len(settings.columns)} columns mapped"),
        Check.of("source", source_fits),
        Check.of("ledger", ledger_fits),
        await Check.awaited("token", token_works()),
        await Check.awaited("boards", boards_fit()),
    ]


async def deploy(settings: Settings, *, board: bool = False) -> list[str]:
    """Create or migrate our tables; with `board`, make the key columns that are missing."""
    ledger = Ledger(settings.ledger_url)
    ledger.deploy()
    done = [f"{ledger} has schema {ledger.revision()}"]
    ledger.close()
    if board:
        async with unchecked(settings) as api:
            for configured in settings.boards:
                live, title = await api.board(configured.id), configured.key_column
                if title not in live.columns:
                    await api.make_key_column(live, title)
                    done.append(f'board {live.id} has the column "{title}" now')
    return done


def ddl(settings: Settings) -> str:
    """The statements that `deploy` runs on an empty database."""
    return Ledger(settings.ledger_url).ddl()


def ask(settings: Settings, question: Callable[[Ledger], Answer]) -> Answer:
    """The ledger's answer to a question of `ledger.reading`."""
    with deployed(settings.ledger_url) as ledger:
        return question(ledger)

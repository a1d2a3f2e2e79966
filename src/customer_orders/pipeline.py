"""The journey of the order lines, in order: draft, guard, stage, deliver, report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TypeVar

import structlog

from customer_orders.config import Settings
from customer_orders.delivery import Delivery, accounting, holding, recall, stopping
from customer_orders.draft import draft
from customer_orders.errors import CustomerOrdersError
from customer_orders.ledger import Ledger, deployed, runs
from customer_orders.monday import Session, connect
from customer_orders.plan import (
    Difference,
    Filters,
    Outcome,
    Planned,
    differences,
    forecast,
    foreign,
    guard_capacity,
    guard_plan,
)
from customer_orders.report import ApplyProgress, Closing, Run

Answer = TypeVar("Answer")
#: Outcomes of lines that `verify` has compared.
COMPARED = (Outcome.CREATED, Outcome.MOVED, Outcome.UPDATED, Outcome.UNCHANGED)
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
                holding(settings, ledger, run_id) as locks,
                AsyncExitStack() as stack,
            ):
                # The boards are read once they are ours: what others made before is seen.
                session = await stop.unless(stack.enter_async_context(connect(settings)))
                await stack.enter_async_context(accounting(ledger, session))
                closing.session = session
                deliveries = [Delivery(ledger, session, x, settings, stop, progress) for x in locks]
                settled = [await each.catch_up(sends=not stage_only) for each in deliveries]
                if any(settled):
                    session = await stop.unless(session.afresh())
                planned = await stop.unless(_plan(settings, ledger, session, filters, force=force))
                closing.estimate = planned.estimate
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
    """The plan of a run: what there is to do, judged by the guards and cut to the filters."""
    whole = await draft(settings, ledger, session, filters, force=force)
    if not force:
        guard_plan(
            known=whole.known, missing=whole.missing, updated=whole.updated, guard=settings.guard
        )
    chosen = whole.plan.only(filters, whole.knowledge.lifted)
    filters.require(chosen.outcomes().total(), settings.customers)
    guard_capacity(chosen, session.boards)
    return Planned(
        plan=chosen,
        reading=whole.reading,
        looked_at=whole.looked_at,
        groups=whole.knowledge.groups,
        estimate=forecast(chosen.counts(), session.allowance(settings)),
    )


async def verify(settings: Settings, filters: Filters) -> tuple[list[Difference], int]:
    """Compare the boards with the source: differences, and how many lines were compared.

    Lines that are held, refused or not settled are left out, unless their item has gone.
    """
    with deployed(settings.ledger_url) as ledger:
        async with connect(settings) as session:
            looking = replace(filters, repair=True)
            whole = await draft(settings, ledger, session, looking, force=True)
    chosen = whole.plan.only(looking)
    compared = sum(line.outcome in COMPARED for line in chosen.lines)
    filters.require(compared, settings.customers)
    found = differences(chosen.operations, whole.knowledge.found)
    return [*found, *foreign(whole.knowledge.foreign)], compared


def ask(settings: Settings, question: Callable[[Ledger], Answer]) -> Answer:
    """The ledger's answer to a question of `ledger.reading`."""
    with deployed(settings.ledger_url) as ledger:
        return question(ledger)

"""What a run needs and never makes: our tables, key columns, and marks on the source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing

from customer_orders.config import Settings
from customer_orders.ledger import Ledger, head
from customer_orders.model import Board
from customer_orders.monday import BoardAPI, unchecked
from customer_orders.stamp import Stamped, stamp


async def deploy(settings: Settings, *, board: bool = False, source: bool = False) -> list[str]:
    """Create or migrate our tables; with `board`, make the key columns that are missing.

    With `source`, add record_uuid and row_hash to the source table, and fill them.
    """
    with closing(Ledger(settings.ledger_url)) as ledger:
        ledger.deploy()
        done = [f"{ledger} has schema {ledger.revision()}"]
        if source:
            done += (await asyncio.to_thread(stamp, settings, ledger)).told(done=True)
    if board:
        async with unchecked(settings) as api:
            async for live, title in _without_key(settings, api):
                await api.make_key_column(live, title)
                done.append(f'board {live.id} has the column "{title}" now')
    return done


async def planned(settings: Settings, *, board: bool = False, source: bool = False) -> list[str]:
    """What `deploy` would do now, statement by statement. Nothing is written."""
    with closing(Ledger(settings.ledger_url)) as ledger:
        told = [ledger.pending().strip() or f"{ledger} has schema {ledger.revision()}"]
    if source:
        changes = source_changes(settings)
        told += [*(f"{statement};" for statement in changes.statements), *changes.told(done=False)]
    if board:
        async with unchecked(settings) as api:
            async for live, title in _without_key(settings, api):
                told.append(f'board {live.id} would get the column "{title}"')
    return told


async def _without_key(settings: Settings, api: BoardAPI) -> AsyncIterator[tuple[Board, str]]:
    """The boards that have no column for line keys, with the title that it is to have."""
    for configured in settings.boards:
        live = await api.board(configured.id)
        if configured.key_column not in live.columns:
            yield live, configured.key_column


def source_changes(settings: Settings) -> Stamped:
    """What `deploy --source` would do to the source table. Nothing is written."""
    with closing(Ledger(settings.ledger_url)) as ledger:
        # What the ledger knows tells equal keys apart; before the first deploy nothing is known.
        known = ledger if ledger.revision() == head() else None
        return stamp(settings, known, dry_run=True)


def ddl(settings: Settings) -> str:
    """The statements that make our tables in an empty database."""
    with closing(Ledger(settings.ledger_url)) as ledger:
        return ledger.ddl()

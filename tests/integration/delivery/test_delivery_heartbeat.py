"""Holding the boards: a sign of life, whatever else happens, and a clean end."""

from __future__ import annotations

import asyncio
import getpass
import os
import sqlite3

import pytest
from delivering import BOARD, World

from customer_orders.delivery import holding
from customer_orders.errors import LockHeld
from customer_orders.ledger import database, engines, locks
from customer_orders.ledger.schema import lock


def row(world: World):
    """The lock of the board."""
    with world.ledger.transaction() as connection:
        return connection.execute(lock.select()).one()


async def test_the_holder_beats_and_lets_go(world: World):
    """The heartbeat grows while the block goes on; afterwards the board is free."""
    settings = world.settings.model_copy(
        update={"time": world.settings.time.model_copy(update={"lock_stale": 1.0})}
    )
    async with holding(settings, world.ledger, "r1") as (held,):
        first = row(world)
        assert (held.board, first.held, first.run_id) == (BOARD, True, "r1")
        assert f"process {os.getpid()}" in first.holder
        await asyncio.sleep(0.8)
        assert row(world).heartbeat > first.heartbeat
        with pytest.raises(LockHeld):
            locks.acquire(world.ledger, BOARD, "b", "r2", 1.0)
    assert row(world).held is False


async def test_a_busy_ledger_costs_one_beat(world: World, monkeypatch: pytest.MonkeyPatch):
    """The next one comes through: a moment's trouble must not lose the board."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT", 0.05)
    settings = world.settings.model_copy(
        update={"time": world.settings.time.model_copy(update={"lock_stale": 0.4})}
    )
    ledger = database.Ledger(f"sqlite:///{world.ledger.path}")
    async with holding(settings, ledger, "r1"):
        other = sqlite3.connect(world.ledger.path, isolation_level=None)
        other.execute("begin immediate")
        await asyncio.sleep(0.25)
        other.execute("rollback")
        other.close()
        before = row(world).heartbeat
        await asyncio.sleep(1.0)
        assert row(world).heartbeat > before
    assert row(world).held is False
    ledger.close()


async def test_a_lost_board_is_not_given_back_by_the_loser(world: World):
    """It belongs to the taker, and ends quietly here."""
    async with holding(world.settings, world.ledger, "r1"):
        locks.acquire(world.ledger, BOARD, "taker", "r2", 0)
    assert (row(world).holder, row(world).held) == ("taker", True)


async def test_a_user_without_a_name(world: World, monkeypatch: pytest.MonkeyPatch):
    """A container may run under a number that nobody has named."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", nameless)
    async with holding(world.settings, world.ledger, "r1"):
        assert row(world).holder.startswith("unknown user@")

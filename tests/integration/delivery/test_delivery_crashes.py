"""Processes that die, stand still or lose the board: the next run settles what they left."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from delivering import Kill, Killed, World, item, wanted

from customer_orders.ledger import State, locks, recording

Make = Callable[..., World]


@pytest.mark.parametrize("after", [False, True], ids=["before it left", "after it arrived"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
async def test_killed_between_claim_and_record(world: World, at: int, after: bool):
    """The next run finds the stored request, settles it, and finishes the work."""
    items = [item(number) for number in range(12)]
    killed = await world.run(*items, wrap=lambda inner: Kill(inner, at, after=after))
    assert isinstance(killed.error, Killed)
    assert world.operations(State.SENDING)
    assert None in world.hashes().values() or at == 1
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)
    assert world.hashes() == {each.record_uuid: each.row_hash for each in items}
    again = await world.run(*items)
    assert again.mutations == 0


async def test_killed_and_then_changed(world: World):
    """What was under way is settled with its old payload first; then the new one is planned."""
    killed = await world.run(item(0), wrap=lambda inner: Kill(inner, 2, after=True))
    assert isinstance(killed.error, Killed)
    changed = item(0, note="changed", M="5", L="80")
    ended = await world.run(changed)
    assert ended.error is None
    assert world.board() == wanted(changed)
    assert {o.state for o in world.operations(*State)} == {"delivered", "superseded"}


async def test_killed_after_half_an_answer(make_world: Make, monkeypatch: pytest.MonkeyPatch):
    """What was recorded in part is not sent again: all of it would be carried out once more."""
    world = make_world({"idempotency_caches_errors": False}, time={"recheck": 3600})
    world.fault("alias_error", "create_item", code="INTERNAL_SERVER_ERROR", status=500)

    def die(*_: object) -> None:
        raise Killed

    items = [item(number) for number in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(recording, "mark_unknown", die)
        killed = await world.run(*items)
    assert isinstance(killed.error, Killed)
    assert len(world.operations(State.SENDING)) == 1
    world.clear()
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)


async def test_a_run_that_stood_still_does_not_send(world: World):
    """A claim older than `send_within` is opened again: somebody may be settling it already."""
    now, main, claims = world.ledger.clock, threading.get_ident(), []

    def clock() -> float:
        # Claims look at the clock in a thread, sending in the loop: it jumps once in between.
        if threading.get_ident() != main:
            claims.append("")
        jumps = threading.get_ident() == main and len(claims) == 2
        claims.extend(["jumped"] * jumps)
        return now() + 100 * jumps

    world.ledger.clock = clock
    ended = await world.run(item(0))
    assert ended.error is None
    assert "jumped" in claims
    assert world.board() == wanted(item(0))
    with world.ledger.transaction() as connection:
        details = connection.exec_driver_sql("select detail from event order by id").scalars().all()
        requests = connection.exec_driver_sql("select count(*) from request").scalar()
    assert "not sent within 0.5 s" in details[1]
    assert (requests, ended.by_document["create_group"]) == (4, 1)


async def test_taken_over_in_mid_run(world: World):
    """A run that lost its board records nothing more; the taker settles and finishes."""
    items = [item(number) for number in range(12)]

    class TakenOver:
        def __init__(self, inner: Any) -> None:
            self.inner, self.left = inner, 3

        async def post(self, body: bytes, headers: Any) -> Any:
            answer = await self.inner.post(body, headers)
            if "Idempotency-Key" in headers:
                self.left -= 1
                if self.left == 0:
                    locks.acquire(world.ledger, "10", "somebody else", "other", stale=0)
            return answer

    ended = await world.run(*items, wrap=TakenOver)
    assert type(ended.error).__name__ == "LockLost"
    assert world.operations(State.SENDING)
    assert len(asyncio.all_tasks()) == 1
    with world.ledger.transaction() as connection:
        holder = connection.exec_driver_sql("select holder, held from lock").one()
    assert tuple(holder) == ("somebody else", 1)
    # The other process is gone; its lock goes stale, and a third run takes over.
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql("update lock set heartbeat = heartbeat - 100")
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)


async def test_a_board_that_is_held_is_refused(world: World):
    """A second run on the same board says who holds it, and sends nothing."""
    held = locks.acquire(world.ledger, "10", "night shift process 7", "r1", stale=60)
    ended = await world.run(item(0))
    assert type(ended.error).__name__ == "LockHeld"
    assert "night shift process 7" in str(ended.error)
    assert (ended.mutations, world.board()) == (0, {})
    locks.release(world.ledger, held)
    assert (await world.run(item(0))).error is None

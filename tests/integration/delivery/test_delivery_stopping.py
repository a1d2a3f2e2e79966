"""A run that is asked to stop: what is under way is recorded, and nothing new begins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from delivering import Wire, World, item, wanted

from customer_orders.delivery import Stop
from customer_orders.errors import NoAnswer, Stopped
from customer_orders.ledger import State
from customer_orders.plan import MUTATION_COST

Make = Callable[..., World]
REASON = Stopped("stopped by a test")


def after(stop: Stop, number: int) -> Wire:
    """A wire on which the stop is asked for while the n-th mutation request is under way."""

    def meddle(sent: int, body: bytes) -> None:
        if sent == number:
            stop.ask(REASON)

    return Wire(meddle)


async def until(world: World, query: str) -> None:
    """Wait until the ledger has rows for a query."""
    for _ in range(2_000):
        if world.ask(query):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(query)


@pytest.mark.parametrize("at", [1, 2, 3])
async def test_what_is_under_way_is_recorded(make_world: Make, at: int):
    """Nothing is `sending`, nothing is failed, and the next run goes on from there."""
    world = make_world({"latency_per_request": 0.02}, monday={"aliases": 2, "in_flight": 2})
    items = [item(number) for number in range(8)]
    stop = Stop()
    wire = after(stop, at)
    ended = await world.run(*items, wrap=wire, stop=stop)
    assert ended.error is REASON
    assert world.operations(State.SENDING, State.FAILED) == []
    assert len(wire.sent) <= at + 1
    done = sum(tally.delivered for tally in world.told.tallies)
    assert len(world.operations(State.DELIVERED)) == done > 0
    ended = await world.run(*items)
    assert ended.error is None
    assert world.board() == wanted(*items)
    assert world.get("stats")["mutations"]["create_item"] == 8


async def test_an_answer_that_is_lost_while_stopping_stays_unknown(world: World):
    """It is not replayed any more: the next run settles it."""
    stop = Stop()

    def lost(number: int, body: bytes) -> Exception | None:
        if b"create_item(" not in body:
            return None
        stop.ask(REASON)
        return NoAnswer("cut off")

    wire = Wire(lost)
    ended = await world.run(item(0), wrap=wire, stop=stop)
    assert ended.error is REASON
    assert len(wire.keys("CreateItem")) == 1
    (left,) = world.operations(State.SENDING)
    assert left.kind == "item"
    assert (await world.run(item(0))).error is None
    assert world.board() == wanted(item(0))


async def test_a_wait_for_settling_is_given_up(make_world: Make):
    """Nobody waits for the index when the process is to end."""
    world = make_world(time={"index_lag": 3_600})
    world.fault("apply_then_status", "create_item", status=502)
    stop = Stop()
    run = asyncio.create_task(world.run(item(0), stop=stop))
    await until(world, "select 1 from request where unknown_since is not null")
    stop.ask(REASON)
    async with asyncio.timeout(20):
        ended = await run
    assert ended.error is REASON
    assert len(world.operations(State.SENDING)) == 1


async def test_a_wait_for_a_limit_is_given_up(world: World):
    """The minute that monday asked for is not waited."""
    world.fault("rate_limit", "create_item", shape="minute", retry_after=100, count=None)
    stop = Stop()
    run = asyncio.create_task(world.run(item(0), stop=stop))
    await until(world, "select 1 from event where detail like '%MINUTE_RATE%'")
    stop.ask(REASON)
    async with asyncio.timeout(20):
        ended = await run
    assert ended.error is REASON
    assert world.operations(State.SENDING, State.FAILED) == []


async def test_a_wait_for_the_budget_comes_before_the_claim(make_world: Make):
    """The minute is used up: nothing is claimed, nothing is sent, and the wait is given up."""
    minute = 25 * MUTATION_COST
    world = make_world({"complexity_per_minute": minute}, monday={"aliases": 10, "in_flight": 1})
    items = [replace(item(number), subitems=()) for number in range(30)]
    stop, wire = Stop(), Wire()
    run = asyncio.create_task(world.run(*items, wrap=wire, stop=stop))
    await until(world, "select 1 from item limit 1 offset 19")
    await asyncio.sleep(0.5)
    assert world.operations(State.SENDING) == []
    stop.ask(REASON)
    async with asyncio.timeout(20):
        ended = await run
    assert ended.error is REASON
    assert 20 <= len(world.operations(State.DELIVERED)) <= 25
    assert len(wire.keys("CreateItem")) > 1
    assert world.get("stats")["rate_limited"] == {}


async def test_a_run_that_is_stopped_before_it_sends(world: World):
    """Nothing is claimed, and no hash is cleared."""
    stop = Stop()
    stop.ask(REASON)
    ended = await world.run(item(0), stop=stop)
    assert ended.error is REASON
    assert (ended.mutations, world.hashes()) == (0, {})
    assert set(ended.outcomes.values()) == {"pending"}


async def test_the_first_reason_counts():
    """A second one changes nothing."""
    stop = Stop()
    stop.check()
    stop.ask(REASON)
    stop.ask(Stopped("another"))
    with pytest.raises(Stopped) as caught:
        stop.check()
    assert caught.value is REASON


async def test_work_that_may_be_given_up():
    """Its result, its error, or the reason when that comes first; then it is cancelled."""
    stop, seen = Stop(), []

    async def work(result: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    async def long_work() -> None:
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    assert await stop.unless(work(7)) == 7
    with pytest.raises(KeyError):
        await stop.unless(work(KeyError()))
    asyncio.get_running_loop().call_soon(stop.ask, REASON)
    with pytest.raises(Stopped):
        await stop.unless(long_work())
    await asyncio.sleep(0)
    assert seen == ["cancelled"]
    with pytest.raises(Stopped):
        await stop.unless(long_work())


async def test_a_replay_that_waits_for_a_limit_is_given_up(world: World):
    """The first replay met a limit of 100 seconds: the second one is not waited for."""
    world.fault("apply_then_drop", "create_item")
    world.fault("rate_limit", "create_item", shape="minute", retry_after=100)
    stop, wire = Stop(), Wire()
    run = asyncio.create_task(world.run(item(0), wrap=wire, stop=stop))
    await until(world, "select 1 from request where sends = 2")
    await asyncio.sleep(2)
    stop.ask(REASON)
    async with asyncio.timeout(5):
        ended = await run
    assert ended.error is REASON

"""Nobody judges a call that may still be running, nor an index that is behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from delivering import Kill, Killed, Wire, World, item, wanted

from customer_orders.errors import NoAnswer
from customer_orders.monday import HTTPTransport

Make = Callable[..., World]
#: Seconds.
DAY = 86_400


def made(world: World) -> int:
    """Items that were ever made on the board, archived ones too."""
    return len(world.get("state")["boards"][0]["items"])


async def test_a_call_that_is_still_running_is_waited_for(world: World):
    """The first replay meets the running call, the second one has its answer."""
    world.fault("late", "create_item", seconds=0.2)
    wire = Wire()
    ended = await world.run(item(0), item(1), wrap=wire)
    assert ended.error is None
    assert len(set(wire.keys("CreateItem"))) == 1
    assert world.get("stats")["replays"] == 1
    assert (made(world), world.board()) == (2, wanted(item(0), item(1)))


async def test_a_clock_that_was_ahead(world: World):
    """Once it is put right, nobody waits until it would be as late as it said."""
    now = world.ledger.clock
    world.ledger.clock = lambda: now() + DAY
    killed = await world.run(item(0), wrap=lambda inner: Kill(inner, 2, after=True))
    assert isinstance(killed.error, Killed)
    world.ledger.clock = now
    wire = Wire()
    async with asyncio.timeout(30):
        ended = await world.run(item(0), wrap=wire)
    assert ended.error is None
    assert world.board() == wanted(item(0))
    assert "create_item" not in [name for _, name, _ in wire.sent], "how old it is was not known"


async def test_the_index_is_waited_for(make_world: Make):
    """What was made a moment ago is not found at once; it is not made again."""
    world = make_world({"index_lag_seconds": 0.8}, time={"index_lag": 0.9})
    world.fault("apply_then_status", "create_item", status=502)
    ended = await world.run(item(0), item(1))
    assert ended.error is None
    assert (made(world), world.board()) == (2, wanted(item(0), item(1)))


async def test_a_call_that_runs_behind_a_5xx_is_waited_for(world: World):
    """A gateway gave up before monday did: the board is looked at when the call is over."""
    slow = Wire()

    def gateway(number: int, body: bytes) -> Exception | None:
        if b"create_item(" not in body or len(slow.keys("CreateItem")) > 1:
            return None
        world.fault("late", "create_item", seconds=0.2)
        return None

    class Gateway:
        def __init__(self, inner) -> None:
            self.inner = slow(inner)

        async def post(self, body, headers):
            try:
                return await self.inner.post(body, headers)
            except NoAnswer as exc:
                raise NoAnswer("HTTP 504", status=504) from exc

    slow.meddle = gateway
    ended = await world.run(item(0), wrap=Gateway)
    assert ended.error is None
    assert len(slow.keys("CreateItem")) == 1
    assert (made(world), world.board()) == (1, wanted(item(0)))


@pytest.mark.parametrize("status", ["null", "502"], ids=["replayed", "looked up"])
async def test_who_takes_over_waits_from_then_on(world: World, status: str):
    """The process that lost the board may have sent until the last moment."""
    killed = await world.run(item(0), wrap=lambda inner: Kill(inner, 2, after=False))
    assert isinstance(killed.error, Killed)
    (left,) = world.ask("select id, body from request where settled is null")
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql(
            "update request set first_send = first_send - 100, last_send = last_send - 100,"
            f" unknown_since = last_send - 99, status = {status} where settled is null"
        )
        connection.exec_driver_sql("update lock set held = 1, heartbeat = heartbeat - 100")

    async def zombie() -> None:
        await asyncio.sleep(0.15)
        async with HTTPTransport(world.url, "emulator-token", timeout=2, connect=5) as transport:
            head = {"API-Version": "2026-10", "Idempotency-Key": left[0]}
            await transport.post(left[1], head)

    late = asyncio.create_task(zombie())
    ended = await world.run(item(0))
    await late
    assert ended.error is None
    assert (made(world), world.board()) == (1, wanted(item(0)))

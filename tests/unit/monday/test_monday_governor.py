"""The budgets a minute: obeyed, learned, waited for. Time is virtual."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from answering import Direct
from virtual import LoopClock, virtually

from customer_orders.emulator import Monday
from customer_orders.errors import DayUsed
from customer_orders.monday import Client, Governor, Mutation, Reservation

CREATE = Mutation(document="create_group", variables={"board": "10", "title": "g"})
COST = 30_001


def headers(**left: str) -> dict[str, str]:
    """`RateLimit` as monday writes it: what is left, and perhaps `;t=`."""
    return {"ratelimit": ", ".join(f'"{name}";r={rest}' for name, rest in left.items())}


@asynccontextmanager
async def leaving(
    governor: Governor, price: float, count: int = 1, *, writes: bool = False
) -> AsyncIterator[Reservation]:
    """The place of a request that leaves at once."""
    async with await governor.reserve(price, count, writes=writes) as held:
        governor.left(held)
        yield held


async def _spend(governor: Governor, cost: float, times: int, hold: float = 0.0) -> list[float]:
    """When each of so many requests at once was let through, in seconds from the start."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    moments: list[float] = []

    async def one() -> None:
        async with leaving(governor, cost):
            moments.append(loop.time() - begun)
            await asyncio.sleep(hold)

    await asyncio.gather(*(one() for _ in range(times)))
    return moments


def test_complexity_is_spread_over_minutes():
    """Of ten million a minute all but a little is ours, then nothing until the minute is over."""
    moments, took = virtually(_spend(Governor("pro"), COST, 1000))
    assert [sum(m // 60 == minute for m in moments) for minute in range(4)] == [326, 326, 326, 22]
    assert took == pytest.approx(180)


def test_requests_are_spread_over_minutes():
    """Nearly a thousand requests a minute on the free plan, however cheap they are."""
    moments, _ = virtually(_spend(Governor("free"), 1, 2500))
    assert [sum(m // 60 == minute for m in moments) for minute in range(3)] == [980, 980, 540]


def test_so_many_at_a_time():
    """Forty are under way on the free plan; each that comes back lets another one go."""
    moments, took = virtually(_spend(Governor("free"), 1, 100, hold=2.0))
    assert [sum(m == start for m in moments) for start in (0, 2, 4)] == [40, 40, 20]
    assert took == pytest.approx(6)


def test_a_cost_above_the_whole_budget_goes_alone():
    """It is let through when nothing else was spent in the minute, and waits otherwise."""

    async def work(governor: Governor) -> list[float]:
        first = await _spend(governor, 100, 1)
        return first + await _spend(governor, 2_000_000, 2)

    moments, _ = virtually(work(Governor("free")))
    assert moments == pytest.approx([0, 60, 120])


def test_the_wait_that_the_server_asks_for():
    """Nothing leaves before it is over; a shorter one does not cut a longer one short."""

    async def work() -> tuple[list[float], dict[str, float]]:
        governor = Governor("pro")
        governor.pause(22)
        governor.pause(3)
        return await _spend(governor, 1, 2), governor.waited

    (moments, waited), _ = virtually(work())
    assert moments == pytest.approx([22, 22])
    assert set(waited) == {"throttled"}


def test_what_others_used_is_learned_from_the_headers():
    """The account is shared: what is left counts, not what we sent, and when it is renewed."""

    async def work() -> list[float]:
        governor = Governor("pro")
        async with leaving(governor, COST) as held:
            governor.settle(held, None, headers(complexityMinute=f"{3 * COST};t=7"))
        return await _spend(governor, COST, 3)

    moments, _ = virtually(work())
    assert moments == pytest.approx([0, 0, 7])


def test_requests_left_are_learned_too():
    """`minuteRate` names its time only when nothing is left."""

    async def work() -> list[float]:
        governor = Governor("pro")
        async with leaving(governor, 1) as held:
            governor.settle(held, None, headers(minuteRate="0;t=38"))
        return await _spend(governor, 1, 1)

    moments, _ = virtually(work())
    assert moments == pytest.approx([38])


def test_limits_of_the_account_are_learned():
    """The policy says what the plan allows, whatever the configuration believes."""
    policy = (
        '"minuteRate";q=5000;w=60, "concurrency";q=250;qu="concurrent-requests", '
        '"complexityMinute";q=61300;w=60;qu="content-bytes"'
    )

    async def work() -> tuple[list[float], int]:
        governor = Governor("free")
        async with leaving(governor, 1) as held:
            governor.settle(held, 0, {"ratelimit-policy": policy})
        return await _spend(governor, COST, 4), governor.writing.quota

    (moments, quota), _ = virtually(work())
    assert quota == 61_300
    assert moments == pytest.approx([0, 0, 60, 60])


@pytest.mark.parametrize("name", ["complexityMinute", "minuteRate"])
@pytest.mark.parametrize("resets", ["3600", "45000"])
def test_no_minute_is_longer_than_a_minute(name: str, resets: str):
    """Whatever a header says: an hour or milliseconds would be waited for."""

    async def work() -> list[float]:
        governor = Governor("pro")
        async with leaving(governor, 1) as held:
            governor.settle(held, 1, headers(**{name: f"0;t={resets}"}))
        return await _spend(governor, COST, 1)

    moments, _ = virtually(work())
    assert moments == pytest.approx([60])


@pytest.mark.parametrize("name", ["complexityMinute", "minuteRate", "concurrency"])
def test_a_quota_of_nothing_is_not_believed(name: str):
    """With it nothing could ever leave; what is known stays."""

    async def work() -> list[float]:
        governor = Governor("pro")
        async with leaving(governor, 1) as held:
            governor.settle(held, 1, {"ratelimit-policy": f'"{name}";q=0;w=60'})
        async with asyncio.timeout(3600):
            return await _spend(governor, COST, 100)

    moments, _ = virtually(work())
    assert moments == [0] * 100


def test_what_is_under_way_stays_reserved():
    """The server's count may not know it yet."""

    async def work() -> float:
        governor = Governor("pro")
        first, second = await governor.reserve(3_000_000), await governor.reserve(4_000_000)
        governor.left(first)
        governor.settle(first, None, headers(complexityMinute="10000000;t=60"))
        await first.release()
        begun = asyncio.get_running_loop().time()
        await governor.reserve(7_000_000)
        await second.release()
        return asyncio.get_running_loop().time() - begun

    assert virtually(work())[0] == pytest.approx(60)


def test_a_released_place_stays_spent():
    """The answer frees the place of a request, not the budget that it took."""

    async def work() -> float:
        governor = Governor("pro")
        async with leaving(governor, 9_990_000):
            pass
        begun = asyncio.get_running_loop().time()
        await governor.reserve(300_000)
        return asyncio.get_running_loop().time() - begun

    assert virtually(work())[0] == pytest.approx(60)


def test_a_release_after_the_minute_gives_nothing_away():
    """The window was opened anew meanwhile: its budget does not grow, left or not."""

    async def work() -> list[float]:
        governor = Governor("free")
        old, left = await governor.reserve(400_000), await governor.reserve(500_000)
        governor.left(left)
        await asyncio.sleep(61)
        await _spend(governor, 1, 1)
        await old.release()
        await left.release()
        return await _spend(governor, 970_000, 2)

    moments, _ = virtually(work())
    assert moments == pytest.approx([0, 60])


def test_a_place_is_given_back_when_its_request_fails():
    """Also when it is cancelled while it waits."""

    async def work() -> tuple[list[float], float]:
        governor = Governor("free")
        with pytest.raises(KeyError):
            async with leaving(governor, 1):
                raise KeyError
        governor.pause(100)
        waiting = asyncio.create_task(governor.reserve(1))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return await _spend(governor, 1, 40, hold=1), len(governor._under_way)

    (moments, held), took = virtually(work())
    assert len(moments) == 40
    assert took == pytest.approx(101)
    assert held == 0


@pytest.mark.parametrize("stays", [False, True])
def test_all_is_given_back_when_a_request_never_leaves(stays: bool):
    """Complexity, request and call, once; a claim may fail, or the network not be there."""

    async def work() -> tuple[float, float, float]:
        governor = Governor("pro")
        for _ in range(50):
            async with await governor.reserve(COST, 5, writes=True) as held:
                if stays:
                    governor.left(held)
                    governor.stayed(held)
            await held.release()
        return governor.writing.used, governor.requests.used, governor.day.since

    assert virtually(work())[0] == (0, 0, 0)


def policy(complexity: int) -> dict[str, str]:
    """`RateLimit-Policy` with this much complexity a minute."""
    return {"ratelimit-policy": f'"complexityMinute";q={complexity};w=60;qu="content-bytes"'}


@pytest.mark.parametrize(("quota", "waits"), [(5_000_000, 0), (10_000_000, 60)])
def test_the_budgets_of_an_app_token_are_two(quota: int, waits: float):
    """What queries use is not taken from mutations; another token has one budget for both."""

    async def work() -> float:
        governor = Governor("pro")
        async with leaving(governor, 1) as held:
            governor.settle(held, 0, policy(quota))
        begun = asyncio.get_running_loop().time()
        await _spend(governor, 0.97 * quota, 1)
        async with leaving(governor, 0.5 * quota, writes=True):
            return asyncio.get_running_loop().time() - begun

    assert virtually(work())[0] == pytest.approx(waits)


def test_a_light_question_is_a_tenth_of_a_call():
    """Whether it is answered or refused; nothing of one that did not leave."""

    async def work() -> list[float]:
        governor, counted = Governor("pro"), []
        for outcome in ("answered", "refused", "stayed"):
            async with governor.light() as held:
                governor.left(held)
                if outcome == "refused":
                    governor.refused(held, {})
                elif outcome == "stayed":
                    governor.stayed(held)
            counted.append(governor.day.since)
        return counted

    assert virtually(work())[0] == pytest.approx([0.1, 0.2, 0.2])


def test_two_budgets_are_told_apart_by_what_was_used():
    """A mutation's answer knows less to be used than a query's did: it is of another budget."""

    async def work() -> tuple[float, float]:
        governor = Governor("free")
        async with leaving(governor, 400_000) as held:
            governor.settle(held, 400_000, headers(complexityMinute="600000;t=60"))
        await asyncio.sleep(5)
        async with leaving(governor, COST, 10, writes=True) as held:
            left = int(1_000_000 - held.cost)
            governor.settle(held, held.cost, headers(complexityMinute=f"{left};t=60"))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await governor.reserve(500_000)
        read = loop.time() - begun
        await governor.reserve(900_000, writes=True)
        return read, loop.time() - begun

    assert virtually(work())[0] == pytest.approx((0, 60))


def test_two_budgets_are_told_apart_by_their_ends():
    """A minute that ends long after the other, and before that one's end has come."""

    async def work() -> bool:
        governor = Governor("free")
        async with leaving(governor, COST, writes=True) as held:
            governor.settle(held, COST, headers(complexityMinute="969999;t=60"))
        await asyncio.sleep(20)
        async with leaving(governor, 1) as held:
            governor.settle(held, 1, headers(complexityMinute="969998;t=60"))
        return governor.reading is governor.writing

    assert not virtually(work())[0]


def test_a_new_minute_is_no_other_budget():
    """Less is used than was told before, because a minute has ended."""

    async def work() -> bool:
        governor = Governor("free")
        async with leaving(governor, 80_000) as held:
            governor.settle(held, 80_000, headers(complexityMinute="920000;t=2"))
        await asyncio.sleep(1.5)
        async with leaving(governor, COST, writes=True) as held:
            governor.settle(held, COST, headers(complexityMinute="969999;t=60"))
        return governor.reading is governor.writing

    assert virtually(work())[0]


def test_what_others_left_is_asked_for_near_the_end_of_a_minute():
    """Once in each minute, and what they did not use is spent in it."""

    async def work() -> tuple[list[float], float]:
        governor, loop, asked, given = Governor("pro"), asyncio.get_running_loop(), [], 0.0
        governor.writing.expect(4_000_000)
        begun = loop.time()

        async def look() -> None:
            asked.append(round(loop.time() - begun))
            async with governor.light() as held:
                governor.left(held)
                left = int(governor.writing.quota - governor.writing.ours)
                governor.settle(held, 0, headers(complexityMinute=f"{left};t=3"))

        governor.look = look
        while loop.time() - begun < 58:
            async with leaving(governor, COST, 25, writes=True) as held:
                given += held.cost if loop.time() - begun < 60 else 0
        return asked, given

    asked, given = virtually(work())[0]
    assert asked == [57]
    assert given > 9_000_000


def test_a_request_takes_what_fits_evenly():
    """Seven requests of about the same size and no small rest, although fifty would be allowed."""

    async def work() -> list[int]:
        governor = Governor("pro")
        return [(await governor.reserve(COST, 50, writes=True)).count for _ in range(7)]

    sizes, took = virtually(work())
    assert sum(sizes) == 326
    assert max(sizes) - min(sizes) <= 1
    assert took == 0


def test_a_request_is_not_dearer_than_monday_takes():
    """Five million is the most, whatever a minute holds."""

    async def work() -> int:
        return (await Governor("pro").reserve(400_000, 50, writes=True)).count

    assert virtually(work())[0] == 12


def test_what_a_request_really_cost_is_settled():
    """A third of the estimate: what is left over is ours, and nobody else is suspected."""

    async def work() -> tuple[float, float]:
        governor = Governor("pro")
        for _ in range(3):
            async with leaving(governor, COST, 50, writes=True) as held:
                await asyncio.sleep(30)
                left = int(governor.writing.quota - held.cost / 3)
                governor.settle(held, held.cost / 3, headers(complexityMinute=f"{left};t=30"))
            await asyncio.sleep(31)
        return governor.writing.others, governor.writing.share

    (others, share), _ = virtually(work())
    assert others == pytest.approx(0, abs=10)
    assert share == 9_800_000


def test_a_day_without_calls_lets_nothing_be_written():
    """Reading goes on; a call that a limit refused is a tenth of one."""

    async def work() -> float:
        governor = Governor("pro", keep_back=0.9998)
        async with leaving(governor, 1, writes=True) as held:
            governor.refused(held, {})
        async with leaving(governor, 1, writes=True):
            pass
        with pytest.raises(DayUsed):
            await governor.reserve(1, writes=True)
        async with leaving(governor, 1):
            return governor.day.since

    assert virtually(work())[0] == pytest.approx(2.1)


async def create(client: Client, held: Reservation, key: str, count: int) -> None:
    """Send so many mutations as one request."""
    body = client.compose([CREATE] * count, [f"op{place}" for place in range(count)])
    await client.send(body, key, document="create_group", held=held, count=count)


SEED = {"users": [{"id": "1"}], "boards": [{"id": "10", "name": "Orders"}]}


@pytest.mark.parametrize(
    ("limits", "plan", "minutes"),
    [
        ({"plan": "pro"}, "pro", 1),
        # The configuration believes in ten times what the account has.
        ({"complexity_per_minute": 1_000_000}, "pro", 10),
        ({"plan": "free"}, "free", 10),
        ({"requests_per_minute": 12, "other_complexity_per_minute": 7_000_000}, "enterprise", 4),
        ({"concurrency": 2, "latency_per_request": 1.0}, "pro", 1),
    ],
    ids=["pro", "less than believed", "free", "shared", "two at a time"],
)
def test_the_emulator_has_nothing_to_refuse(limits: dict[str, Any], plan: str, minutes: int):
    """Against the real limits: hardly a 429, and no more minutes than the budget takes."""

    async def work() -> tuple[int, dict[str, int], int]:
        settings = {"costs": {"create_group": 30_000}, **limits}
        monday = Monday(SEED, settings=settings, clock=LoopClock(), source=random.Random(7))
        client = Client(Direct(monday), Governor(plan), version="2026-10")
        await client.query("me")

        async def one(number: int) -> None:
            async with await client.governor.reserve(8 * COST, writes=True) as held:
                await create(client, held, str(number), 8)

        for start in range(0, 40, 4):
            await asyncio.gather(*(one(start + place) for place in range(4)))
        board = monday.state.boards["10"]
        return len(board.groups) - 1, dict(monday.stats.rate_limited), client.usage.mutations

    (made, limited, sent), took = virtually(work())
    assert (made, sent, limited) == (320, 320, {})
    assert took <= minutes * 60 + 20


@pytest.mark.parametrize(
    ("limits", "remembered", "a_minute"),
    [({}, 3_500_000, 150), ({}, 6_000_000, 150), ({"complexity_per_minute": 1_000_000}, 4e5, 28)],
    ids=["most of it", "of a larger budget", "a small account"],
)
def test_others_of_another_token_are_forgotten(
    limits: dict[str, Any], remembered: float, a_minute: int
):
    """Of mutations nobody can ask what is left: who is only remembered must not stop them."""

    async def work() -> float:
        settings = {"token_kind": "app", "costs": {"create_group": 30_000}, **limits}
        monday = Monday(SEED, settings=settings, clock=LoopClock(), source=random.Random(7))
        client, clock = Client(Direct(monday), Governor("pro"), version="2026-10"), LoopClock()
        governor, usage = client.governor, client.usage
        for _ in range(2):
            await client.query("me")
        governor.writing.expect(remembered)

        async def send_until(end: float) -> int:
            before = usage.mutations
            while clock.now() < end:
                async with await governor.reserve(COST, 25, writes=True) as held:
                    await create(client, held, str(usage.calls), held.count)
            return usage.mutations - before

        begun = clock.now()
        await send_until(begun + 40 * 60)
        return await send_until(begun + 50 * 60) / 10

    assert virtually(work())[0] >= a_minute

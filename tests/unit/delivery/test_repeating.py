"""A step beside a run: done again and again, and never left half way."""

import asyncio

import pytest

from customer_orders.delivery.repeating import repeating


async def test_the_end_waits_for_a_step_that_is_under_way() -> None:
    """A thread would go on with it: what it counts would be counted once more at the end."""
    begun, done = asyncio.Event(), []

    async def step() -> None:
        begun.set()
        await asyncio.sleep(0.02)
        done.append("step")

    async with repeating(step, 0.0):
        await begun.wait()
        done.append("run")
    assert done[:2] == ["run", "step"]
    number = len(done)
    await asyncio.sleep(0.05)
    assert len(done) == number


async def test_a_step_that_fails_is_told_at_the_end() -> None:
    """It is an error of the program, and not lost."""

    async def step() -> None:
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        async with repeating(step, 0.0):
            await asyncio.sleep(0.01)

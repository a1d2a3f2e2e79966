"""The calls of a day: a run stops when its share is used, and the next one goes on."""

from __future__ import annotations

from pathlib import Path

from emulated import Emulated, Lot, virtually

from customer_orders.errors import DayUsed
from customer_orders.ledger import accounts

LOT = Lot(120)


def test_a_day_is_not_enough(tmp_path: Path):
    """The plan says so; the run ends in good order, with its reason; tomorrow's does the rest."""

    async def work() -> None:
        # Of 1,000 calls a day fifteen are ours.
        emulated = Emulated(tmp_path, "standard", reserve=0.985)
        with emulated.seams():
            said = await emulated.plan(LOT)
            assert (said.fits_today, said.binds) == (False, "calls a day")
            first = await emulated.apply(LOT)
            assert isinstance(first.error, DayUsed)
            assert first.exit_code == 1
            assert 0 < first.items["pending"] < LOT.lines
            again = await emulated.apply(LOT)
            assert isinstance(again.error, DayUsed)
            assert again.traffic.mutations == 0
            for _ in range(said.days):
                await emulated.next_day()
                last = await emulated.apply(LOT)
            assert last.error is None
            assert last.items.get("pending", 0) == 0
            assert len(emulated.monday.save()["boards"][0]["items"]) == LOT.lines
            assert emulated.monday.stats.rate_limited == {}

    virtually(work())


def test_calls_are_kept_for_the_next_run(tmp_path: Path):
    """By account and day, those that read among them; the emulator counts the same."""

    async def work() -> tuple[float, int]:
        emulated = Emulated(tmp_path, "pro")
        with emulated.seams():
            await emulated.apply(Lot(30))
            known = accounts.known(emulated.ledger, "1", "2027-01-16")
            assert round(known.prices["create_item"]) == 30_001
            return known.calls, emulated.monday.stats.calls

    kept, calls = virtually(work())
    assert kept == calls > 0
